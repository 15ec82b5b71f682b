"""The pages around the chapters say what the code does: examples run, tables are complete."""

import doctest
import importlib.util
import json
import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

import lmcore
from lmcore import PRESETS, preset

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture(scope="module")
def made():
    """The extension that makes pages from code."""
    path = BOOK / "_ext" / "made_from_code.py"
    spec = importlib.util.spec_from_file_location("made_from_code", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name):
    return (BOOK / name).read_text("utf-8")


# prerequisites


def test_the_examples_of_the_prerequisites_print_what_they_say():
    blocks = re.findall(r"```pycon\n(.*?)```", page("prerequisites.md"), re.DOTALL)
    parsed = doctest.DocTestParser().get_doctest("".join(blocks), {}, "prerequisites", None, 0)
    assert len(parsed.examples) > 20
    result = doctest.DocTestRunner(verbose=False).run(parsed)
    assert result.failed == 0
