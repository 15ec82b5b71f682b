"""What a run is to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import torch
from torch import nn

from lmcore.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run does: so many ``steps`` of a ``recipe``. ``about`` says in words or numbers what
    else must be the same for the run to be the same (data, batch size); with ``seed`` and the
    step it fixes every draw, so that an interrupted run ends where an undisturbed one does: bit
    for bit on the same kind of device with as many threads, which set the order of sums.

    A line of metrics is written every ``log_every`` steps and a state to resume from every
    ``save_every``. ``dtype`` bfloat16 runs the forward pass in autocast. ``accumulate`` cuts a
    batch into pieces, ``fsdp`` spreads the model over processes and ``checkpoint_activations``
    computes activations twice: each saves memory, none changes more than how a sum is rounded.
    """

    steps: int
    recipe: Recipe
    seed: int = 0
    about: dict | None = None
    log_every: int = 50
    save_every: int = 500
    dtype: torch.dtype | None = None
    accumulate: int = 1
    fsdp: bool = False
    checkpoint_activations: bool = False

    def fingerprint(self, model: nn.Module) -> dict:
        """What a state must share with the run that wants to go on from it."""
        fixed = {"steps": self.steps, "seed": self.seed, "recipe": asdict(self.recipe)}
        fixed |= {"fsdp": self.fsdp, "config": asdict(model.config), "about": self.about or {}}
        return json.loads(json.dumps(fixed))
