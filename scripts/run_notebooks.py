"""Execute notebooks in place and keep what a reader needs: outputs, widget state, cell tags.

Volatile metadata (timings, kernel versions) is stripped, so that two runs differ only where the
results do. A notebook is written whole or, where a cell fails, not at all.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KEPT_CELL_METADATA = {"tags", "mystnb", "jupyter", "editable", "slideshow"}
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def strip(notebook: nbformat.NotebookNode) -> None:
    """Drop metadata that changes from run to run."""
    widgets = notebook.metadata.get("widgets")
    notebook.metadata = nbformat.from_dict(KERNEL | {"language_info": {"name": "python"}})
    if widgets:
        notebook.metadata["widgets"] = widgets
    for cell in notebook.cells:
        for key in set(cell.metadata) - KEPT_CELL_METADATA:
            del cell.metadata[key]


def run(path: Path) -> None:
    """Execute one notebook from its own folder and write it back."""
    begin = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    client = NotebookClient(
        notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    strip(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    size = path.stat().st_size / 1e6
    print(f"{path}: {time.perf_counter() - begin:.0f} s, {size:.2f} MB")


def main() -> int:
    """Run the notebooks named on the command line."""
    for name in sys.argv[1:]:
        try:
            run(Path(name))
        except CellExecutionError as error:
            print(f"{name}: a cell failed, the file is left as it was\n{error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
