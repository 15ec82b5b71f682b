"""BERT's masking on a text of the reader's, drawn again and again (BERT, section 3.1)."""

from __future__ import annotations

import traitlets

from lmcore.tokenizer import Tokenizer
from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.wordpiece import wordpiece_json


class MaskingLab(BookWidget):
    """Which tokens of ``text`` are chosen at ``rate`` percent, and which of the three fates each
    of them meets.

    Raises ValueError for a tokenizer other than WordPiece, or a rate outside 1 to 60.
    """

    _esm = compose("shelf.js", "wordpiece.js", "sampling.js", "masking_lab.js")
    tokenizer = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    rate = traitlets.Int(15).tag(sync=True)
    seed = traitlets.Int(1).tag(sync=True)

    def __init__(self, tokenizer: Tokenizer, text: str, rate: int = 15, *, seed: int = 1) -> None:
        if not 1 <= rate <= 60:
            raise ValueError(f"rate {rate} is not allowed: from 1 to 60 percent")
        super().__init__(tokenizer=wordpiece_json(tokenizer), text=text, rate=rate, seed=seed)
