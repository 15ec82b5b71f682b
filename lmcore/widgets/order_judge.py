"""Two texts of the reader's, and what a sentence-order model and a next-sentence model say."""

from __future__ import annotations

from collections.abc import Mapping

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class OrderJudge(BookWidget):
    """The probability that B follows A, by ``order_model`` and, if given, by ``next_model``.

    ``examples`` maps a name to two texts to jump to; the widget opens at the first. Both models
    have ``order_model``'s tokenizer. Raises ValueError for a model without a pair head, or where
    there is no example.
    """

    _esm = compose(*MODEL_SCRIPTS, "order_judge.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    rival = traitlets.Instance(PageModel, allow_none=True).tag(sync=True, **widget_serialization)
    examples = traitlets.List().tag(sync=True)

    def __init__(
        self,
        order_model: PageModel,
        examples: Mapping[str, tuple[str, str]],
        *,
        next_model: PageModel | None = None,
    ) -> None:
        for model in (order_model, next_model):
            if model is not None:
                tensors = {tensor["name"] for tensor in model.manifest["tensors"]}
                if "pair.weight" not in tensors:
                    raise ValueError(f"{model.name} judges no pairs: a pair head is needed")
        if not examples:
            raise ValueError("no examples: the widget opens at the first")
        texts = [{"name": n, "first": a, "second": b} for n, (a, b) in examples.items()]
        super().__init__(page_model=order_model, rival=next_model, examples=texts)
