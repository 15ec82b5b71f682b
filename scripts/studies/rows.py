"""A study's table that grows a row at a time, so that a run which was cut short goes on."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path


def write_row(path: Path, key: dict, measure: Callable[[], dict]) -> None:
    """Add ``key`` and what ``measure()`` finds to the table at ``path``, unless it has the key."""
    wanted = {name: str(value) for name, value in key.items()}
    known: list[dict] = []
    if path.exists():
        with path.open(newline="") as file:
            known = list(csv.DictReader(file))
    if any(wanted.items() <= row.items() for row in known):
        return
    row = key | measure()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if not known:
            writer.writeheader()
        writer.writerow(row)
    print(row, flush=True)
