"""What the notebooks keep of the widgets is what the package has."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture(scope="module")
def refresh():
    path = ROOT / "scripts" / "refresh_widgets.py"
    spec = importlib.util.spec_from_file_location("refresh_widgets", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_no_notebook_keeps_an_old_script(path, refresh):
    notebook = nbformat.read(path, as_version=4)
    kept = notebook.metadata["widgets"][refresh.STATE]["state"]
    assert any("_esm" in model["state"] for model in kept.values())
    outdated = {state["_anywidget_id"] for state, *_ in refresh.stale(notebook)}
    assert not outdated, "run scripts/refresh_widgets.py"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_notebooks_stay_light(path):
    assert path.stat().st_size < 3_000_000
