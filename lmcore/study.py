"""Comparisons with error bars: the same experiment over a grid, one process for each core."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable

import numpy as np
import torch
from joblib import Parallel, delayed


def run_grid(
    experiment: Callable[..., object], processes: int | None = None, **axes: Iterable
) -> np.ndarray:
    """``experiment(**point)`` at every point of the grid that ``axes`` span.

    Returns an array with one dimension an axis, in the order given; a last one holds the numbers
    of an experiment that returns several. Each run has a process and
    one thread to itself: small models gain nothing from more, and the runs do not disturb each
    other. ``processes`` defaults to the environment's PROCESSES, else to the machine's cores.
    """
    values = {name: list(axis) for name, axis in axes.items()}
    points = [
        dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())
    ]
    results = Parallel(n_jobs=processes or int(os.environ.get("PROCESSES", 0)) or os.cpu_count())(
        delayed(_single_threaded)(experiment, point) for point in points
    )
    found = np.array(results)
    return found.reshape([*(len(axis) for axis in values.values()), *found.shape[1:]])


def _single_threaded(experiment: Callable[..., object], point: dict) -> object:
    torch.set_num_threads(1)
    return experiment(**point)
