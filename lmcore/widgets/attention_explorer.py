"""Where a trained model's heads look, on whatever the reader types."""

from __future__ import annotations

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class AttentionExplorer(BookWidget):
    """The attention weights of one head as a matrix, computed in the page.

    Opens at ``text`` with the given ``layer`` and ``head`` (counted from 1).
    Raises ValueError for a layer or head that the model does not have.
    """

    _esm = compose(*MODEL_SCRIPTS, "attention_explorer.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    text = traitlets.Unicode().tag(sync=True)
    layer = traitlets.Int(1).tag(sync=True)
    head = traitlets.Int(1).tag(sync=True)

    def __init__(self, page_model: PageModel, text: str, *, layer: int = 1, head: int = 1) -> None:
        config = page_model.manifest["config"]
        for name, value, most in (
            ("layer", layer, config["num_layers"]),
            ("head", head, config["num_heads"]),
        ):
            if not 1 <= value <= most:
                raise ValueError(f"{name} {value} is not allowed: from 1 to {most}")
        super().__init__(page_model=page_model, text=text, layer=layer, head=head)
