"""Figures say what they show, follow dark mode, and depend on nothing."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1]
FIGURES = sorted((BOOK / "book" / "figures").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("path", FIGURES, ids=lambda p: p.stem)
def test_a_figure_is_labeled_small_and_theme_aware(path):
    text = path.read_text("utf-8")
    root = ET.fromstring(text)
    assert root.find(f"{SVG}title").text
    assert len(root.find(f"{SVG}desc").text) > 30
    assert float(root.get("viewBox").split()[2]) <= 720
    assert not re.search(r'(fill|stroke)="(black|white|#000|#fff|#000000|#ffffff)"', text)
    assert "<image" not in text
    assert not re.search(r'(href|src)="(?!#)', text)
    for node in root.iter(f"{SVG}text"):
        inherited = "currentColor" in text
        assert inherited or node.get("fill")


def sources():
    for path in sorted((BOOK / "book").rglob("*.md")):
        yield path.name, path.read_text("utf-8")
    for path in sorted((BOOK / "chapters").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        yield path.name, "\n".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")


@pytest.mark.parametrize(("name", "text"), list(sources()), ids=lambda v: v if len(v) < 40 else "")
def test_every_figure_in_use_exists_and_has_an_alternative_text(name, text):
    for match in re.finditer(r"```\{diagram\} (\S+)\n((?::.*\n)*)", text):
        assert (BOOK / "book" / "figures" / match[1]).is_file()
        alt = re.search(r":alt: (.+)", match[2])
        assert alt, f"{match[1]} has no alternative text"
        assert len(alt[1]) > 40
    assert not re.search(r"!\[\]\(", text), "a picture without an alternative text"


CHAPTERS = sorted((BOOK / "chapters").glob("*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_every_plot_of_a_chapter_has_an_alternative_text(path):
    plots = 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        if kinds & {"image/png", "image/svg+xml"}:
            plots += 1
            said = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(said) > 60, cell["source"]
    assert plots
