"""How a model is wired: one frozen dataclass, and every size of the seven papers as data.

A field changes wiring, never the loss, the data or the training. The papers differ here in a
handful of values; that short list of differences is the spine of the book.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

Activation = Literal["gelu", "gelu_tanh", "relu", "silu"]


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

    def _check(self) -> None:
        for name in (
            "vocab_size", "context_length", "hidden_size", "num_layers", "num_heads",
            "feed_forward_size", "embedding_size", "num_groups", "layers_per_group",
        ):  # fmt: skip
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} {value!r} is not allowed: a whole number of at least 1")
        if self.num_segments < 0:
            raise ValueError(f"num_segments {self.num_segments} is not allowed: 0 or more")
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
        if not self.windows or any(w is not None and w < 1 for w in self.windows):
            raise ValueError(
                f"windows {self.windows} is not allowed: None or a width of at least 1 for a layer"
            )
        if not 0 <= self.dropout < 1:
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


_GPT1 = dict(
    vocab_size=40_478, context_length=512, hidden_size=768, num_layers=12, num_heads=12,
    causal=True, activation="gelu_tanh", dropout=0.1,
)  # fmt: skip
_GPT2 = dict(
    vocab_size=50_257, context_length=1024, causal=True, pre_norm=True, activation="gelu_tanh",
    dropout=0.1,
)  # fmt: skip
# Table 2.1 of the GPT-3 paper; its layers alternate dense and banded attention (section 2.1). The
# band's width is not printed: 256 is a typical length in the Sparse Transformer's paper.
_GPT3 = _GPT2 | dict(context_length=2048, windows=(None, 256), dropout=0.0)
_BERT = dict(
    vocab_size=30_522, context_length=512, causal=False, num_segments=2, embedding_norm=True,
    pooler=True, norm_eps=1e-12, dropout=0.1,
)  # fmt: skip
_ALBERT = _BERT | dict(
    vocab_size=30_000, embedding_size=128, project=True, num_groups=1, activation="gelu_tanh",
    dropout=0.0,
)  # fmt: skip
_ELECTRA = _BERT | dict(pooler=False)
_MINI = dict(
    vocab_size=1024, context_length=64, hidden_size=96, num_layers=2, num_heads=4, dropout=0.0,
    init_std=0.08, embedding_init_std=0.1,
)  # fmt: skip
_MINI_ENCODER = dict(
    vocab_size=2048, context_length=128, hidden_size=128, num_layers=4, num_heads=4, dropout=0.0,
    init_std=0.09, embedding_init_std=0.2,
)  # fmt: skip
_SMALL = dict(
    vocab_size=2048, context_length=256, hidden_size=512, num_layers=8, num_heads=8, dropout=0.0,
)  # fmt: skip

# Nine lines of two letters and a line end are too short to need a band.
_PROMPTS = dict(vocab_size=27, context_length=27, windows=(None,))


def _shape(num_layers: int, hidden_size: int, num_heads: int, **more: object) -> dict:
    return dict(num_layers=num_layers, hidden_size=hidden_size, num_heads=num_heads, **more)


PRESETS: dict[str, dict] = {
    "gpt1": _GPT1,
    "gpt2": _GPT2 | _shape(12, 768, 12),
    "gpt2-medium": _GPT2 | _shape(24, 1024, 16),
    "gpt2-large": _GPT2 | _shape(36, 1280, 20),
    "gpt2-xl": _GPT2 | _shape(48, 1600, 25),
    "gpt3-125m": _GPT3 | _shape(12, 768, 12),
    "gpt3-350m": _GPT3 | _shape(24, 1024, 16),
    "gpt3-760m": _GPT3 | _shape(24, 1536, 16),
    # Printed as 24 heads of 128, which is 3072 and not 2048: 16 heads make the sizes agree.
    "gpt3-1.3b": _GPT3 | _shape(24, 2048, 16),
    "gpt3-2.7b": _GPT3 | _shape(32, 2560, 32),
    "gpt3-6.7b": _GPT3 | _shape(32, 4096, 32),
    # Printed as 5140 wide with 40 heads of 128, which is 5120.
    "gpt3-13b": _GPT3 | _shape(40, 5120, 40),
    "gpt3-175b": _GPT3 | _shape(96, 12288, 96),
    "bert-base": _BERT | _shape(12, 768, 12),
    "bert-large": _BERT | _shape(24, 1024, 16),
    "albert-base": _ALBERT | _shape(12, 768, 12),
    "albert-large": _ALBERT | _shape(24, 1024, 16),
    "albert-xlarge": _ALBERT | _shape(24, 2048, 16),
    "albert-xxlarge": _ALBERT | _shape(12, 4096, 64),
    "electra-small": _ELECTRA | _shape(12, 256, 4, embedding_size=128),
    "electra-base": _ELECTRA | _shape(12, 768, 12),
    "electra-large": _ELECTRA | _shape(24, 1024, 16),
    "electra-small-generator": _ELECTRA | _shape(12, 64, 1, embedding_size=128),
    "electra-base-generator": _ELECTRA | _shape(12, 256, 4, embedding_size=768),
    "electra-large-generator": _ELECTRA | _shape(24, 256, 4, embedding_size=1024),
    "distilbert": _BERT | _shape(6, 768, 12, num_segments=0, pooler=False),
    "tinybert-4": _BERT | _shape(4, 312, 12, feed_forward_size=1200),
    "tinybert-6": _BERT | _shape(6, 768, 12),
    # The book's own: small enough for two CPU cores, and the same cells for a GPU. At a width of
    # 96 the papers' initial std of 0.02 leaves a post-norm model on the unigram plateau for
    # minutes (chapter 1, exercise 5); 0.1 for the tables and 0.08 for the matrices do not.
    "gpt-mini": _GPT1 | _MINI,
    "gpt-small": _GPT1 | _SMALL,
    # GPT-2 doubled GPT-1's context, and so does this. It stays at two layers: in a minute of
    # training more do not pay (scripts/studies/gpt2_norms.csv).
    "gpt2-mini": _GPT2 | _MINI | _shape(2, 128, 4, context_length=128),
    "gpt2-small": _GPT2 | _SMALL,
    # For prompts of nine lines in 26 letters (lmcore.data.LETTER_CODES).
    "gpt3-mini": _GPT3 | _MINI | _shape(2, 64, 4) | _PROMPTS,
    "gpt3-small": _GPT3 | _MINI | _shape(2, 128, 4) | _PROMPTS,
    "bert-mini": _BERT | _MINI_ENCODER,
    "bert-small": _BERT | _SMALL | dict(vocab_size=4096, embedding_init_std=0.1),
}


def preset(name: str) -> Config:
    """The wiring of a published model, or of one of the book's own, by name.

    Raises ValueError naming the nearest presets where there is none of that name.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=3, cutoff=0.3)
        hint = f"did you mean {', '.join(near)}?" if near else "`lmcore presets` lists them"
        raise ValueError(f"unknown preset {name!r}: {hint}")
    return Config(**PRESETS[name])
