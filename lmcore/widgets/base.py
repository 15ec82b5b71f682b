"""What every widget of the book shares: one look, one way to reach its JavaScript.

A widget is an anywidget whose arithmetic runs in the browser, so that it moves in JupyterLab and
in the static page alike. Its script is one module, joined from plain files: a page opened from a
disk may load no others.
"""

from __future__ import annotations

from importlib.resources import files

import anywidget

_FOLDER = files("lmcore.widgets")


def compose(*names: str) -> str:
    """The named JavaScript files as one module, the shared helpers first."""
    return "\n".join(_FOLDER.joinpath(name).read_text("utf-8") for name in ("dom.js", *names))


class BookWidget(anywidget.AnyWidget):
    """A widget with the book's style and a printed form that is the same at each run."""

    _css = _FOLDER.joinpath("widgets.css").read_text("utf-8")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
