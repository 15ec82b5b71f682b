"""What one family of ``transformers`` checkpoints calls its config values and its tensors."""

from __future__ import annotations

from dataclasses import dataclass, field

# transformers' activation names that lmcore has, and lmcore's name for each
ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}


@dataclass(frozen=True)
class Family:
    """One ``model_type``.

    ``sizes`` maps lmcore's config fields to theirs, ``wiring`` fixes the rest. ``honored`` lists
    values that their fields may have: another one changes the computation in a way that lmcore
    does not have, so it is refused. ``defaults`` are values that a config.json may
    leave out, where the family has its own. ``tensors`` maps lmcore's module names to theirs under
    ``prefix``; ``{i}`` is a block. A list of three is queries, keys and values, fused here.
    ``transposed`` names block modules whose matrices they keep as (in, out).
    """

    model_type: str
    prefix: str
    sizes: dict[str, str]
    wiring: dict[str, object]
    activation: str
    tensors: dict[str, str | list[str]]
    heads: dict[str, dict[str, str]]
    honored: dict[str, tuple] = field(default_factory=dict)
    defaults: dict[str, object] = field(default_factory=dict)
    transposed: bool = False
    activation_names: dict[str, str] = field(default_factory=lambda: ACTIVATIONS)
