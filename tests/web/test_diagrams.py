"""``{diagram}``: a numbered figure in the page itself; a warning for what a reader would miss."""

import io
import sys
from pathlib import Path

import pytest
from sphinx.application import Sphinx

EXTENSIONS = Path(__file__).resolve().parents[2] / "book" / "_ext"
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" role="img" aria-labelledby="t">
<title id="t">old</title><marker id="tip"/><path marker-end="url(#tip)"/></svg>"""
PAGE = """# Title

See {{numref}}`fig-x`.

```{{diagram}} {file}
:name: fig-x
{alt}

A *caption*.
```
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build one page with one diagram; return its HTML and the warnings."""
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    sys.modules.pop("diagrams", None)
    import diagrams

    monkeypatch.setattr(diagrams, "FIGURES", tmp_path / "figures")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "box.svg").write_text(SVG)

    def start(file="box.svg", alt=':alt: A "box" <of> text'):
        source, out = tmp_path / "source", tmp_path / "out"
        source.mkdir()
        (source / "index.md").write_text(PAGE.format(file=file, alt=alt))
        warnings = io.StringIO()
        settings = {"extensions": ["myst_parser", "diagrams"], "numfig": True, "root_doc": "index"}
        app = Sphinx(
            source, None, out, out, "html", settings, status=io.StringIO(), warning=warnings
        )
        app.build()
        return (out / "index.html").read_text("utf-8"), warnings.getvalue()

    yield start
    sys.modules.pop("diagrams", None)


def test_the_drawing_is_in_the_page_with_its_label_and_number(build):
    page, warnings = build()
    assert not warnings
    assert '<svg role="img" aria-label="A &quot;box&quot; &lt;of> text"' in page
    assert 'id="box-tip"' in page
    assert "url(#box-tip)" in page
    assert 'aria-labelledby="t"' not in page
    assert 'href="#fig-x"><span class="std std-numref">Fig. 1</span>' in page
    assert "A <em>caption</em>." in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alt": ""}, "an :alt: text is needed"),
        ({"file": "none.svg"}, "no such file in book/figures"),
    ],
)
def test_what_is_missing_is_a_warning(build, change, message):
    page, warnings = build(**change)
    assert message in warnings
    assert "<svg role" not in page
