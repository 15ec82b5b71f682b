"""How a model is wired: one frozen dataclass.

A field changes wiring, never the loss, the data or the training. The papers differ here in a
handful of values (lmcore.presets); that short list of differences is the spine of the book.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

Activation = Literal["gelu", "gelu_tanh", "relu", "silu"]


_SIZES = (
    "vocab_size", "context_length", "hidden_size", "num_layers", "num_heads",
    "feed_forward_size", "embedding_size", "num_groups", "layers_per_group",
)  # fmt: skip
_FOLLOWING = ("feed_forward_size", "embedding_size", "num_groups", "embedding_init_std")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The wiring of one Transformer.

    Sizes, with the book's letters: ``vocab_size`` V, ``context_length`` C (rows of the position
    table), ``hidden_size`` H, ``num_layers`` L, ``num_heads`` A, ``feed_forward_size`` F (4H if
    None), ``embedding_size`` E (H if None; smaller in ALBERT, section 3.1, and ELECTRA-small).

    ``causal`` hides the future. ``pre_norm`` moves LayerNorm to a sub-layer's entry and adds a
    final one (GPT-2, section 2.3). ``embedding_norm`` normalizes the sum of embeddings (BERT).
    ``num_segments`` rows of segment embeddings, 0 for none. ``project`` puts a linear map from E
    to H behind the embeddings (None: where E and H differ; ALBERT has it always). ``num_groups``
    sets of block weights serve all L layers (None: one each; ALBERT: 1), each of
    ``layers_per_group`` blocks. ``windows`` is tiled over the layers: None attends to everything,
    an int w to the nearest w positions (GPT-3's banded layers, section 2.1). ``pooler`` adds
    BERT's dense layer over the first position. ``tied_head`` reads logits off the token table; a
    masked language model's head has an activation of its own, ``head_activation`` (None: as the
    blocks'). ``dropout`` and the two ``init_std`` values are
    the paper's defaults for a fresh model (``embedding_init_std`` None: as ``init_std``).

    Raises ValueError, in one line, where sizes cannot be wired together.
    """

    vocab_size: int
    context_length: int
    hidden_size: int
    num_layers: int
    num_heads: int
    causal: bool
    feed_forward_size: int | None = None
    embedding_size: int | None = None
    num_segments: int = 0
    pre_norm: bool = False
    embedding_norm: bool = False
    project: bool | None = None
    num_groups: int | None = None
    layers_per_group: int = 1
    windows: tuple[int | None, ...] = (None,)
    pooler: bool = False
    tied_head: bool = True
    activation: Activation = "gelu"
    head_activation: Activation | None = None
    norm_eps: float = 1e-5
    dropout: float = 0.0
    init_std: float = 0.02
    embedding_init_std: float | None = None

    def __post_init__(self) -> None:
        self._check_numbers()
        resolved = {
            "feed_forward_size": 4 * self.hidden_size,
            "embedding_size": self.hidden_size,
            "num_groups": self.num_layers // max(self.layers_per_group, 1),
            "embedding_init_std": self.init_std,
            "head_activation": self.activation,
        }
        for name, value in resolved.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        if self.project is None:
            object.__setattr__(self, "project", self.embedding_size != self.hidden_size)
        object.__setattr__(self, "windows", tuple(self.windows))
        self._check()

    def _check_numbers(self) -> None:
        """Each value by itself, before others follow from it."""
        for names, least in (_SIZES, 1), (("num_segments",), 0):
            for name in names:
                value = getattr(self, name)
                if value is None and name in _FOLLOWING:
                    continue
                if isinstance(value, bool) or not isinstance(value, int) or value < least:
                    raise ValueError(
                        f"{name} {value!r} is not allowed: a whole number of at least {least}"
                    )
        for name in ("dropout", "norm_eps", "init_std", "embedding_init_std"):
            value = getattr(self, name)
            if value is None and name in _FOLLOWING:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise ValueError(f"{name} {value!r} is not allowed: a number of at least 0")
        if not isinstance(self.windows, tuple | list) or not all(
            w is None or (type(w) is int and w >= 1) for w in self.windows
        ):
            raise ValueError(
                f"windows {self.windows!r} is not allowed: each None, or a width of at least 1"
            )

    def _check(self) -> None:
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not divisible by num_heads {self.num_heads}"
            )
        for activation in (self.activation, self.head_activation):
            if activation not in get_args(Activation):
                raise ValueError(
                    f"activation {activation!r} is unknown: one of "
                    f"{', '.join(get_args(Activation))}"
                )
        if not self.project and self.embedding_size != self.hidden_size:
            raise ValueError(
                f"embedding_size {self.embedding_size} needs project=True "
                f"to meet hidden_size {self.hidden_size}"
            )
        if self.num_layers % self.layers_per_group:
            raise ValueError(
                f"num_layers {self.num_layers} is not divisible by "
                f"layers_per_group {self.layers_per_group}"
            )
        if self.num_groups * self.layers_per_group > self.num_layers:
            raise ValueError(
                f"num_groups {self.num_groups} × layers_per_group {self.layers_per_group} "
                f"exceeds num_layers {self.num_layers}"
            )
        if not self.windows:
            raise ValueError("windows () is not allowed: None or a width for a layer")
        if not self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} is not allowed: from 0 to below 1")

    @property
    def head_size(self) -> int:
        """D = H / A."""
        return self.hidden_size // self.num_heads

    def block_of_layer(self, layer: int) -> int:
        """Which set of block weights layer ``layer`` uses (ALBERT, section 3.1)."""
        step, inner = divmod(layer, self.layers_per_group)
        group = step * self.num_groups // (self.num_layers // self.layers_per_group)
        return group * self.layers_per_group + inner

    def window_of_layer(self, layer: int) -> int | None:
        """How many positions back layer ``layer`` sees, itself included; None: all."""
        return self.windows[layer % len(self.windows)]

    def replace(self, **changes: object) -> Config:
        """The same wiring with some values changed; sizes that follow from them are left as set."""
        unknown = set(changes) - {f.name for f in fields(self)}
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}: not a field of Config")
        return replace(self, **changes)
