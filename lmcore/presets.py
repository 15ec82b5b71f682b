"""Every size of the seven papers as data, and the book's own small ones."""

from __future__ import annotations

import difflib

from lmcore.config import Config

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
_SHARED = dict(project=True, num_groups=1)
_ALBERT = _BERT | _SHARED | dict(
    vocab_size=30_000, embedding_size=128, activation="gelu_tanh", dropout=0.0,
)  # fmt: skip
_ELECTRA = _BERT | dict(pooler=False)
_DISTILBERT = _BERT | dict(num_segments=0, pooler=False)
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
_BERT_SMALL = _SMALL | dict(vocab_size=4096, embedding_init_std=0.1)

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
    "distilbert": _DISTILBERT | _shape(6, 768, 12),
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
    # Byte by byte, on the smallest text file: the size at which recipes are compared by the clock
    # (scripts/studies/byte_recipe.py). Its tokenizer is "bytes".
    "gpt2-bytes": _GPT2 | _MINI | _shape(4, 128, 4, vocab_size=260),
    # For prompts of nine lines in 26 letters (lmcore.data.LETTER_CODES).
    "gpt3-mini": _GPT3 | _MINI | _shape(2, 64, 4) | _PROMPTS,
    "gpt3-small": _GPT3 | _MINI | _shape(2, 128, 4) | _PROMPTS,
    "bert-mini": _BERT | _MINI_ENCODER,
    "bert-small": _BERT | _BERT_SMALL,
    # ALBERT's three values on bert-mini's wiring, so that the difference between the two is
    # ALBERT's and nothing else: albert-base also has another activation and no dropout.
    "albert-mini": _BERT | _MINI_ENCODER | _SHARED | dict(embedding_size=32),
    "albert-small": _BERT | _BERT_SMALL | _SHARED | dict(embedding_size=128),
    # The size for a GPU is the paper's own: ELECTRA-small was made for a single one (section 3.3).
    "electra-mini": _ELECTRA | _MINI_ENCODER | _shape(2, 128, 4),
    "electra-mini-generator": _ELECTRA | _MINI_ENCODER | _shape(2, 64, 2, embedding_size=128),
    # Students of bert-mini and bert-small: half the layers of the same width, as DistilBERT; or
    # half the layers and half the width with as many heads, as TinyBERT.
    "distilbert-mini": _DISTILBERT | _MINI_ENCODER | dict(num_layers=2),
    "distilbert-small": _DISTILBERT | _BERT_SMALL | dict(num_layers=4),
    "tinybert-mini": _BERT | _MINI_ENCODER | _shape(2, 64, 4),
    "tinybert-small": _BERT | _BERT_SMALL | _shape(4, 256, 8),
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
