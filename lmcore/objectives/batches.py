"""Batches as a pure function of (seed, step).

Asking for step 700 needs no memory of the 699 before it, so a run that was stopped goes on with
exactly the batches it would have had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

Batch = dict[str, Tensor]


class TextEncoder(Protocol):
    """What is asked of a tokenizer here."""

    def encode(self, text: str) -> list[int]: ...


class Indexed(Protocol):
    """A batch for every step."""

    def __getitem__(self, step: int) -> Batch: ...


def check_size(size: int) -> None:
    """Raise ValueError for a batch of no texts."""
    if size < 1:
        raise ValueError(f"a batch of {size} texts is not allowed: at least 1")


def seed_of_step(seed: int, step: int) -> int:
    """Another seed for each step of a run, and for each run."""
    return seed * 1_000_003 + step


@dataclass(frozen=True)
class Batches:
    """An endless sequence of batches: ``batches[step]``, or iterate from step 0."""

    draw: Callable[[torch.Generator], Batch]
    seed: int

    def __post_init__(self) -> None:
        if not -(2**40) <= self.seed <= 2**40:
            raise ValueError(f"seed {self.seed} is not allowed: from -2^40 to 2^40")

    def __getitem__(self, step: int) -> Batch:
        return self.draw(torch.Generator().manual_seed(seed_of_step(self.seed, step)))

    def __iter__(self) -> Iterator[Batch]:
        step = 0
        while True:
            yield self[step]
            step += 1


def counts(batch: Batch) -> dict[str, int]:
    """Over how many a loss on ``batch`` takes its means: ``texts``, real ``tokens``, ``pairs`` of
    tokens of a text, next-token ``targets``, and ``masked`` tokens where there are masks."""
    input_ids, real = batch["input_ids"], batch.get("attention_mask")
    real = torch.ones_like(input_ids, dtype=torch.bool) if real is None else real
    found = {"texts": len(input_ids), "tokens": real.sum(), "targets": real[:, 1:].sum()}
    found["pairs"] = real.sum(1).square().sum()
    if "masked_ids" in batch:
        found["masked"] = (batch["masked_ids"] >= 0).sum()
    return {name: int(count) for name, count in found.items()}


def rows_of(batch: Batch, start: int, stop: int) -> Batch:
    """Texts ``start`` to ``stop`` of a batch, with the masks that fall to them.

    Raises ValueError for a tensor that has no row for each text and no known meaning.
    """
    rows, length = batch["input_ids"].shape[:2]
    piece = {}
    for name, tensor in batch.items():
        if name in ("masked_positions", "masked_ids"):
            continue
        if len(tensor) != rows:
            raise ValueError(f"{name} of shape {tuple(tensor.shape)} has no row for each text")
        piece[name] = tensor[start:stop]
    if "masked_positions" in batch:  # they count through the rows
        positions = batch["masked_positions"]
        ours = (positions >= start * length) & (positions < stop * length)
        piece["masked_positions"] = positions[ours] - start * length
        piece["masked_ids"] = batch["masked_ids"][ours]
    return piece
