"""Give the notebooks' saved widgets the package's present script and style, without a new run.

A notebook keeps a copy of each widget's JavaScript beside its state. After a change to a script
this brings the copies up to date; a change to a widget's *state* needs `make notebooks`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

import lmcore.widgets

STATE = "application/vnd.jupyter.widget-state+json"


def stale(notebook: nbformat.NotebookNode) -> list[tuple[dict, str, str]]:
    """The saved states whose script or style is not the package's: (state, key, present text)."""
    saved = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    found = []
    for model in saved.values():
        state = model["state"]
        module, _, name = state.get("_anywidget_id", "").rpartition(".")
        if not module.startswith("lmcore.widgets"):
            continue
        widget = getattr(lmcore.widgets, name)
        for key in ("_esm", "_css"):
            present = str(getattr(widget, key))
            if state.get(key) != present:
                found.append((state, key, present))
    return found


def main() -> None:
    """Refresh the notebooks named on the command line."""
    for name in sys.argv[1:]:
        notebook = nbformat.read(name, as_version=4)
        changes = stale(notebook)
        for state, key, present in changes:
            state[key] = present
        if changes:
            nbformat.write(notebook, Path(name))
        print(f"{name}: {len(changes)} copies refreshed")


if __name__ == "__main__":
    main()
