"""Pairs of generated sentences: topic tells whether B belongs to A, stage tells which is first.

ALBERT (section 3.1) says that next-sentence prediction conflates the two, and that topic is the
easier of them. Here each stands in words of its own, so that one can see which a model has learned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch, Batches, TextEncoder, check_size
from lmcore.objectives.masking import Masking, mask_tokens
from lmcore.objectives.order import OTHER, Contrast, check_contrast
from lmcore.objectives.pairs import PairPacking

TOPIC_WORDS, COMMON_WORDS = 4, 3  # of a sentence, beside the one that names its stage


@dataclass(frozen=True)
class StagedTopics:
    """Sentences of eight words in any order: four of a topic, three common ones, one stage.

    ``topics`` (M, W), ``common`` (C,) and ``stages`` (S,) hold token ids. In a true pair B is of
    A's topic and one stage later. With contrast "order" the other kind of pair is the same two
    swapped; with "next" B is of another topic, at a stage drawn like that of a true one. All
    sentences are equally long, and a pair's words stand in the same places whatever its label.
    """

    topics: Tensor
    common: Tensor
    stages: Tensor
    cls_id: int
    sep_id: int

    @classmethod
    def encode(
        cls, topics: Iterable[Iterable[str]], common: Iterable[str], stages: Iterable[str],
        tokenizer: TextEncoder, packing: PairPacking,
    ) -> StagedTopics:  # fmt: skip
        """From words, each a token of ``tokenizer``; ``packing`` names the markers."""
        ids = [[tokenizer.encode(word)[0] for word in words] for words in topics]
        rest = [torch.tensor([tokenizer.encode(w)[0] for w in words]) for words in (common, stages)]
        return cls(torch.tensor(ids), *rest, packing.cls_id, packing.sep_id)

    def batches(self, size: int, seed: int, masking: Masking | None, contrast: Contrast) -> Batches:
        """Batches of ``size`` pairs, ``input_ids``, ``segment_ids`` and ``attention_mask``
        (size, 19), with ``pair_labels`` (size,) at even odds, masked if so asked.

        Raises ValueError for no texts, or a contrast that is neither "order" nor "next".
        """
        check_size(size)
        check_contrast(contrast)

        def draw(generator: torch.Generator) -> Batch:
            labels = torch.randint(2, (size,), generator=generator)
            batch = self._pack(*self._pair(labels == OTHER, contrast, generator))
            batch["pair_labels"] = labels
            return batch if masking is None else mask_tokens(batch, masking, generator)

        return Batches(draw, seed)

    def _pair(
        self, other: Tensor, contrast: Contrast, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Words of A and of B, (size, 8) each."""
        size, (number, _) = len(other), self.topics.shape
        topic = torch.randint(number, (size,), generator=generator)
        stage = torch.randint(len(self.stages) - 1, (size,), generator=generator)
        first = self._sentence(topic, stage, generator)
        if contrast == "order":
            second = self._sentence(topic, stage + 1, generator)
            swap = other[:, None]
            return torch.where(swap, second, first), torch.where(swap, first, second)
        away = topic + 1 + torch.randint(number - 1, (size,), generator=generator)
        anywhere = torch.randint(len(self.stages) - 1, (size,), generator=generator)
        second = self._sentence(
            torch.where(other, away % number, topic), torch.where(other, anywhere, stage) + 1,
            generator,
        )  # fmt: skip
        return first, second

    def _sentence(self, topic: Tensor, stage: Tensor, generator: torch.Generator) -> Tensor:
        size, width = len(topic), self.topics.shape[1]
        which = torch.randint(width, (size, TOPIC_WORDS), generator=generator)
        common = torch.randint(len(self.common), (size, COMMON_WORDS), generator=generator)
        words = torch.cat(
            [self.topics[topic].gather(1, which), self.common[common], self.stages[stage][:, None]],
            dim=1,
        )  # (size, 8)
        places = torch.rand(words.shape, generator=generator).argsort(1)
        return words.gather(1, places)

    def _pack(self, first: Tensor, second: Tensor) -> Batch:
        marker = torch.ones(len(first), 1, dtype=torch.long)
        cls, sep = marker * self.cls_id, marker * self.sep_id
        input_ids = torch.cat([cls, first, sep, second, sep], dim=1)  # (size, 19)
        segment_ids = torch.zeros_like(input_ids)
        segment_ids[:, first.shape[1] + 2 :] = 1
        real = torch.ones_like(input_ids, dtype=torch.bool)
        return {"input_ids": input_ids, "attention_mask": real, "segment_ids": segment_ids}
