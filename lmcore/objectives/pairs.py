"""Two texts in one sequence: BERT's packing, and next-sentence pairs (sections 3 and 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from lmcore.objectives.batches import Batch, Batches, TextEncoder, check_size
from lmcore.objectives.masking import Masking, mask_tokens

IS_NEXT, NOT_NEXT = 0, 1


@dataclass(frozen=True)
class PairPacking:
    """``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]``, with segment 0 and 1 (BERT, figure 2).

    Nothing is longer than ``length``, the three markers included. Raises ValueError for a length
    without room for a token beside each marker.
    """

    cls_id: int
    sep_id: int
    length: int

    def __post_init__(self) -> None:
        if self.length < 5:
            raise ValueError(f"length {self.length} is not allowed: at least 5 for a pair")

    def __call__(self, a: Sequence[int], b: Sequence[int] | None = None) -> list[int]:
        """Token ids; texts that do not fit lose their ends, the longer one first."""
        if b is None:
            return [self.cls_id, *a[: self.length - 2], self.sep_id]
        room = self.length - 3
        longest_a = max(room - len(b), (room + 1) // 2)
        a = a[:longest_a]
        return [self.cls_id, *a, self.sep_id, *b[: room - len(a)], self.sep_id]

    def batch(self, inputs: Sequence[list[int]], length: int | None = None) -> Batch:
        """``input_ids``, ``attention_mask`` and ``segment_ids`` (B, T), padded on the right with 0.

        T is ``length``, or that of the longest input. A segment changes behind a ``[SEP]``.
        """
        length = length or max(len(ids) for ids in inputs)
        input_ids = torch.zeros(len(inputs), length, dtype=torch.long)
        for row, ids in enumerate(inputs):
            input_ids[row, : len(ids)] = torch.tensor(ids)
        lengths = torch.tensor([len(ids) for ids in inputs])
        real = torch.arange(length)[None] < lengths[:, None]
        seps = (input_ids == self.sep_id).long()
        segment_ids = ((seps.cumsum(1) - seps) > 0) & real
        return {
            "input_ids": input_ids, "attention_mask": real, "segment_ids": segment_ids.long(),
        }  # fmt: skip


class SentencePairs:
    """Documents as sentences, for masked language modeling with or without next-sentence pairs.

    A pair is what stands before a boundary between two sentences and what stands behind one.
    With ``IS_NEXT`` it is the same boundary; with ``NOT_NEXT`` a boundary of another document,
    drawn alike, so that neither position nor length of the second text gives the label away.
    Documents of a single sentence have no boundary and are left out.

    Raises ValueError where fewer than two documents are left.
    """

    def __init__(self, documents: Iterable[Sequence[list[int]]], packing: PairPacking) -> None:
        self.packing = packing
        self.documents = [document for document in documents if len(document) > 1]
        if len(self.documents) < 2:
            raise ValueError("next-sentence pairs need two documents of two sentences or more")
        self.boundaries = torch.tensor(
            [(d, s) for d, sentences in enumerate(self.documents) for s in range(1, len(sentences))]
        )

    @classmethod
    def encode(
        cls, documents: Iterable[Iterable[str]], tokenizer: TextEncoder, packing: PairPacking
    ) -> SentencePairs:
        """Tokenize documents given as sentences."""
        return cls([[tokenizer.encode(s) for s in sentences] for sentences in documents], packing)

    def pair(self, label: int, generator: torch.Generator) -> tuple[list[int], list[int]]:
        """The two texts' tokens: half of the room for the first, its end kept; then the second,
        its start kept."""
        document, sentence = self._boundary(generator)
        room = self.packing.length - 3
        first = _join(reversed(self.documents[document][:sentence]), room // 2, from_end=True)
        other = document
        if label == NOT_NEXT:
            other, sentence = self._elsewhere(document, generator)
        second = _join(self.documents[other][sentence:], room - len(first))
        return first, second

    def batches(
        self, size: int, seed: int, masking: Masking | None, *, pairs: bool = True
    ) -> Batches:
        """Batches of ``size`` texts of the full ``length``, masked if so asked.

        ``pair_labels`` (size,) are even odds of ``IS_NEXT`` and ``NOT_NEXT``; without ``pairs``
        every text is a true continuation and there are none.
        """
        check_size(size)

        def draw(generator: torch.Generator) -> Batch:
            labels = torch.randint(2, (size,), generator=generator) if pairs else None
            asked = [IS_NEXT] * size if labels is None else labels.tolist()
            texts = [self.packing(*self.pair(label, generator)) for label in asked]
            batch = self.packing.batch(texts, self.packing.length)
            if labels is not None:
                batch["pair_labels"] = labels
            return batch if masking is None else mask_tokens(batch, masking, generator)

        return Batches(draw, seed)

    def choices(self, size: int, seed: int, *, same_document: bool, ways: int = 4) -> Batches:
        """Batches of ``size`` questions: which of ``ways`` texts continues the first one?

        The others begin at boundaries of other documents, or at other boundaries of the same.
        ``input_ids``, ``attention_mask`` and ``segment_ids`` are (size, ways, T), ``labels``
        (size,). Raises ValueError where no document has ``ways`` boundaries.
        """
        documents = [d for d, sentences in enumerate(self.documents) if len(sentences) > ways]
        if not documents:
            raise ValueError(f"no document has {ways} boundaries to choose from")

        def draw(generator: torch.Generator) -> Batch:
            labels = torch.randint(ways, (size,), generator=generator)
            texts = []
            for label in labels.tolist():
                pick = torch.randint(len(documents), (), generator=generator)
                document = documents[pick]
                order = torch.randperm(len(self.documents[document]) - 1, generator=generator) + 1
                sentence, *others = order[:ways].tolist()
                room = self.packing.length - 3
                first = _join(
                    reversed(self.documents[document][:sentence]), room // 2, from_end=True
                )
                wrong = [(document, other) for other in others]
                if not same_document:
                    wrong = [self._elsewhere(document, generator) for _ in others]
                wrong.insert(label, (document, sentence))
                texts += [
                    self.packing(first, _join(self.documents[d][s:], room - len(first)))
                    for d, s in wrong
                ]
            batch = self.packing.batch(texts, self.packing.length)
            shaped = {name: tensor.view(size, ways, -1) for name, tensor in batch.items()}
            return shaped | {"labels": labels}

        return Batches(draw, seed)

    def _elsewhere(self, document: int, generator: torch.Generator) -> tuple[int, int]:
        other, sentence = self._boundary(generator)
        while other == document:
            other, sentence = self._boundary(generator)
        return other, sentence

    def _boundary(self, generator: torch.Generator) -> tuple[int, int]:
        index = torch.randint(len(self.boundaries), (), generator=generator)
        document, sentence = self.boundaries[index].tolist()
        return document, sentence


def _join(sentences: Iterable[list[int]], room: int, *, from_end: bool = False) -> list[int]:
    """Sentences laid end to end until ``room`` is full; backwards, if they come backwards."""
    joined: list[int] = []
    for sentence in sentences:
        joined = sentence + joined if from_end else joined + sentence
        if len(joined) >= room:
            break
    return joined[-room:] if from_end else joined[:room]
