"""Questions with a reason for every option: being wrong is where one learns."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets

from lmcore.widgets.base import BookWidget, compose


class Quiz(BookWidget):
    """Multiple choice without a kernel.

    Each question is ``{"question": …, "options": [{"text": …, "correct": bool, "reason": …}]}``.
    Raises ValueError unless each question has one correct option and a reason for every option.
    """

    _esm = compose("quiz.js")
    questions = traitlets.List().tag(sync=True)

    def __init__(self, questions: Sequence[dict]) -> None:
        for question in questions:
            title, options = question["question"], question["options"]
            if sum(option["correct"] for option in options) != 1:
                raise ValueError(f"{title!r} needs exactly one correct option")
            for option in options:
                if not option["reason"]:
                    raise ValueError(f"{title!r}: option {option['text']!r} has no reason")
        super().__init__(questions=list(questions))
