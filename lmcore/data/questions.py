"""Questions whose answer is a span of a paragraph, or nowhere in it (SQuAD 2.0's format)."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from lmcore.data.corpora import check_split, read_file


@dataclass(frozen=True)
class Question:
    """A question about ``context``; ``answers`` are verbatim spans of it that begin at
    ``answer_starts``, none where it is impossible to answer. ``title`` is the country."""

    id: str
    title: str
    context: str
    question: str
    answers: tuple[str, ...]
    answer_starts: tuple[int, ...]

    @property
    def is_impossible(self) -> bool:
        """Whether the context holds no answer."""
        return not self.answers


def load_factbook(split: str) -> tuple[Question, ...]:
    """Questions over the World Factbook of 2025 (public domain), split by country.

    ``split`` is "train", "validation" or "test"; anything else raises ValueError.
    """
    check_split(split)
    return tuple(q for part, q in _questions("factbook.json.xz") if part == split)


def load_handwritten_questions() -> tuple[Question, ...]:
    """Forty questions written by hand on the Factbook's narrative paragraphs, about countries of
    the test split: for testing only, never for training or choosing."""
    return tuple(q for _, q in _questions("handwritten_questions.json"))


@functools.cache
def _questions(name: str) -> tuple[tuple[str, Question], ...]:
    found = []
    for article in json.loads(read_file(name))["data"]:
        for paragraph in article["paragraphs"]:
            for row in paragraph["qas"]:
                question = Question(
                    id=row["id"],
                    title=article["title"],
                    context=paragraph["context"],
                    question=row["question"],
                    answers=tuple(a["text"] for a in row["answers"]),
                    answer_starts=tuple(a["answer_start"] for a in row["answers"]),
                )
                found.append((article["split"], question))
    return tuple(found)
