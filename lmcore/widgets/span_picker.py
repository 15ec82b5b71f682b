"""A trained reader's scores over a passage, and what a threshold makes of them (BERT, 4.2, 4.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import traitlets

from lmcore.objectives.spans import AskedQuestion, SpanWindow
from lmcore.widgets.base import BookWidget, compose

DIGITS = 4  # of a score, in the page


class SpanPicker(BookWidget):
    """Start and end scores over a passage, the best span, and no answer below a threshold.

    An example is ``{"question": str, "tokens": [str], "starts": [float], "ends": [float],
    "null_score": float, "answer": str | None}``: the passage's tokens with the white space before
    them, the scores of each, S·T + E·T of ``[CLS]``, and what is right (None: no answer);
    :func:`span_example` makes one. A span is the answer where its score exceeds the null score by
    more than ``threshold``.

    Raises ValueError, in one line, for an example that does not fit together.
    """

    _esm = compose("span_picker.js")
    examples = traitlets.List().tag(sync=True)
    threshold = traitlets.Float(0.0).tag(sync=True)

    def __init__(self, examples: Sequence[dict], threshold: float = 0.0) -> None:
        if not examples:
            raise ValueError("a span picker needs at least one example")
        if not math.isfinite(threshold):
            raise ValueError(f"threshold {threshold} is not allowed: a finite number")
        for example in examples:
            _check(example)
        super().__init__(examples=[_rounded(example) for example in examples], threshold=threshold)


def span_example(
    asked: AskedQuestion, window: SpanWindow, starts: Sequence[float], ends: Sequence[float]
) -> dict:
    """An example from a window and a :class:`~lmcore.SpanExtractor`'s scores of it, (T,) each.

    Raises ValueError where there are not as many scores as tokens.
    """
    length = len(window.ids)
    if len(starts) != length or len(ends) != length:
        raise ValueError(
            f"{len(starts)} start and {len(ends)} end scores for a window of {length} tokens"
        )
    inside = [i for i, offset in enumerate(window.offsets) if offset is not None]
    tokens, behind = [], window.offsets[inside[0]][0]
    for i in inside:
        tokens.append(asked.context[behind : window.offsets[i][1]])
        behind = window.offsets[i][1]
    return {
        "question": asked.question,
        "tokens": tokens,
        "starts": [float(starts[i]) for i in inside],
        "ends": [float(ends[i]) for i in inside],
        "null_score": float(starts[0] + ends[0]),
        "answer": asked.answers[0] if asked.answers else None,
    }


def _rounded(example: dict) -> dict:
    scores = {key: [round(float(v), DIGITS) for v in example[key]] for key in ("starts", "ends")}
    return dict(example) | scores | {"null_score": round(float(example["null_score"]), DIGITS)}


def _check(example: dict) -> None:
    """Raise ValueError, in one line, unless the example fits together."""
    missing = {"question", "tokens", "starts", "ends", "null_score", "answer"} - set(example)
    title = example.get("question")
    if missing:
        raise ValueError(f"example {title!r} has no {', '.join(sorted(missing))}")
    if not title or not isinstance(title, str):
        raise ValueError(f"question {title!r} is not allowed: some text")
    tokens, answer = example["tokens"], example["answer"]
    if not tokens or not all(isinstance(token, str) for token in tokens):
        raise ValueError(f"{title!r}: tokens are needed, each a text")
    for key in ("starts", "ends"):
        if len(example[key]) != len(tokens):
            raise ValueError(f"{title!r}: {len(example[key])} {key} for {len(tokens)} tokens")
    if not all(map(math.isfinite, [*example["starts"], *example["ends"], example["null_score"]])):
        raise ValueError(f"{title!r}: every score must be a finite number")
    if answer is not None and not (isinstance(answer, str) and answer):
        raise ValueError(f"{title!r}: answer {answer!r} is not allowed: some text, or None")
