"""Byte-pair encoding, one merge at a time, on whatever the reader types."""

from __future__ import annotations

import json

import traitlets

from lmcore.tokenizer import Tokenizer
from lmcore.widgets.base import BookWidget, compose


class BpeStepper(BookWidget):
    """Which pair wins, merge by merge, under the merges of a byte-level BPE ``tokenizer``.

    Opens at ``text``; ``name`` is what the page calls the tokenizer. The page keeps the list of
    merges and nothing else: a merge's id follows from its rank. Raises ValueError for a tokenizer
    whose ids do not (WordPiece, for one).
    """

    _esm = compose("bpe.js", "bpe_stepper.js")
    name = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    merges = traitlets.Unicode(help="one pair a line, by rank").tag(sync=True)
    letters = traitlets.Unicode(help="the tokens of one byte, by id").tag(sync=True)
    first_letter = traitlets.Int(help="the id of the first of them").tag(sync=True)
    first_merge = traitlets.Int(help="the id that the first merge makes").tag(sync=True)

    def __init__(self, tokenizer: Tokenizer, text: str, *, name: str = "GPT-2") -> None:
        model = json.loads(tokenizer.to_json())["model"]
        vocabulary: dict[str, int] = model["vocab"]
        if model["type"] != "BPE":
            raise ValueError(f"a {model['type']} tokenizer has no merges to step through")
        pairs = [p.split(" ") if isinstance(p, str) else p for p in model["merges"]]
        first_merge = vocabulary["".join(pairs[0])]
        letters = sorted((t for t in vocabulary if len(t) == 1), key=vocabulary.__getitem__)
        first_letter = vocabulary[letters[0]]
        for first, tokens in ((first_letter, letters), (first_merge, map("".join, pairs))):
            for place, token in enumerate(tokens):
                if vocabulary[token] != first + place:
                    raise ValueError(f"the id of token {token!r} does not follow from its rank")
        super().__init__(
            name=name, text=text, merges="\n".join(map(" ".join, pairs)),
            letters="".join(letters), first_letter=first_letter, first_merge=first_merge,
        )  # fmt: skip
