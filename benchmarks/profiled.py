"""Where the time of a training step goes: ``python -m benchmarks.profiled mlm mini float32``.

Shares of the time inside PyTorch's operators over ten steps, by kind; what is left between
them, Python and dispatch, is the last line's, against the wall clock.
"""

from __future__ import annotations

import argparse
import os
import time

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.ours import TASKS, build_step
from benchmarks.sizes import SIZES

STEPS = 10
KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "linear"),
    "fused attention": ("_scaled_dot_product",),
    "GELU": ("gelu",),
    "LayerNorm": ("native_layer_norm",),
    "softmax and loss": ("softmax", "log_softmax", "nll_loss", "binary_cross_entropy"),
    "optimizer and clipping": ("_fused_adamw", "_foreach", "linalg_vector_norm"),
    "copies": ("copy_", "cat", "fill_", "zero_", "index", "embedding"),
}


def kind_of(operator: str) -> str:
    """The first kind that the operator's name has in front, or inside for a backward pass."""
    name = operator.removeprefix("aten::").lstrip("_")
    for kind, stems in KINDS.items():
        if any(name.startswith(stem.lstrip("_")) for stem in stems):
            return kind
    return "elementwise and rest"


def shares(task: str, size: str, dtype: str) -> dict[str, float]:
    """Share of the wall time by kind of operator, on one thread."""
    torch.set_num_threads(1)
    step = build_step(task, SIZES[size], getattr(torch, dtype))
    for _ in range(3):
        step()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        begin = time.perf_counter()
        for _ in range(STEPS):
            step()
        total = time.perf_counter() - begin
    found = dict.fromkeys([*KINDS, "elementwise and rest"], 0.0)
    for event in seen.key_averages():
        if event.key.startswith("aten::"):
            found[kind_of(event.key)] += event.self_cpu_time_total / 1e6 / total
    return found | {"outside the operators": 1 - sum(found.values())}


def main() -> None:
    """A line a kind."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.profiled")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("dtype", choices=("float32", "bfloat16"))
    options = parser.parse_args()
    os.environ["KINETO_LOG_LEVEL"] = "5"
    for kind, share in shares(options.task, options.size, options.dtype).items():
        print(f"{kind:24} {share:5.0%}")


if __name__ == "__main__":
    main()
