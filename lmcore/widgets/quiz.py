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
        if not questions:
            raise ValueError("a quiz needs at least one question")
        for question in questions:
            _check(question)
        super().__init__(questions=list(questions))


def _check(question: dict) -> None:
    """Raise ValueError, in one line, unless the question can teach."""
    title, options = question.get("question"), question.get("options")
    if not title or not options:
        raise ValueError(f"question {title!r} needs both 'question' and 'options'")
    if sum(bool(option.get("correct")) for option in options) != 1:
        raise ValueError(f"{title!r} needs exactly one correct option")
    for option in options:
        if not option.get("text"):
            raise ValueError(f"{title!r}: an option has no text")
        if not option.get("reason"):
            raise ValueError(f"{title!r}: option {option['text']!r} has no reason")
