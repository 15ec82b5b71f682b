"""Two texts of the reader's as BERT's input (BERT, section 3 and figure 2)."""

from __future__ import annotations

import traitlets

from lmcore.tokenizer import Tokenizer
from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.wordpiece import wordpiece_json


class InputComposer(BookWidget):
    """``[CLS] A [SEP] B [SEP]`` token by token: id, segment and position, as ``PairPacking`` packs
    them into ``length``. An empty ``b`` leaves ``[CLS] A [SEP]``.

    Raises ValueError for a tokenizer other than WordPiece, or a length outside 8 to 512.
    """

    _esm = compose("shelf.js", "wordpiece.js", "input_composer.js")
    tokenizer = traitlets.Unicode().tag(sync=True)
    a = traitlets.Unicode().tag(sync=True)
    b = traitlets.Unicode().tag(sync=True)
    context_length = traitlets.Int(128).tag(sync=True)

    def __init__(self, tokenizer: Tokenizer, a: str, b: str, *, length: int = 128) -> None:
        if not 8 <= length <= 512:
            raise ValueError(f"length {length} is not allowed: from 8 to 512")
        super().__init__(tokenizer=wordpiece_json(tokenizer), a=a, b=b, context_length=length)
