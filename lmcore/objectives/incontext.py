"""Tasks in the prompt: examples of a mapping, one to a line, and nothing that names the task.

An episode is ``lines`` times a key, its value and a line end. A causal model trained on episodes
as on any text predicts each value from the lines before it: the value of line k is the answer
with k - 1 examples, so that one pass gives zero-, one- and few-shot at once (GPT-3, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch, Batches


@dataclass(frozen=True)
class InContextTasks:
    """M mappings of N keys: row m of ``tables`` (M, N) holds what task m makes of ``keys`` (N,).

    Each episode draws a task and shows lines of it. Where ``repeat`` is False no key comes twice,
    so that no line of the prompt answers its question; where it is True keys are drawn with
    replacement, and a key that comes back has its answer in the prompt.

    Raises ValueError where tables and keys do not fit.
    """

    keys: Tensor
    tables: Tensor
    line_end: int
    repeat: bool = False

    def __post_init__(self) -> None:
        if self.tables.ndim != 2 or self.tables.shape[1] != len(self.keys):
            raise ValueError(
                f"tables of shape {tuple(self.tables.shape)} for {len(self.keys)} keys: "
                f"a row for each task, a column for each key"
            )

    def batches(self, size: int, lines: int, seed: int) -> Batches:
        """Batches of ``size`` episodes: ``input_ids`` (size, 3 · lines), and which task each
        shows, ``tasks`` (size,), which no model is told.

        Raises ValueError where keys run out before lines do.
        """
        if not self.repeat and lines > len(self.keys):
            raise ValueError(f"{lines} lines and {len(self.keys)} keys, none of which may repeat")

        def draw(generator: torch.Generator) -> Batch:
            tasks = torch.randint(len(self.tables), (size,), generator=generator)
            chosen = self._choose(size, lines, generator)  # (size, lines)
            values = self.tables[tasks].gather(1, chosen)
            ends = torch.full_like(values, self.line_end)
            episode = torch.stack([self.keys[chosen], values, ends], dim=-1)  # (size, lines, 3)
            return {"input_ids": episode.flatten(1), "tasks": tasks}

        return Batches(draw, seed)

    def _choose(self, size: int, lines: int, generator: torch.Generator) -> Tensor:
        """Which key each line asks, as an index into ``keys``."""
        if self.repeat:
            return torch.randint(len(self.keys), (size, lines), generator=generator)
        return torch.rand(size, len(self.keys), generator=generator).argsort(1)[:, :lines]
