"""Small labeled sets for fine-tuning, drawn from the Wikipedia leads."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lmcore.data.corpora import Document, load_wikipedia


@dataclass(frozen=True)
class Example:
    """A text, or a pair of texts, and the index of its label."""

    text: str
    text_pair: str | None
    label: int


@dataclass(frozen=True)
class Task:
    """A name, the labels' names, and examples."""

    name: str
    labels: tuple[str, ...]
    examples: tuple[Example, ...]


def word_order_task(split: str, size: int, seed: int) -> Task:
    """Is a sentence in its own order, or are all its words but the first shuffled?

    Half and half. The words are the same either way, so no count of words can tell.
    """
    sentences = _first_sentences(split)

    def build(number: int, words: list[str], chosen: random.Random) -> Example:
        label = number % 2
        if label:
            words = [words[0], *_shuffled(words[1:], chosen)]
        return Example(" ".join(words) + ".", None, label)

    return Task("word order", ("in order", "shuffled"), _draw(sentences, build, size, seed))


def replaced_word_task(split: str, size: int, seed: int) -> Task:
    """Is a sentence as it was, or is one of its words, not the first, out of another sentence?

    Half and half. The new word stood at a like place, neither first nor last, and is drawn as
    often as it occurs there; it may fit by chance.
    """
    sentences = _first_sentences(split)
    inner = [word for words in sentences for word in words[1:-1]]

    def build(number: int, words: list[str], chosen: random.Random) -> Example:
        label = number % 2
        if label:
            place = chosen.randrange(1, len(words) - 1)
            words = [*words[:place], _other(words[place], inner, chosen), *words[place + 1 :]]
        return Example(" ".join(words) + ".", None, label)

    return Task("replaced word", ("as it was", "replaced"), _draw(sentences, build, size, seed))


def topic_task(split: str, size: int, seed: int) -> Task:
    """Which of Wikipedia's ten topics is a lead about?"""
    documents = [d for d in load_wikipedia(split) if d.topic]
    labels = tuple(sorted({d.topic for d in documents}))

    def build(number: int, document: Document, chosen: random.Random) -> Example:
        return Example(document.text, None, labels.index(document.topic))

    return Task("topic", labels, _draw(documents, build, size, seed))


def description_task(split: str, size: int, seed: int) -> Task:
    """Does a short description fit a lead, or is it that of the most similar other article?"""
    by_title = {d.title: d for d in load_wikipedia(split)}
    documents = [d for d in by_title.values() if d.neighbor]

    def build(number: int, document: Document, chosen: random.Random) -> Example:
        label = number % 2
        source = document if label else by_title[document.neighbor]
        return Example(document.text, source.description, label)

    return Task("description", ("another's", "its own"), _draw(documents, build, size, seed))


def _first_sentences(split: str) -> list[list[str]]:
    """The words of each lead's first sentence, without its full stop, where there are 8 to 22."""
    return [
        words
        for document in load_wikipedia(split)
        for words in [document.sentences[0].rstrip(".").split()]
        if document.sentences[0].endswith(".") and 8 <= len(words) <= 22
    ]


def _draw(
    items: Sequence, build: Callable[[int, object, random.Random], Example], size: int, seed: int
) -> tuple[Example, ...]:
    """``size`` of the items, without replacement, the same for the same seed."""
    if not 1 <= size <= len(items):
        raise ValueError(f"size {size} is not allowed: from 1 to the {len(items)} there are")
    chosen = random.Random(seed)
    return tuple(
        build(number, item, chosen) for number, item in enumerate(chosen.sample(items, size))
    )


def _other(word: str, words: Sequence[str], chosen: random.Random) -> str:
    """One of ``words`` that is not ``word``."""
    while True:
        other = chosen.choice(words)
        if other != word:
            return other


def _shuffled(words: list[str], chosen: random.Random) -> list[str]:
    """The words in another order than their own, and no comma left before the full stop: it would
    give the shuffling away."""
    while True:
        other = chosen.sample(words, len(words))
        if other != words and other[-1][-1] not in ",;:":
            return other
