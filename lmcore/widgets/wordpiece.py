"""The reading of a text that widgets about BERT share: WordPiece, with its special tokens."""

from __future__ import annotations

from lmcore.tokenizer import WORDPIECE_SPECIALS, Tokenizer


def wordpiece_json(tokenizer: Tokenizer) -> str:
    """``tokenizer`` for ``wordpiece.js``. Raises ValueError for one that lacks BERT's markers."""
    missing = [name for name in WORDPIECE_SPECIALS if name not in tokenizer.special_ids]
    if missing:
        raise ValueError(f"a WordPiece tokenizer is needed: this one has no {', '.join(missing)}")
    return tokenizer.to_json()
