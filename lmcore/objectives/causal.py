"""Left-to-right language modeling: documents end to end, cut into windows anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch, Batches, TextEncoder, check_size


class PackedText:
    """Documents laid end to end, each closed by ``separator``, to be cut into windows.

    ``ids`` is the stream (N,). A window has ``length`` + 1 tokens: ``length`` to read and, one
    further on, as many to predict. Raises ValueError where the text is shorter than a window, or
    a window has no length.
    """

    def __init__(self, ids: Tensor, length: int) -> None:
        if length < 1:
            raise ValueError(f"length {length} is not allowed: at least 1")
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
        check_size(size)
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
