"""A teacher and its student fill the same gap in the page, each with its size and its time."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class MaskComparison(BookWidget):
    """The likeliest tokens at the first ``[MASK]`` of a text by two models, side by side.

    Parameters and packed bytes are the models'; milliseconds are measured in the reader's browser,
    the median of several passes in turn. Raises ValueError for a model without a masked language
    model's head.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "mask_comparison.js")
    teacher = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    student = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    text = traitlets.Unicode().tag(sync=True)
    examples = traitlets.List().tag(sync=True)

    def __init__(
        self, teacher: PageModel, student: PageModel, text: str, *, examples: Sequence[str] = ()
    ) -> None:
        for one in (teacher, student):
            if "head.dense.weight" not in {tensor["name"] for tensor in one.manifest["tensors"]}:
                raise ValueError(f"{one.name} fills no gaps: a MaskedLM is needed")
        super().__init__(teacher=teacher, student=student, text=text, examples=list(examples))
