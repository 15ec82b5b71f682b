"""What temperature, top-k and nucleus make of a trained model's next-token odds."""

from __future__ import annotations

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class SamplingExplorer(BookWidget):
    """The odds of the token behind ``text``: what is cut, what is left, and how undecided it is.

    ``stop`` stands for an empty text.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "sampling_explorer.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    text = traitlets.Unicode().tag(sync=True)
    stop = traitlets.Int(help="the id that ends a text").tag(sync=True)

    def __init__(self, page_model: PageModel, text: str, *, stop: int = 0) -> None:
        super().__init__(page_model=page_model, text=text, stop=stop)
