"""What temperature makes of a trained teacher's logits, and what a student is told by them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class SoftTargets(BookWidget):
    """The teacher's distribution at one ``[MASK]``, softened by a temperature, beside the label.

    Each example is ``{"text": …, "answer": …}``: a sentence with one ``[MASK]`` and the token that
    stood there. Opens at T = 2, DistilBERT's. The student's own distribution gives the loss.
    Raises ValueError for an example without exactly one ``[MASK]``, or for an answer that is no
    single token.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "soft_targets.js")
    teacher = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    student = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    examples = traitlets.List().tag(sync=True)
    temperature = traitlets.Float(2.0).tag(sync=True)

    def __init__(self, teacher: PageModel, student: PageModel, examples: Sequence[dict]) -> None:
        if not examples:
            raise ValueError("at least one example is needed")
        for example in examples:
            if example["text"].count("[MASK]") != 1:
                raise ValueError(f"{example['text']!r} needs exactly one [MASK]")
            if example["answer"] not in json.loads(teacher.tokenizer)["model"]["vocab"]:
                raise ValueError(f"answer {example['answer']!r} is no single token")
        super().__init__(teacher=teacher, student=student, examples=list(examples))
