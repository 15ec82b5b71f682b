"""How wide a generator, how much weight on detection: runs made before, laid out to compare."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import traitlets

from lmcore.measure import mean_and_spread
from lmcore.widgets.base import BookWidget, compose

MEASURES = ("replaced", "detected", "false_alarms", "generator", "discriminator", "probe")


class ElectraExplorer(BookWidget):
    """Means over seeds of what ELECTRA's pair did for each width of the generator and weight λ.

    ``runs`` are rows with ``width``, ``weight`` and the six measures of
    scripts/studies/electra_generators.csv; ``width`` is the discriminator's. Opens at a quarter of
    it and at the paper's λ = 50, if they are there. Raises ValueError where a combination of
    width and weight has no run.
    """

    _esm = compose("electra_explorer.js")
    width = traitlets.Int().tag(sync=True)
    points = traitlets.List().tag(sync=True)

    def __init__(self, runs: Sequence[Mapping[str, object]], width: int) -> None:
        found: dict[tuple[int, int], list[Mapping[str, object]]] = {}
        for run in runs:
            found.setdefault((int(run["width"]), int(run["weight"])), []).append(run)
        widths, weights = (sorted({key[i] for key in found}) for i in (0, 1))
        points = []
        for key in itertools.product(widths, weights):
            if key not in found:
                raise ValueError(f"no run of width {key[0]} and weight {key[1]}")
            values = {m: [float(run[m]) for run in found[key]] for m in MEASURES}
            points.append(
                {"width": key[0], "weight": key[1], "seeds": len(found[key])}
                | {m: list(mean_and_spread(v)) for m, v in values.items()}
            )
        super().__init__(width=width, points=points)
