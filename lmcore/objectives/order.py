"""Pairs of whole sentences: does B follow A, or were they swapped? (ALBERT, section 3.1)

Sentence order is told from two texts alone only if nothing else tells it. So no text is cut:
a cut would stand at one text's beginning and at the other's end, and give a swap away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal, get_args

import torch

from lmcore.objectives.batches import Batch, Batches, TextEncoder, check_size
from lmcore.objectives.masking import Masking, mask_tokens
from lmcore.objectives.pairs import PairPacking

IN_ORDER, OTHER = 0, 1
Contrast = Literal["order", "next"]


class WholeSentencePairs:
    """Two texts of whole sentences from the two sides of a boundary inside a document.

    Each has as many sentences as fit into half of ``packing.length``, nearest to the boundary
    first. With contrast "order" the pair labeled ``OTHER`` is the same two texts swapped
    (sentence-order prediction); with "next" its second text comes from another document
    (next-sentence prediction), so that both tasks are asked of the same kind of text.

    Raises ValueError where fewer than two documents have such a boundary.
    """

    def __init__(self, documents: Iterable[Sequence[list[int]]], packing: PairPacking) -> None:
        self.packing = packing
        room = (packing.length - 3) // 2
        self.pairs: list[tuple[int, list[int], list[int]]] = []  # (document, A, B)
        for number, sentences in enumerate(documents):
            for at in range(1, len(sentences)):
                first = _whole(sentences[:at][::-1], room)[::-1]
                second = _whole(sentences[at:], room)
                if first and second:
                    self.pairs.append((number, [*chain(*first)], [*chain(*second)]))
        if len({document for document, _, _ in self.pairs}) < 2:
            raise ValueError("pairs of whole sentences need two documents with room for them")

    @classmethod
    def encode(
        cls, documents: Iterable[Iterable[str]], tokenizer: TextEncoder, packing: PairPacking
    ) -> WholeSentencePairs:
        """Tokenize documents given as sentences."""
        return cls([[tokenizer.encode(s) for s in sentences] for sentences in documents], packing)

    def pair(
        self, label: int, contrast: Contrast, generator: torch.Generator
    ) -> tuple[list[int], list[int]]:
        """The two texts' tokens, in order (``IN_ORDER``) or as ``contrast`` says (``OTHER``)."""
        document, first, second = self._draw(generator)
        if label == IN_ORDER:
            return first, second
        if contrast == "order":
            return second, first
        elsewhere = document
        while elsewhere == document:
            elsewhere, _, second = self._draw(generator)
        return first, second

    def batches(self, size: int, seed: int, masking: Masking | None, contrast: Contrast) -> Batches:
        """Batches of ``size`` pairs with ``pair_labels`` (size,) at even odds, masked if so asked.

        Raises ValueError for no texts, or a contrast that is neither "order" nor "next".
        """
        check_size(size)
        check_contrast(contrast)

        def draw(generator: torch.Generator) -> Batch:
            labels = torch.randint(2, (size,), generator=generator)
            texts = [self.packing(*self.pair(x, contrast, generator)) for x in labels.tolist()]
            batch = self.packing.batch(texts, self.packing.length) | {"pair_labels": labels}
            return batch if masking is None else mask_tokens(batch, masking, generator)

        return Batches(draw, seed)

    def _draw(self, generator: torch.Generator) -> tuple[int, list[int], list[int]]:
        return self.pairs[torch.randint(len(self.pairs), (), generator=generator)]


def check_contrast(contrast: str) -> None:
    """Raise ValueError for a contrast that is neither "order" nor "next"."""
    if contrast not in get_args(Contrast):
        raise ValueError(f"contrast {contrast!r} is unknown: {' or '.join(get_args(Contrast))}")


def _whole(sentences: Iterable[list[int]], room: int) -> list[list[int]]:
    """The leading sentences that fit into ``room`` together."""
    taken, left = [], room
    for sentence in sentences:
        if len(sentence) > left:
            break
        taken.append(sentence)
        left -= len(sentence)
    return taken
