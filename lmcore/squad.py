"""SQuAD's scoring, by its official rules, and the answers of a model (BERT, sections 4.2, 4.3)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lmcore.encoders import SpanExtractor
from lmcore.objectives.spans import AskedQuestion, SpanText

LONGEST_ANSWER = 30  # tokens, as in BERT's code


@dataclass(frozen=True)
class Answer:
    """The best span of a passage, its score S·T_i + E·T_j, and the null answer's at ``[CLS]``."""

    text: str
    score: float
    null_score: float

    def given(self, threshold: float) -> str:
        """The span where it beats no answer by more than ``threshold``, else ""."""
        return self.text if self.score > self.null_score + threshold else ""


@dataclass(frozen=True)
class SquadScores:
    """Exact match and F1, from 0 to 1: over all questions, those with an answer, those without."""

    exact: float
    f1: float
    answerable_exact: float
    answerable_f1: float
    unanswerable: float


@torch.no_grad()
def predict_answers(
    model: SpanExtractor, questions: Sequence[AskedQuestion], text: SpanText, batch_size: int = 64
) -> list[Answer]:
    """An answer to each of ``questions``, from their windows in ``text``.

    A span starts before it ends, is at most 30 tokens long and lies in the passage; the best over
    all windows counts. The null score is the least of the windows', as in the official code.
    """
    device = next(model.parameters()).device
    best = [Answer("", float("-inf"), float("inf")) for _ in questions]
    windows = iter(text.windows)
    for batch in text.in_order(batch_size):
        scores = model({name: tensor.to(device) for name, tensor in batch.items()}).cpu()
        for starts, ends in scores:  # (T,) each
            window = next(windows)
            old = best[window.question]
            null = (starts[0] + ends[0]).item()
            score, (first, last) = best_span(starts, ends, window.offsets)
            span = questions[window.question].context[first:last]
            kept = (span, score) if score > old.score else (old.text, old.score)
            best[window.question] = Answer(*kept, null_score=min(null, old.null_score))
    return best


def best_span(
    starts: torch.Tensor, ends: torch.Tensor, offsets: Sequence[tuple[int, int] | None]
) -> tuple[float, tuple[int, int]]:
    """The best legal span of one window: its score and its characters in the passage."""
    inside = torch.tensor([offset is not None for offset in offsets])
    length = len(offsets)
    table = starts[:length, None] + ends[None, :length]  # (T, T): from row to column
    legal = inside[:, None] & inside[None, :]
    legal &= torch.ones(length, length, dtype=torch.bool).triu()
    legal &= torch.ones(length, length, dtype=torch.bool).tril(LONGEST_ANSWER - 1)
    score, index = table.masked_fill(~legal, float("-inf")).flatten().max(0)
    first, last = divmod(index.item(), length)
    return score.item(), (offsets[first][0], offsets[last][1])


def normalize_answer(text: str) -> str:
    """Lower case; no punctuation, no articles, single spaces (the official script's rules)."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(given: str, golds: Sequence[str]) -> float:
    """1.0 where ``given`` is one of ``golds`` after normalization; no golds: where it is empty."""
    return float(any(normalize_answer(given) == normalize_answer(g) for g in golds or [""]))


def f1_score(given: str, golds: Sequence[str]) -> float:
    """The best overlap of words with any of ``golds``; with no golds, 1.0 for an empty answer."""
    return max(_overlap(normalize_answer(given).split(), gold) for gold in _words(golds))


def squad_scores(given: Sequence[str], questions: Sequence[AskedQuestion]) -> SquadScores:
    """Score the texts ``given``, one a question; "" stands for no answer.

    Raises ValueError where there are not as many of both, or not both kinds of question.
    """
    if len(given) != len(questions):
        raise ValueError(f"{len(given)} answers to {len(questions)} questions: one each")
    exact = [exact_match(text, q.answers) for text, q in zip(given, questions, strict=True)]
    f1 = [f1_score(text, q.answers) for text, q in zip(given, questions, strict=True)]
    answerable = [i for i, q in enumerate(questions) if q.answers]
    unanswerable = [i for i, q in enumerate(questions) if not q.answers]

    def mean(values: list[float], rows: Sequence[int]) -> float:
        return sum(values[i] for i in rows) / len(rows) if rows else float("nan")

    return SquadScores(
        exact=mean(exact, range(len(exact))),
        f1=mean(f1, range(len(f1))),
        answerable_exact=mean(exact, answerable),
        answerable_f1=mean(f1, answerable),
        unanswerable=mean(exact, unanswerable),
    )


def best_threshold(answers: Sequence[Answer], questions: Sequence[AskedQuestion]) -> float:
    """The threshold that gives the best F1 on these questions; choose it on validation data."""
    gains = sorted(
        (
            answer.score - answer.null_score,
            f1_score(answer.text, q.answers) - f1_score("", q.answers),
        )
        for answer, q in zip(answers, questions, strict=True)
    )
    # Below every margin all spans are given; raising it past one takes that one's gain back.
    best, threshold, total = 0.0, float("-inf"), 0.0
    for margin, gain in gains:
        total -= gain
        if total > best:
            best, threshold = total, margin
    return threshold


def _words(golds: Sequence[str]) -> list[list[str]]:
    return [normalize_answer(gold).split() for gold in golds] or [[]]


def _overlap(given: list[str], gold: list[str]) -> float:
    if not given or not gold:
        return float(given == gold)
    common = sum((Counter(given) & Counter(gold)).values())
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(gold)
    return 2 * precision * recall / (precision + recall)
