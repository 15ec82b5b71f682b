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
