"""Build a prompt from examples and watch a trained model's answer change with their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class PromptBuilder(BookWidget):
    """Lines of key and value, a question, and the model's answer at 0 to ``most`` examples.

    ``tasks`` maps a name to the value that each of ``keys`` has under it, all by token id; words
    come from the page model's tokenizer. With ``repeat`` examples are drawn with replacement, so
    that the answer may stand in the prompt; without, the question is never among them. With
    ``meanings`` the reader may give each key any of these values by hand. Opens at ``examples``
    examples of the first task, asking for ``question``.

    Raises ValueError where a task does not cover the keys, or the prompt exceeds the context.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "prompt_builder.js")
    page_model = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    key_ids = traitlets.List().tag(sync=True)  # "keys" is ipywidgets' own
    tasks = traitlets.List().tag(sync=True)
    meanings = traitlets.List().tag(sync=True)
    line_end = traitlets.Int().tag(sync=True)
    repeat = traitlets.Bool().tag(sync=True)
    most = traitlets.Int().tag(sync=True)
    examples = traitlets.Int().tag(sync=True)
    question = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        page_model: PageModel,
        keys: Sequence[int],
        tasks: Mapping[str, Sequence[int]],
        *,
        line_end: int,
        most: int,
        examples: int = 1,
        question: int | None = None,
        repeat: bool = False,
        meanings: Sequence[int] = (),
    ) -> None:
        context = page_model.manifest["config"]["context_length"]
        if 3 * most + 1 > context:
            raise ValueError(f"{most} examples and a question exceed a context of {context}")
        if not repeat and most >= len(keys):
            raise ValueError(f"{most} examples and a question need {most + 1} keys: {len(keys)}")
        for name, values in tasks.items():
            if len(values) != len(keys):
                raise ValueError(f"task {name!r} has {len(values)} values for {len(keys)} keys")
        if not 0 <= examples <= most:
            raise ValueError(f"examples {examples} is not allowed: from 0 to {most}")
        question = keys[0] if question is None else question
        if question not in keys:
            raise ValueError(f"question {question} is none of the keys")
        super().__init__(
            page_model=page_model,
            key_ids=list(keys),
            tasks=[{"name": name, "values": list(values)} for name, values in tasks.items()],
            meanings=list(meanings),
            line_end=line_end,
            repeat=repeat,
            most=most,
            examples=examples,
            question=question,
        )
