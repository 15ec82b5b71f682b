"""Real sentences beside altered ones, to ask a language model which it prefers."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from lmcore.data.corpora import Document, load_wikipedia

CHANGES = ("shuffled", "swapped", "replaced", "matched")
SHORTEST, LONGEST = 8, 22  # words
MARKS = ".,;:()\"'"


@dataclass(frozen=True)
class MinimalPair:
    """A sentence as it was written, and the same with one thing changed."""

    real: str
    altered: str


def minimal_pairs(split: str, change: str, size: int, seed: int) -> tuple[MinimalPair, ...]:
    """``size`` sentences of ``split``, each the first of its article, beside an altered copy.

    ``change`` is "shuffled" (all words but the first in another order), "swapped" (two
    neighboring words change places), "replaced" (one word gives way to another of the training
    articles, drawn by how often it stands there) or "matched" (as before, but the other word has
    followed the same left neighbor in the training articles, so that a count of word pairs
    cannot object to it from the left). The first word is never touched, punctuation stays.

    Raises ValueError for another ``change``, or more pairs than there are sentences.
    """
    if change not in CHANGES:
        raise ValueError(f"change {change!r} is unknown: one of {', '.join(CHANGES)}")
    sentences = [words for document in load_wikipedia(split) if (words := _words(document))]
    if not 1 <= size <= len(sentences):
        raise ValueError(f"size {size} is not allowed: from 1 to the {len(sentences)} there are")
    chosen = random.Random(seed)
    alter = {
        "shuffled": _shuffled, "swapped": _swapped, "replaced": _replaced, "matched": _matched,
    }[change]  # fmt: skip
    return tuple(
        MinimalPair(" ".join(words) + ".", " ".join(alter(words, chosen)) + ".")
        for words in chosen.sample(sentences, size)
    )


def _words(document: Document) -> list[str] | None:
    """The words of a lead's first sentence, if it is one and of middling length."""
    sentence = document.sentences[0]
    words = sentence.rstrip(".").split()
    return words if sentence.endswith(".") and SHORTEST <= len(words) <= LONGEST else None


def _swapped(words: list[str], chosen: random.Random) -> list[str]:
    while True:
        at = chosen.randrange(1, len(words) - 1)
        other = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
        if other != words and other[-1][-1] not in ",;:":  # a comma before the full stop tells
            return other


def _shuffled(words: list[str], chosen: random.Random) -> list[str]:
    while True:
        other = [words[0], *chosen.sample(words[1:], len(words) - 1)]
        if other != words and other[-1][-1] not in ",;:":
            return other


def _replaced(words: list[str], chosen: random.Random) -> list[str]:
    at = chosen.choice([i for i, word in enumerate(words) if i and word.strip(MARKS)])
    return _exchange(words, at, _training_words(), chosen)


def _matched(words: list[str], chosen: random.Random) -> list[str]:
    """The other word comes from those that followed the left neighbor in training."""
    choices = {
        i: follow
        for i in range(1, len(words))
        if words[i].strip(MARKS) and len(set(follow := _followers().get(words[i - 1], ()))) > 1
    }
    at = chosen.choice(sorted(choices))
    return _exchange(words, at, choices[at], chosen)


def _exchange(words: list[str], at: int, others: Sequence[str], chosen: random.Random) -> list[str]:
    core = words[at].strip(MARKS)
    other = chosen.choice(others)
    while other == core:
        other = chosen.choice(others)
    return [*words[:at], words[at].replace(core, other, 1), *words[at + 1 :]]


@functools.cache
def _followers() -> dict[str, list[str]]:
    """For each word of the training articles, the words that came next, as often as they did,
    no marks at their ends."""
    found: dict[str, list[str]] = {}
    for document in load_wikipedia("train"):
        for left, right in itertools.pairwise(document.text.split()):
            if core := right.strip(MARKS):
                found.setdefault(left, []).append(core)
    return found


@functools.cache
def _training_words() -> tuple[str, ...]:
    """Every word of the training articles that follows another, as often as it does."""
    return tuple(itertools.chain.from_iterable(_followers().values()))
