"""What a training run costs: 6ND as a calculator that opens at GPT-3's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import traitlets

from lmcore.widgets.base import BookWidget, compose

# Peak dense rates of the makers' data sheets in TFLOP/s, 16-bit floats on tensor cores. GPT-3 was
# trained on V100s (section 2.3).
GPUS = {"V100": 125.0, "A100": 312.0, "H100": 989.0, "B200": 2250.0}
GPT3_PARAMETERS = 174_604_259_328.0  # lmcore's count; the paper prints 174,600 million
# GPT-3's table D.1, total training compute in FLOP.
LANDMARKS = {"BERT-base": 1.64e20, "GPT-3 13B": 2.31e22, "GPT-3 175B": 3.14e23}


@dataclass(frozen=True)
class TrainingCost:
    """A run's floating-point operations, in petaflop/s-days too, and what they take."""

    flop: float
    pf_days: float
    days: float
    gpu_hours: float
    dollars: float


def training_cost(
    parameters: float,
    tokens: float,
    *,
    peak_tflops: float = GPUS["V100"],
    gpus: float = 1024,
    utilization: float = 0.3,
    price: float = 1.0,
) -> TrainingCost:
    """The cost of training ``parameters`` N on ``tokens`` D: 6ND operations (GPT-3, appendix D).

    Two operations a parameter and token forward, four backward; attention's own products are left
    out, as in the paper. ``utilization`` is the share of ``peak_tflops`` that is reached,
    ``price`` is in dollars a GPU hour. Raises ValueError for a number that is not above 0, or a
    utilization above 1.
    """
    given = {
        "parameters": parameters, "tokens": tokens, "peak_tflops": peak_tflops, "gpus": gpus,
        "utilization": utilization,
    }  # fmt: skip
    for name, value in given.items():
        if not value > 0:
            raise ValueError(f"{name} {value} is not allowed: above 0")
    if utilization > 1:
        raise ValueError(f"utilization {utilization} is not allowed: at most 1")
    if price < 0:
        raise ValueError(f"price {price} is not allowed: 0 or more")
    flop = 6 * parameters * tokens
    seconds = flop / (peak_tflops * 1e12 * gpus * utilization)
    gpu_hours = gpus * seconds / 3600
    return TrainingCost(flop, flop / 8.64e19, seconds / 86_400, gpu_hours, gpu_hours * price)


class ComputeCalculator(BookWidget):
    """N, D, a GPU, their number, utilization and price to FLOP, PF-days, days and dollars.

    Opens at GPT-3's 174.6 billion parameters and 300 billion tokens (table D.1) on V100s; their
    number, utilization and price are not in the paper and stand for the reader to change.
    ``runs`` adds presets by name, (parameters, tokens) each.
    """

    _esm = compose("compute_calculator.js")
    parameters = traitlets.Float(GPT3_PARAMETERS).tag(sync=True)
    tokens = traitlets.Float(300e9).tag(sync=True)
    peak_tflops = traitlets.Float(GPUS["V100"]).tag(sync=True)
    gpus = traitlets.Float(1024).tag(sync=True)
    utilization = traitlets.Float(0.3).tag(sync=True)
    price = traitlets.Float(1.0).tag(sync=True)
    kinds = traitlets.List().tag(sync=True)
    runs = traitlets.List().tag(sync=True)
    landmarks = traitlets.List().tag(sync=True)

    def __init__(self, runs: Mapping[str, tuple[float, float]] | None = None) -> None:
        known = {
            "GPT-3 175B": (GPT3_PARAMETERS, 300e9),
            "GPT-3 13B": (12.85e9, 300e9),
            **(runs or {}),
        }
        for parameters, tokens in known.values():
            training_cost(parameters, tokens)  # refuses what is no run
        super().__init__(
            kinds=[{"name": name, "tflops": rate} for name, rate in GPUS.items()],
            runs=[{"name": k, "parameters": n, "tokens": d} for k, (n, d) in known.items()],
            landmarks=[{"name": name, "flop": flop} for name, flop in LANDMARKS.items()],
        )
