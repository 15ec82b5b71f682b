"""Tables of committed measurements: ``{measured} NAME`` draws one of ``TABLES``.

They are made from the files that the benchmarks and the studies write, so a page has the figures
of the last run and no others.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

from docutils import nodes
from made_from_code import FromChapters
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results.json"
GROWTH = ROOT / "benchmarks" / "growth.json"
TRIALS = ROOT / "scripts" / "studies" / "byte_recipe.csv"
CONFIRMED = ROOT / "scripts" / "studies" / "byte_recipe_confirm.csv"
Columns, Rows = tuple[str, ...], list[list[str]]
TASKS = {
    "clm": "causal LM", "mlm": "masked LM", "albert": "ALBERT", "electra": "ELECTRA's pair",
    "distil": "DistilBERT's loss",
}  # fmt: skip
SHORT = {"float32": "fp32", "bfloat16": "bf16"}


def results(what: str) -> list[dict]:
    """The benchmark's rows of one kind."""
    return [row for row in json.loads(RESULTS.read_text("utf-8"))["rows"] if row["what"] == what]


def named(row: dict) -> str:
    """What was measured, in words."""
    return f"{TASKS[row['task']]}, {row['size']}, {SHORT[row['dtype']]}"


def steps() -> tuple[Columns, Rows]:
    """A training step beside transformers'."""
    rows = [
        [
            named(row),
            f"{row['ms']['lmcore']:.1f}", f"{row['ratio']['equal']:.2f}",
            f"{row['ratio']['default']:.2f}", f"{row['share_of_peak']:.0%}",
        ]
        for row in results("steps")
    ]  # fmt: skip
    return ("step", "ms", "× at equal settings", "× as it comes", "of GEMM peak"), rows


def memory() -> tuple[Columns, Rows]:
    """Megabytes at the highest, over the imports'."""
    found: dict[str, dict[str, float]] = {}
    for row in results("memory"):
        found.setdefault(named(row), {})[row["contender"]] = row["peak_mb"]
    order = ("lmcore", "equal", "default")
    rows = [[name, *(f"{mb[who]:,.0f}" for who in order)] for name, mb in found.items()]
    return ("step", "lmcore, MB", "transformers at equal settings", "as it comes"), rows


def ways() -> tuple[Columns, Rows]:
    """What a large batch costs, taken whole or otherwise."""
    rows = [
        [row["way"], f"{row['seconds']:.2f}", f"{row['peak_mb']:,.0f}", f"{row['third_loss']:.5f}"]
        for row in json.loads(GROWTH.read_text("utf-8"))["ways"]
    ]
    return ("batch of 32", "seconds a step", "MB at the highest", "loss of the third step"), rows


def trials() -> tuple[Columns, Rows]:
    """Every recipe that was tried, best first."""
    with TRIALS.open(newline="") as file:
        found = sorted(csv.DictReader(file), key=lambda row: float(row["loss"]))
    rows = [
        [row["arm"], row["steps"], row["cpu_seconds"], f"{float(row['loss']):.3f}"] for row in found
    ]
    return ("recipe", "steps", "CPU seconds", "validation loss"), rows


def confirmed() -> tuple[Columns, Rows]:
    """What won, on test articles: means and spreads over the seeds."""
    with CONFIRMED.open(newline="") as file:
        found = list(csv.DictReader(file))
    rows = []
    for arm in dict.fromkeys(row["arm"] for row in found):
        ours = [row for row in found if row["arm"] == arm]
        losses = [float(row["loss"]) for row in ours]
        seconds = [float(row["cpu_seconds"]) for row in ours]
        rows.append([
            arm, f"{mean(losses):.3f} ± {stdev(losses):.3f}", f"{mean(seconds):.0f}",
            str(len(ours)),
        ])  # fmt: skip
    return ("recipe", "test loss, nats a byte", "CPU seconds", "seeds"), rows


TABLES: dict[str, tuple[Callable[[], tuple[Columns, Rows]], Path]] = {
    "steps": (steps, RESULTS),
    "memory": (memory, RESULTS),
    "ways": (ways, GROWTH),
    "trials": (trials, TRIALS),
    "confirmed": (confirmed, CONFIRMED),
}


class Measured(FromChapters):
    """One of the tables."""

    required_arguments = 1

    def build(self) -> list[nodes.Node]:
        """Build it anew when its file changes."""
        if self.arguments[0] not in TABLES:
            raise ValueError(f"{self.arguments[0]!r} is unknown: {', '.join(TABLES)}")
        fill, path = TABLES[self.arguments[0]]
        self.env.note_dependency(str(path))
        return self.table(*fill())


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("measured", Measured)
    version = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
