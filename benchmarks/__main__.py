"""lmcore beside transformers, in one run: ``make bench`` prints the table and writes
benchmarks/results.json. ``--only`` measures rows by words of their names again and leaves the
others, ``--seconds`` says how long each is measured. What is measured, and how, stands in
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

import torch
import transformers

from benchmarks.case import CONTENDERS
from benchmarks.ours import TASKS
from benchmarks.processes import ROOT, ask
from benchmarks.sizes import SIZES

DTYPES = ("float32", "bfloat16")


def main() -> None:
    """Measure every case, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", default="", help='such as "steps mlm mini"')
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.json")
    options = parser.parse_args()
    rows = rows_of(options.out) if options.only else {}
    machine = {
        "processor": processor(), "threads": options.threads, "seconds": options.seconds,
        "python": platform.python_version(), "torch": torch.__version__,
        "transformers": transformers.__version__,
    }  # fmt: skip
    for case in cases():
        if options.only in " ".join(case):
            row = measure(case, options.threads, options.seconds)
            rows[" ".join(case)] = row | {"load": os.getloadavg()[0]}
            print(line_of(row), flush=True)
            found = {"machine": machine, "rows": [*rows.values()]}
            options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{options.out}: {len(rows)} rows on {machine['processor']}, {options.threads} threads")


def rows_of(path: Path) -> dict[str, dict]:
    """The rows of an earlier run, by case: what is measured again replaces its row alone."""
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
    return {" ".join(case_of(row)): row for row in rows}


def case_of(row: dict) -> list[str]:
    """The arguments that a row was measured with."""
    case = [row[name] for name in ("what", "task", "size", "dtype") if row[name]]
    if row["what"] not in ("steps", "memory"):
        case.remove(row["dtype"])  # said, but not asked for
    return case + ([f"--contender={row['contender']}"] if "contender" in row else [])


def cases() -> list[list[str]]:
    """The arguments of every row."""
    shapes = [[task, size, dtype] for task in TASKS for size in SIZES for dtype in DTYPES]
    found = [["steps", *shape] for shape in shapes]
    found += [["generation", "greedy", size] for size in SIZES]
    found += [["tokenization", name] for name in ("bpe-1024", "wordpiece-2048", "gpt2")]
    large = [shape for shape in shapes if shape[1] != "tiny"]  # whose memory is the imports'
    return found + [["memory", *shape, f"--contender={c}"] for shape in large for c in CONTENDERS]


def measure(case: list[str], threads: int, seconds: float) -> dict:
    """One row."""
    return ask(
        "benchmarks.case", *case, f"--threads={threads}", f"--seconds={seconds}",
        OMP_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1",
        TRANSFORMERS_VERBOSITY="error",
    )  # fmt: skip


def line_of(row: dict) -> str:
    """A row of the table."""
    name = f"{row['what']:12} {row['task']:14} {row['size']:6} {row['dtype']:9}"
    if "peak_mb" in row:
        return f"{name} {row['contender']:8} {row['peak_mb']:8.0f} MB"
    line = f"{name} {row['ms']['lmcore']:9.1f} ms"
    line += "".join(f"  {who} ×{ratio:.2f}" for who, ratio in row["ratio"].items())
    share = row.get("share_of_peak")
    return line if share is None else f"{line}  {share:.0%} of GEMM peak"


def processor() -> str:
    """The processor's name, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
