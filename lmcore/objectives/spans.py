"""Questions as spans of a passage, in windows that a model can read (BERT, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch, Batches
from lmcore.objectives.pairs import PairPacking


class OffsetEncoder(Protocol):
    """What is asked of a tokenizer here: ids, and the characters that each of them covers."""

    def encode(self, text: str) -> list[int]: ...
    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]: ...


class AskedQuestion(Protocol):
    """What is asked of a question: ``answer_starts`` count characters of ``context``, and both
    ``answers`` and they are empty where there is no answer."""

    @property
    def question(self) -> str: ...
    @property
    def context(self) -> str: ...
    @property
    def answers(self) -> tuple[str, ...]: ...
    @property
    def answer_starts(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class SpanWindow:
    """``[CLS] question [SEP] piece of the passage [SEP]``.

    ``offsets[i]`` are the first and the last-but-one character of the passage that token i
    covers, None where the token is no part of the passage. ``start`` and ``end`` are the first
    and last token of the answer; both are 0, the ``[CLS]`` token, where the window holds none.
    """

    question: int
    ids: list[int]
    offsets: list[tuple[int, int] | None]
    start: int
    end: int


def span_windows(
    questions: Sequence[AskedQuestion],
    tokenizer: OffsetEncoder,
    packing: PairPacking,
    stride: int,
) -> list[SpanWindow]:
    """Every question with its passage, cut into windows that begin ``stride`` tokens apart.

    A passage that fits has a single window. The first answer of a question is the one to learn.
    Raises ValueError where a question leaves no room for ``stride`` tokens of its passage.
    """
    windows = []
    for number, asked in enumerate(questions):
        question = tokenizer.encode(asked.question)
        ids, offsets = tokenizer.encode_with_offsets(asked.context)
        room = packing.length - 3 - len(question)
        if room < stride:
            raise ValueError(
                f"a question of {len(question)} tokens leaves {room} of {packing.length} for its "
                f"passage: windows {stride} apart need as many"
            )
        answer = _answer_tokens(asked, offsets)
        for first in range(0, max(len(ids) - room, 0) + stride, stride):
            piece = slice(first, first + room)
            shift = len(question) + 2 - first  # from a passage's token to the window's
            inside = answer and first <= answer[0] and answer[1] < first + len(ids[piece])
            windows.append(
                SpanWindow(
                    question=number,
                    ids=packing(question, ids[piece]),
                    offsets=[None] * (len(question) + 2) + list(offsets[piece]) + [None],
                    start=answer[0] + shift if inside else 0,
                    end=answer[1] + shift if inside else 0,
                )
            )
            if first + room >= len(ids):
                break
    return windows


class SpanText:
    """Windows as batches: ``input_ids``, ``attention_mask``, ``segment_ids`` (B, T), and ``starts``
    and ``ends`` (B,)."""

    def __init__(self, windows: Sequence[SpanWindow], packing: PairPacking) -> None:
        if not windows:
            raise ValueError("no windows: questions are needed")
        self.windows, self.packing = list(windows), packing

    def batch(self, rows: Sequence[int] | Tensor) -> Batch:
        """The given windows, padded to the longest."""
        chosen = [self.windows[i] for i in rows]
        batch = self.packing.batch([window.ids for window in chosen])
        batch["starts"] = torch.tensor([window.start for window in chosen])
        batch["ends"] = torch.tensor([window.end for window in chosen])
        return batch

    def batches(self, size: int, seed: int) -> Batches:
        """Batches of ``size`` windows drawn with replacement across steps, without within."""

        def draw(generator: torch.Generator) -> Batch:
            return self.batch(torch.randperm(len(self.windows), generator=generator)[:size])

        return Batches(draw, seed)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Every window once, in order, for evaluation."""
        for start in range(0, len(self.windows), size):
            yield self.batch(range(start, min(start + size, len(self.windows))))


def _answer_tokens(
    asked: AskedQuestion, offsets: Sequence[tuple[int, int]]
) -> tuple[int, int] | None:
    """The first and last token of the passage that touch the first answer."""
    if not asked.answers:
        return None
    start = asked.answer_starts[0]
    end = start + len(asked.answers[0])
    touched = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    return touched[0], touched[-1]
