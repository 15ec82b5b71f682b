"""How to optimize: a recipe as data, the papers' own by name, and the optimizer it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to optimize: linear warm-up, then a decay to ``floor`` × the peak rate.

    ``warmup`` and ``hold`` are shares of all steps: the rate climbs, stays at its peak, and falls
    over what is left. Weight decay is decoupled and spares biases, LayerNorms and anything else
    with a single dimension. ``clip`` bounds the gradient's norm. ``optimizer`` "muon" updates the
    matrices of linear layers by orthogonalized momentum (Jordan et al. 2024), scaled so that
    AdamW's learning rates fit (Liu et al. 2025), and all else by AdamW.

    Raises ValueError for an optimizer that is neither, and for rates and shares that are none.
    """

    learning_rate: float
    warmup: float = 0.05
    hold: float = 0.0
    decay: Literal["cosine", "linear"] = "cosine"
    floor: float = 0.0
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    clip: float = 1.0
    optimizer: Literal["adamw", "muon"] = "adamw"

    def __post_init__(self) -> None:
        if self.optimizer not in ("adamw", "muon"):
            raise ValueError(f"optimizer {self.optimizer!r} is unknown: adamw or muon")
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} {getattr(self, name)} is not allowed: above 0")
        for name in ("warmup", "hold", "floor"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)} is not allowed: from 0 to 1")

    def rate(self, step: int, steps: int) -> float:
        """The learning rate at 0-based ``step`` of ``steps``; the first is above 0."""
        warmup = max(round(self.warmup * steps), 1)
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        held = warmup + round(self.hold * steps)
        progress = max(step - held, 0) / max(steps - held, 1)
        falling = 1 - progress if self.decay == "linear" else (1 + math.cos(math.pi * progress)) / 2
        return self.learning_rate * (self.floor + (1 - self.floor) * falling)

    def replace(self, **changes: object) -> Recipe:
        """The same recipe with some values changed."""
        return replace(self, **changes)


class Optimizer(Protocol):
    """What a training step asks of an optimizer."""

    param_groups: list[dict]

    def zero_grad(self, set_to_none: bool = True) -> None: ...
    def step(self) -> object: ...


class MuonWithAdamW:
    """Two optimizers as one: Muon for hidden matrices, AdamW for the rest."""

    def __init__(self, muon: torch.optim.Muon, adamw: torch.optim.AdamW) -> None:
        self.parts = (muon, adamw)

    @property
    def param_groups(self) -> list[dict]:
        """The groups of both, whose learning rates a schedule may set."""
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self) -> None:
        for part in self.parts:
            part.step()


def build_optimizer(model: nn.Module, recipe: Recipe) -> Optimizer:
    """The recipe's optimizer over ``model``'s trainable parameters: matrices and tables decay,
    biases and LayerNorms do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    hidden = _hidden_matrices(model) if recipe.optimizer == "muon" else []
    taken = {id(p) for p in hidden}
    decaying = [p for p in parameters if p.ndim >= 2 and id(p) not in taken]
    groups = [
        {"params": decaying, "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    on_meta = any(p.is_meta for p in parameters)  # no fused kernel without data
    adamw = torch.optim.AdamW(
        groups, lr=recipe.learning_rate, betas=recipe.betas, eps=recipe.eps, fused=not on_meta
    )
    if recipe.optimizer == "adamw":
        return adamw
    muon = torch.optim.Muon(
        hidden,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    return MuonWithAdamW(muon, adamw)


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """What an optimizer remembers, as named tensors: "part.parameter.name"."""
    return {
        f"{p}.{index}.{name}": value
        for p, part in enumerate(_parts(optimizer))
        for index, values in part.state_dict()["state"].items()
        for name, value in values.items()
    }


def fill_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Make an optimizer over the same parameters remember ``optimizer_tensors``."""
    for p, part in enumerate(_parts(optimizer)):
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            owner, index, name = key.split(".", 2)
            if int(owner) == p:
                state.setdefault(int(index), {})[name] = tensor
        part.load_state_dict(part.state_dict() | {"state": state})


def parameter_of(optimizer: Optimizer, key: str) -> nn.Parameter:
    """The parameter that a name among ``optimizer_tensors`` belongs to."""
    part, index, _ = key.split(".", 2)
    groups = _parts(optimizer)[int(part)].param_groups
    return [parameter for group in groups for parameter in group["params"]][int(index)]


def _parts(optimizer: Optimizer) -> list[torch.optim.Optimizer]:
    return list(getattr(optimizer, "parts", [optimizer]))


def _hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """Matrices from hidden states to hidden states: no table, and no head of a few labels, whose
    gradient has too few directions to orthogonalize."""
    return [
        module.weight
        for module in model.modules()
        if isinstance(module, nn.Linear)
        and module.weight.requires_grad
        and min(module.weight.shape) >= 16
    ]
