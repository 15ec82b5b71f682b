"""One look for every figure of the book: SVG, Okabe–Ito, labels on the lines."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

# One color means one thing through the whole book.
CAUSAL, BIDIRECTIONAL, TEACHER = "#0072B2", "#D55E00", "#009E73"
BASELINE, HIGHLIGHT = "#7F7F7F", "#E69F00"
MARKERS = {CAUSAL: "o", BIDIRECTIONAL: "s", TEACHER: "^", BASELINE: "D", HIGHLIGHT: "v"}

STYLE = {
    "figure.figsize": (6.4, 3.4),
    "figure.dpi": 100,
    "svg.fonttype": "none",  # text stays text: searchable, and drawn in the reader's font
    "svg.hashsalt": "pretrained",  # the same figure gives the same file
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 2,
    "legend.frameon": False,
}


def use_style() -> None:
    """Set the book's style for this process, and SVG as what a notebook keeps."""
    plt.rcParams.update(STYLE)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a script outside Jupyter
        return
    set_matplotlib_formats("svg", metadata={"Date": None})


def plot_seeds(
    axes: Axes,
    x: Sequence[float],
    values: np.ndarray,
    label: str,
    color: str,
    *,
    dashed: bool = False,
) -> None:
    """A mean over seeds with its standard deviation as a band, named at its end.

    ``values`` is (seeds, len(x)). The marker repeats what the color says.
    """
    values = np.asarray(values)
    mean, spread = values.mean(0), values.std(0, ddof=1) if len(values) > 1 else 0
    style = "--" if dashed else "-"
    axes.plot(x, mean, style, color=color, marker=MARKERS.get(color, "o"))
    axes.fill_between(x, mean - spread, mean + spread, color=color, alpha=0.18, linewidth=0)
    axes.annotate(
        label,
        (x[-1], mean[-1]),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        color=color,
    )


def smooth(values: Sequence[float], width: int) -> np.ndarray:
    """A running mean over ``width`` values, as long as its input: the start averages what is
    there so far."""
    values = np.asarray(values, dtype=float)
    if width < 1:
        raise ValueError(f"width {width} is not allowed: at least 1")
    totals = np.cumsum(np.insert(values, 0, 0.0))
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - width, 0)
    return (totals[end] - totals[start]) / (end - start)
