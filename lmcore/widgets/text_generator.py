"""A trained model continues the reader's text, in the page."""

from __future__ import annotations

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class TextGenerator(BookWidget):
    """Sampling token by token with temperature, top-k and top-p; the next one's odds are drawn."""

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "text_generator.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    prompt = traitlets.Unicode().tag(sync=True)
    stop = traitlets.Int(help="the id that ends a text").tag(sync=True)

    def __init__(self, page_model: PageModel, prompt: str, *, stop: int = 0) -> None:
        super().__init__(page_model=page_model, prompt=prompt, stop=stop)
