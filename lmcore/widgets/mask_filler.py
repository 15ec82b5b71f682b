"""A trained masked language model fills gaps in the reader's text, in the page."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class MaskFiller(BookWidget):
    """The five likeliest tokens at each ``[MASK]`` of a text, with their probabilities.

    Opens at ``text``; ``examples`` are further texts to jump to. Raises ValueError for a model
    without a masked language model's head.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "mask_filler.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    text = traitlets.Unicode().tag(sync=True)
    examples = traitlets.List().tag(sync=True)

    def __init__(self, page_model: PageModel, text: str, *, examples: Sequence[str] = ()) -> None:
        tensors = {tensor["name"] for tensor in page_model.manifest["tensors"]}
        if "head.dense.weight" not in tensors:
            raise ValueError(f"{page_model.name} fills no gaps: a MaskedLM is needed")
        super().__init__(page_model=page_model, text=text, examples=list(examples))
