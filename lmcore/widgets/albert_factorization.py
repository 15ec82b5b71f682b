"""ALBERT's worked example: a table of V×H, or two of V×E and E×H (ALBERT, section 3.1)."""

from __future__ import annotations

import traitlets

from lmcore.presets import preset
from lmcore.widgets.base import BookWidget, compose

LECTURE_NOTES = {"name": "the notes' example", "V": 100, "H": 500, "E": 15}
AS_THEY_SAY = {"name": "their dimension 10", "V": 100, "H": 500, "E": 10}
MODELS = ("albert-base", "albert-large", "albert-xlarge", "albert-xxlarge")


class AlbertFactorization(BookWidget):
    """Vocabulary V, hidden size H and embedding size E to parameters, whole and factorized.

    Opens at the lecture notes' example, 100, 500 and 15: 50,000 → 9,000. ``total`` is what the
    page shows for the factorized tables.
    """

    _esm = compose("albert_factorization.js")
    presets = traitlets.List().tag(sync=True)
    V = traitlets.Int(100).tag(sync=True)
    H = traitlets.Int(500).tag(sync=True)
    E = traitlets.Int(15).tag(sync=True)
    total = traitlets.Int(9_000).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(presets=[LECTURE_NOTES, AS_THEY_SAY, *map(_sizes, MODELS)])


def _sizes(name: str) -> dict:
    config = preset(name)
    sizes = {"V": config.vocab_size, "H": config.hidden_size, "E": config.embedding_size}
    return {"name": name} | sizes
