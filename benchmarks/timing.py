"""How time and memory are measured."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

FEWEST = 5  # rounds


def in_turn(contenders: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Seconds a call of each contender. They take their calls in turn, for about as long as asked,
    so that a machine whose speed drifts treats them alike."""
    for call in contenders.values():
        call()  # warms up
    times: dict[str, list[float]] = {name: [] for name in contenders}
    begin, rounds = time.perf_counter(), 0
    while rounds < FEWEST or time.perf_counter() - begin < seconds:
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
        rounds += 1
    return times


def compared(times: dict[str, list[float]]) -> dict:
    """Medians in milliseconds, and how many times as long as lmcore each other one takes: the
    median of the rounds' ratios, not the ratio of the medians."""
    ours = times["lmcore"]
    return {
        "rounds": len(ours),
        "ms": {name: 1000 * statistics.median(values) for name, values in times.items()},
        "ratio": {
            name: statistics.median(t / o for t, o in zip(values, ours, strict=True))
            for name, values in times.items()
            if name != "lmcore"
        },
    }


def gemm_peak(dtype: torch.dtype, width: int = 2048, rounds: int = 7) -> float:
    """Operations a second of the best of some large matrix products: what the machine can do."""
    a, b = (torch.randn(width, width).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * width**3 / best


def flops_of(call: Callable[[], object]) -> int:
    """Operations of the matrix products in a call, as PyTorch counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def resident_mb(name: str = "VmRSS") -> float:
    """What Linux says that this process has in memory, or (VmHWM) had at its highest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
