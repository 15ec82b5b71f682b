"""From text to batches: packed token streams, and GPT-1's input transformations.

A set of batches is a pure function of (seed, step): asking for step 700 needs no memory of the
699 before it, so a run that was stopped goes on with exactly the batches it would have had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

Batch = dict[str, Tensor]


class TextEncoder(Protocol):
    """What is asked of a tokenizer here."""

    def encode(self, text: str) -> list[int]: ...


@dataclass(frozen=True)
class Batches:
    """An endless sequence of batches: ``batches[step]``, or iterate from step 0."""

    draw: Callable[[torch.Generator], Batch]
    seed: int

    def __getitem__(self, step: int) -> Batch:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return self.draw(generator)

    def __iter__(self) -> Iterator[Batch]:
        step = 0
        while True:
            yield self[step]
            step += 1


class PackedText:
    """Documents laid end to end, each closed by ``separator``, to be cut into windows.

    ``ids`` is the stream (N,). A window has ``length`` + 1 tokens: ``length`` to read and, one
    further on, as many to predict. Raises ValueError where the text is shorter than a window.
    """

    def __init__(self, ids: Tensor, length: int) -> None:
        if len(ids) < length + 1:
            raise ValueError(
                f"the text has {len(ids)} tokens: a window of {length} needs at least {length + 1}"
            )
        self.ids, self.length = ids, length

    @classmethod
    def encode(
        cls, texts: Iterable[str], tokenizer: TextEncoder, separator: int, length: int
    ) -> PackedText:
        """Tokenize ``texts`` and lay them end to end."""
        stream = [i for text in texts for i in (*tokenizer.encode(text), separator)]
        return cls(torch.tensor(stream, dtype=torch.long), length)

    def batches(self, size: int, seed: int) -> Batches:
        """Batches of ``size`` windows that start anywhere: ``input_ids`` (size, length + 1)."""
        offsets = torch.arange(self.length + 1)

        def draw(generator: torch.Generator) -> Batch:
            high = len(self.ids) - self.length
            start = torch.randint(high, (size, 1), generator=generator)
            return {"input_ids": self.ids[start + offsets]}

        return Batches(draw, seed)

    def windows(self, size: int) -> Iterator[Batch]:
        """The whole stream once, in order, for evaluation: every token but the first is
        predicted exactly once (a last piece shorter than a window is left out)."""
        pieces = self.ids.unfold(0, self.length + 1, self.length)  # (N', length + 1)
        for start in range(0, len(pieces), size):
            yield {"input_ids": pieces[start : start + size]}


@dataclass(frozen=True)
class InputTransform:
    """GPT-1's way to hand a structured input to a language model (section 3.3, figure 1).

    One text becomes ``start · text · extract``, a pair ``start · text · delimiter · pair ·
    extract``; the classifier reads the state at ``extract``. Texts that do not fit
    ``context_length`` lose their ends, never the markers.
    """

    tokenizer: TextEncoder
    start: int
    delimiter: int
    extract: int
    context_length: int

    def __call__(self, text: str, text_pair: str | None = None) -> list[int]:
        """Token ids of one input, at most ``context_length``."""
        ids = self.tokenizer.encode(text)
        if text_pair is None:
            return [self.start, *ids[: self.context_length - 2], self.extract]
        pair = self.tokenizer.encode(text_pair)[: self.context_length // 2]
        room = self.context_length - 3 - len(pair)
        return [self.start, *ids[:room], self.delimiter, *pair, self.extract]


class LabeledText:
    """Inputs of different lengths with a label each, padded to the longest of a batch."""

    def __init__(self, inputs: Sequence[list[int]], labels: Sequence[int]) -> None:
        if len(inputs) != len(labels) or not inputs:
            raise ValueError(f"{len(inputs)} inputs and {len(labels)} labels: as many, and some")
        self.inputs, self.labels = list(inputs), torch.tensor(labels)

    def batches(self, size: int, seed: int) -> Batches:
        """Batches of ``size`` examples drawn with replacement across steps, without within."""

        def draw(generator: torch.Generator) -> Batch:
            return self.batch(torch.randperm(len(self.inputs), generator=generator)[:size])

        return Batches(draw, seed)

    def batch(self, rows: Sequence[int] | Tensor) -> Batch:
        """``input_ids`` and ``attention_mask`` (B, T), ``labels`` (B,) of the given rows."""
        rows = torch.as_tensor(rows)
        texts = [torch.tensor(self.inputs[i]) for i in rows]
        input_ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
        lengths = torch.tensor([len(text) for text in texts])
        attention_mask = torch.arange(input_ids.shape[1])[None, :] < lengths[:, None]
        return {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "labels": self.labels[rows],
        }

    def in_order(self, size: int) -> Iterator[Batch]:
        """Every example once, in order, for evaluation."""
        for start in range(0, len(self.inputs), size):
            yield self.batch(range(start, min(start + size, len(self.inputs))))
