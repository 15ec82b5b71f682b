"""How a training step's time and memory grow: ``python -m benchmarks.growth``, four minutes.

From one causal model of 4M parameters one thing is changed at a time: context length, width, depth,
vocabulary, texts a batch; then a large batch is taken whole, in pieces, with activations computed
again, and both. Each point is a process of its own. Writes ``growth.json`` beside this file and
``book/figures/cost-growth.svg``; ``--draw`` draws the figure from the file as it stands.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import time
from dataclasses import asdict, replace

import matplotlib.pyplot as plt
import torch

from benchmarks.ours import RECIPE
from benchmarks.processes import ROOT, ask
from benchmarks.sizes import SIZES, Size
from benchmarks.timing import resident_mb
from lmcore import CausalLM
from lmcore.parallel import Team, checkpoint_activations
from lmcore.plots import BASELINE, CAUSAL, HIGHLIGHT, use_style
from lmcore.recipe import build_optimizer
from lmcore.train import update
from lmcore.world import join

RESULTS = ROOT / "benchmarks" / "growth.json"
FIGURE = ROOT / "book" / "figures" / "cost-growth.svg"
START = replace(SIZES["mini"], batch=8)
SWEEPS: dict[str, tuple[int, ...]] = {
    "length": (64, 128, 256, 512, 1024),
    "hidden": (64, 128, 256, 512),
    "layers": (1, 2, 4, 8, 16),
    "vocabulary": (1024, 4096, 16_384, 50_257),
    "batch": (2, 4, 8, 16, 32),
}
LARGE = replace(START, layers=8, batch=32)
WAYS = {
    "whole": {},
    "in 8 pieces": {"accumulate": 8},
    "activations computed again": {"again": True},
    "both": {"accumulate": 8, "again": True},
}


def step_of(size: Size, accumulate: int = 1, again: bool = False, at_least: float = 2.0) -> dict:
    """Median seconds of a step; the highest memory over the imports'; and the loss of the third
    step, by which ways that should be equal are compared."""
    before = resident_mb()
    torch.manual_seed(0)
    model = CausalLM(size.config(causal=True)).train()
    if again:
        checkpoint_activations(model)
    team = Team(model, join("cpu"), accumulate=accumulate)
    optimizer = build_optimizer(model, RECIPE)
    batch, times, losses = size.texts(extra=1), [], []
    while len(times) < 5 or sum(times) < at_least:
        begin = time.perf_counter()
        losses.append(team.backward(batch, torch.float32, len(times)).item())
        update(model, optimizer, RECIPE, RECIPE.learning_rate)
        times.append(time.perf_counter() - begin)
    return {
        "seconds": statistics.median(times[2:]),
        "peak_mb": resident_mb("VmHWM") - before,
        "third_loss": losses[2],
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def in_process(size: Size, **way: object) -> dict:
    """``step_of`` in a process of its own."""
    return ask("benchmarks.growth", "--point", json.dumps({"size": asdict(size), "way": way}))


def measure() -> dict:
    """Every point of every sweep, and the ways to take a large batch."""
    rows = []
    for name, values in SWEEPS.items():
        for value in values:
            size = replace(START, **{name: value})
            rows.append({"sweep": name, "value": value} | in_process(size))
            print(rows[-1], flush=True)
    ways = [{"way": name} | in_process(LARGE, **way) for name, way in WAYS.items()]
    print(*ways, sep="\n", flush=True)
    machine = {"threads": os.cpu_count(), "torch": torch.__version__, "load": os.getloadavg()[0]}
    return {"start": asdict(START), "large": asdict(LARGE), "machine": machine,
            "rows": rows, "ways": ways}  # fmt: skip


DRAWN = ("seconds", "time", CAUSAL, "o"), ("peak_mb", "memory", HIGHLIGHT, "v")


def draw(found: dict) -> None:
    """Five small panels on logarithmic axes, time and memory over the starting point's."""
    use_style()
    plt.rcParams["font.size"] = 9
    names = {"length": "context length", "hidden": "width", "layers": "depth",
             "vocabulary": "vocabulary", "batch": "texts a batch"}  # fmt: skip
    figure, panels = plt.subplots(1, 5, figsize=(7.2, 2.5), sharey=True, layout="constrained")
    for axes, (sweep, name) in zip(panels, names.items(), strict=True):
        rows = [row for row in found["rows"] if row["sweep"] == sweep]
        home = next(row for row in rows if row["value"] == found["start"][sweep])
        values = [row["value"] for row in rows]
        for what, label, color, marker in DRAWN:
            relative = [row[what] / home[what] for row in rows]
            axes.plot(values, relative, color=color, marker=marker, markersize=4, label=label)
        ends = values[0], values[-1]
        axes.plot(
            ends, [v / home["value"] for v in ends], ":", color=BASELINE, linewidth=1.2,
            label="in proportion",
        )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel=name)
        axes.set_xticks(values, [shorten(v) for v in values], rotation=60)
        axes.minorticks_off()
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=3)
    panels[0].set(ylabel="times the starting point's")
    panels[0].set_yticks([0.25, 0.5, 1, 2, 4, 8, 16], ["¼", "½", "1", "2", "4", "8", "16"])
    figure.savefig(FIGURE, metadata={"Date": None})
    FIGURE.write_text(themed(FIGURE.read_text("utf-8")), "utf-8")


def shorten(value: int) -> str:
    """A tick in few letters."""
    return str(value) if value < 2000 else f"{round(value / 1000)}k"


def themed(svg: str) -> str:
    """The drawing on the page's own ground, its ink in the reader's color, with title and
    description."""
    svg = re.sub(
        r'<g id="(patch_\d+)">\s*<path d="[^"]*"\s+style="fill: #ffffff[^"]*"/>\s*</g>', "", svg
    )
    svg = svg.replace("#000000", "currentColor").replace("fill: #ffffff", "fill: none")
    svg = re.sub(r"<(text)(?! fill)", r'<\1 fill="currentColor"', svg)
    head = (
        "<title>How the cost of a training step grows</title><desc>Time and memory against context "
        "length, width, depth, vocabulary and batch, both axes logarithmic.</desc>"
    )
    return re.sub(r"(<svg[^>]*>)", rf"\1{head}", svg, count=1)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.growth")
    parser.add_argument("--point", help=argparse.SUPPRESS)
    parser.add_argument("--draw", action="store_true")
    options = parser.parse_args()
    if options.point:
        said = json.loads(options.point)
        print(json.dumps(step_of(Size(**said["size"]), **said["way"])))
        return
    if not options.draw:
        RESULTS.write_text(json.dumps(measure(), indent=1) + "\n")
    draw(json.loads(RESULTS.read_text("utf-8")))


if __name__ == "__main__":
    main()
