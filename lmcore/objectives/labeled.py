"""Labeled texts for fine-tuning, and how a task becomes one sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch, Batches, TextEncoder, check_size
from lmcore.objectives.pairs import PairPacking


@dataclass(frozen=True)
class InputTransform:
    """GPT-1's way to hand a structured input to a language model (section 3.3, figure 1).

    One text becomes ``start · text · extract``, a pair ``start · text · delimiter · pair ·
    extract``; the classifier reads the state at ``extract``. Texts that do not fit
    ``context_length`` lose their ends, never the markers. Raises ValueError for a context without
    room for a pair.
    """

    tokenizer: TextEncoder
    start: int
    delimiter: int
    extract: int
    context_length: int

    def __post_init__(self) -> None:
        if self.context_length < 5:
            raise ValueError(
                f"context_length {self.context_length} is not allowed: at least 5 for a pair"
            )

    def __call__(self, text: str, text_pair: str | None = None) -> list[int]:
        """Token ids of one input, at most ``context_length``."""
        ids = self.tokenizer.encode(text)
        if text_pair is None:
            return [self.start, *ids[: self.context_length - 2], self.extract]
        pair = self.tokenizer.encode(text_pair)[: self.context_length // 2]
        room = self.context_length - 3 - len(pair)
        return [self.start, *ids[:room], self.delimiter, *pair, self.extract]


class LabeledText:
    """Inputs of different lengths with a label each, padded to the longest of a batch.

    A ``packing`` adds the segments of its pairs.
    """

    def __init__(
        self,
        inputs: Sequence[list[int]],
        labels: Sequence[int],
        packing: PairPacking | None = None,
    ) -> None:
        if len(inputs) != len(labels) or not inputs:
            raise ValueError(f"{len(inputs)} inputs and {len(labels)} labels: as many, and some")
        self.inputs, self.labels = list(inputs), torch.tensor(labels)
        self.packing = packing

    def batches(self, size: int, seed: int) -> Batches:
        """Batches of ``size`` examples drawn with replacement across steps, without within."""
        check_size(size)

        def draw(generator: torch.Generator) -> Batch:
            return self.batch(torch.randperm(len(self.inputs), generator=generator)[:size])

        return Batches(draw, seed)

    def batch(self, rows: Sequence[int] | Tensor) -> Batch:
        """``input_ids`` and ``attention_mask`` (B, T), ``labels`` (B,) of the given rows; with a
        packing ``segment_ids`` (B, T) too."""
        rows = torch.as_tensor(rows)
        texts = [self.inputs[i] for i in rows]
        batch = _pad(texts) if self.packing is None else self.packing.batch(texts)
        return batch | {"labels": self.labels[rows]}

    def in_order(self, size: int) -> Iterator[Batch]:
        """Every example once, in order, for evaluation."""
        for start in range(0, len(self.inputs), size):
            yield self.batch(range(start, min(start + size, len(self.inputs))))


def _pad(texts: Sequence[list[int]]) -> Batch:
    input_ids = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(text) for text in texts], batch_first=True
    )
    lengths = torch.tensor([len(text) for text in texts])
    attention_mask = torch.arange(input_ids.shape[1])[None, :] < lengths[:, None]
    return {"input_ids": input_ids, "attention_mask": attention_mask}
