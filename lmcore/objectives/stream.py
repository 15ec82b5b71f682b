"""Windows over a stream of tokens that lies in files: each once an epoch, in an order that is a
pure function of seed and step.

A shuffled list of all windows of a large corpus would not fit in memory, and would have to be
kept to go on from. A Feistel network permutes their numbers instead, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from lmcore.objectives.batches import Batch, Indexed, check_size, seed_of_step
from lmcore.objectives.masking import Masking, mask_tokens

ROUNDS = 4


class TokenStream(Protocol):
    """What is asked of shards here."""

    def __len__(self) -> int: ...
    def windows(self, starts: np.ndarray, length: int) -> np.ndarray: ...


class StreamText:
    """A stream cut into windows of ``length`` tokens to predict, as ``PackedText`` cuts one that
    is in memory. An epoch begins its cuts at a place of its own.

    Raises ValueError where the stream is shorter than two windows.
    """

    def __init__(self, tokens: TokenStream, length: int) -> None:
        if len(tokens) < 2 * length + 1:
            raise ValueError(
                f"the shards have {len(tokens)} tokens: windows of {length} need at least "
                f"{2 * length + 1}"
            )
        self.tokens, self.length = tokens, length
        self.count = (len(tokens) - 1) // length - 1  # windows, wherever an epoch begins

    def batches(self, size: int, seed: int) -> Indexed:
        """A batch for every step: ``input_ids`` (size, length + 1)."""
        check_size(size)
        return _Steps(self, size, seed, self.length + 1)

    def masked_batches(
        self, size: int, seed: int, masking: Masking, cls_id: int, sep_id: int
    ) -> Indexed:
        """A batch for every step: ``[CLS]``, ``length`` tokens and ``[SEP]``, masked. A window may
        run across documents, as RoBERTa's do (Liu et al. 2019, section 4.2)."""
        return _MaskedSteps(_Steps(self, size, seed, self.length), masking, cls_id, sep_id)

    def windows(self, size: int) -> Iterator[Batch]:
        """The whole stream once, in order, for evaluation."""
        starts = np.arange((len(self.tokens) - 1) // self.length) * self.length
        for at in range(0, len(starts), size):
            found = self.tokens.windows(starts[at : at + size], self.length + 1)
            yield {"input_ids": torch.from_numpy(found)}


@dataclass(frozen=True)
class _Steps:
    """Windows of ``span`` tokens, ``size`` of them a step."""

    text: StreamText
    size: int
    seed: int
    span: int

    def __getitem__(self, step: int) -> Batch:
        text = self.text
        drawn = np.arange(step * self.size, (step + 1) * self.size)
        starts = np.empty_like(drawn)
        for epoch in np.unique(drawn // text.count):
            ours, key = drawn // text.count == epoch, _mix(np.uint64(self.seed), int(epoch))
            first = int(key) % text.length
            starts[ours] = first + text.length * shuffled(
                drawn[ours] % text.count, text.count, int(key)
            )
        return {"input_ids": torch.from_numpy(text.tokens.windows(starts, self.span))}


@dataclass(frozen=True)
class _MaskedSteps:
    """The same windows between markers, with tokens hidden."""

    steps: _Steps
    masking: Masking
    cls_id: int
    sep_id: int

    def __getitem__(self, step: int) -> Batch:
        ids = self.steps[step]["input_ids"]  # (B, length)
        column = ids.new_full((len(ids), 1), 0)
        input_ids = torch.cat([column + self.cls_id, ids, column + self.sep_id], 1)
        batch = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids, dtype=torch.bool),
            "segment_ids": torch.zeros_like(input_ids),
        }
        generator = torch.Generator().manual_seed(seed_of_step(self.steps.seed, step))
        return mask_tokens(batch, self.masking, generator)


def shuffled(index: np.ndarray, count: int, key: int) -> np.ndarray:
    """Where a permutation of ``count`` numbers, chosen by ``key``, sends each of ``index``.

    A number out of range is sent on until it is in it, which stays a permutation (Black and
    Rogaway 2002, cycle walking).
    """
    half = np.uint64(max((count - 1).bit_length() + 1, 2) // 2)
    mask = (np.uint64(1) << half) - np.uint64(1)
    found = index.astype(np.uint64)
    outside = np.ones(len(found), bool)
    while outside.any():
        left, right = found[outside] >> half, found[outside] & mask
        for number in range(ROUNDS):
            left, right = right, left ^ (_mix(right, key + number) & mask)
        found[outside] = (left << half) | right
        outside = found >= count
    return found.astype(np.int64)


def _mix(value: np.ndarray, key: int) -> np.ndarray:
    """A number without pattern for each number: splitmix64's finalizer (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        mixed = value + np.uint64((key * 0x9E3779B97F4A7C15 + 1) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
