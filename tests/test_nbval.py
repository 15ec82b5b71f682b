"""The notebook check has teeth: a tagged output that is wrong fails, an untagged one may differ."""

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

CHAPTER = Path(__file__).resolve().parents[1] / "chapters" / "01_gpt1.ipynb"
TAG = "nbval-check-output"


def check(notebook, folder):
    path = folder / "planted.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), str(path)], capture_output=True, text=True, cwd=folder
    )
    return done.returncode


@pytest.fixture(scope="module")
def ledger():
    """Chapter 1's ledger as a notebook of one cell, with its kept output."""
    chapter = nbformat.read(CHAPTER, as_version=4)
    chapter.metadata.pop("widgets", None)
    (cell,) = [c for c in chapter.cells if c.source.endswith('ledger_table(preset("gpt1"))')]
    cell.source = "from lmcore import preset\n" + cell.source
    chapter.cells = [cell]
    return chapter


def planted(notebook):
    wrong = copy.deepcopy(notebook)
    data = wrong.cells[0].outputs[0].data
    for kind in data:
        data[kind] = data[kind].replace("116,534,784", "116,534,785")
    return wrong


def test_the_kept_output_passes(ledger, tmp_path):
    assert TAG in ledger.cells[0].metadata.tags
    assert check(ledger, tmp_path) == 0


def test_a_wrong_number_in_a_tagged_cell_fails(ledger, tmp_path):
    assert check(planted(ledger), tmp_path) == 1


def test_an_untagged_cell_may_differ(ledger, tmp_path):
    free = planted(ledger)
    free.cells[0].metadata.tags = []
    assert check(free, tmp_path) == 0


def test_the_chapter_tags_what_carries_it_and_was_run():
    chapter = nbformat.read(CHAPTER, as_version=4)
    code = [c for c in chapter.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code)
    assert sum(TAG in c.metadata.get("tags", []) for c in code) >= 6
    assert max(len(c.source.splitlines()) for c in code) <= 30
