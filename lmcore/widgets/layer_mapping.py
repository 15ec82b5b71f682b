"""Which of the teacher's layers each of the student's starts from, or imitates."""

from __future__ import annotations

import traitlets

from lmcore.distill import layer_map, spread_layers
from lmcore.presets import preset
from lmcore.widgets.base import BookWidget, compose

MOST_LAYERS = 24


def _choice(name: str, student: str, teacher: str, kind: str) -> dict:
    """A button: two presets' depths and a map between them, layers counted from 1."""
    m, n = preset(student).num_layers, preset(teacher).num_layers
    if kind == "spread":
        layers = [layer + 1 for layer in spread_layers(m, n)]
    else:
        layers = list(layer_map(kind, m, n))
    return {"name": name, "teacher": n, "kind": kind, "layers": layers}


PRESETS = (
    _choice("TinyBERT, 4 of 12", "tinybert-4", "bert-base", "uniform"),
    _choice("DistilBERT's start, 6 of 12", "distilbert", "bert-base", "spread"),
    _choice("TinyBERT, 6 of 12", "tinybert-6", "bert-base", "uniform"),
    _choice("ours, 2 of 4", "tinybert-mini", "bert-mini", "uniform"),
)


class LayerMapping(BookWidget):
    """Student layers m = 1 … M drawn beside teacher layers 1 … N, and the map g(m) between them.

    Opens at TinyBERT's four layers of BERT-base's twelve, g(m) = 3m. ``layers`` is the map that
    the page shows, ``teacher`` is N.
    """

    _esm = compose("layer_mapping.js")
    presets = traitlets.List().tag(sync=True)
    most = traitlets.Int(MOST_LAYERS).tag(sync=True)
    teacher = traitlets.Int().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    layers = traitlets.List().tag(sync=True)

    def __init__(self) -> None:
        first = {name: value for name, value in PRESETS[0].items() if name != "name"}
        super().__init__(presets=list(PRESETS), **first)
