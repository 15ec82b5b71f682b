"""metrics.jsonl: a line each time that a run looks at itself."""

from __future__ import annotations

import json
from pathlib import Path

from lmcore.writing import write_whole


def append_line(path: Path, line: dict) -> None:
    """Add a line, whole before anyone reads on."""
    with open(path, "a") as file:
        file.write(json.dumps(line) + "\n")


def keep_until(path: Path, step: int) -> None:
    """Drop what was written of steps behind the state that a run goes on from."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if _step_of(line) <= step]
    write_whole(path, "".join(line + "\n" for line in kept).encode())


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"]
    except (json.JSONDecodeError, KeyError, TypeError):  # a line cut short by a kill
        return float("inf")
