"""Running text: Wikipedia's leads and the State of the Union addresses."""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Document:
    """One text: a lead section or a speech.

    ``sentences`` joined by white space give ``text``. ``topic`` is one of ten, or None;
    ``description`` is Wikidata's short line on the article; ``neighbor`` is the title of the
    most similar article of the same split that another description fits.
    """

    title: str
    text: str
    sentences: tuple[str, ...] = ()
    topic: str | None = None
    description: str | None = None
    neighbor: str | None = None

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text's paragraphs."""
        return tuple(self.text.split("\n\n"))


def load_wikipedia(split: str) -> tuple[Document, ...]:
    """Lead sections of Wikipedia's vital articles (CC BY-SA 4.0), by split.

    ``split`` is "train" (7,697 documents), "validation" (808) or "test" (1,140); anything else
    raises ValueError.
    """
    return tuple(
        Document(
            title=row["title"],
            text=row["text"],
            sentences=tuple(_sentences(row["text"], row["sentences"])),
            topic=row["topic"],
            description=row["description"],
            neighbor=row.get("neighbor"),
        )
        for row in _rows("wikipedia.jsonl.xz")
        if row["split"] == check_split(split)
    )


def load_state_of_the_union(split: str) -> tuple[Document, ...]:
    """State of the Union addresses, 1934 to 2026 (public domain), split by speech.

    ``split`` is "train" (86 documents), "validation" (6) or "test" (13); anything else raises
    ValueError.
    """
    return tuple(
        Document(title=row["title"], text=row["text"])
        for row in _rows("state_of_the_union.jsonl.xz")
        if row["split"] == check_split(split)
    )


def check_split(split: str) -> str:
    """The split's name, if there is one of that name."""
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is unknown: one of {', '.join(SPLITS)}")
    return split


def read_file(name: str) -> str:
    """The text of a data file of the package, decompressed where it ends in .xz."""
    content = files("lmcore.data").joinpath("files", name).read_bytes()
    return (lzma.decompress(content) if name.endswith(".xz") else content).decode("utf-8")


@functools.cache
def _rows(name: str) -> tuple[dict, ...]:
    return tuple(json.loads(line) for line in read_file(name).splitlines())


def _sentences(text: str, lengths: Iterable[int]) -> Iterable[str]:
    """Cut ``text`` into sentences of the given lengths, white space between them left out."""
    start = 0
    for length in lengths:
        while text[start].isspace():
            start += 1
        yield text[start : start + length]
        start += length
