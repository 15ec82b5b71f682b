"""Texts one by one, out of what people keep them in: read as they are needed, never all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def read_texts(path: str | Path, field: str = "text") -> Iterator[str]:
    """The texts of a file: the values of ``field`` in JSON lines (.jsonl), else the paragraphs of
    a UTF-8 text, a blank line apart.

    Raises ValueError, in one line, naming the line, where the file is not what it should be.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is no file: a UTF-8 text, or JSON lines (.jsonl)")
    lines = _lines(path)
    return _from_json_lines(path, lines, field) if path.suffix == ".jsonl" else _paragraphs(lines)


def texts_of(rows: Iterable[Mapping[str, object]], field: str = "text") -> Iterator[str]:
    """The texts of any iterable of rows, such as a split of the ``datasets`` library, streamed or
    not.

    Raises ValueError for a row that has no text in ``field``.
    """
    for number, row in enumerate(rows):
        yield _text(row, field, f"row {number}")


def _from_json_lines(path: Path, lines: Iterator[str], field: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                raise ValueError(f"{path}, line {number}, is not JSON") from None
            yield _text(row, field, f"{path}, line {number},")


def _text(row: object, field: str, where: str) -> str:
    text = row.get(field) if isinstance(row, Mapping) else None
    if not isinstance(text, str):
        raise ValueError(f"{where} has no text in {field!r}")
    return text


def _paragraphs(lines: Iterator[str]) -> Iterator[str]:
    waiting: list[str] = []
    for line in lines:
        if line.strip():
            waiting.append(line)
        elif waiting:
            yield "".join(waiting).strip()
            waiting = []
    if waiting:
        yield "".join(waiting).strip()


def _lines(path: Path) -> Iterator[str]:
    number = 0
    with open(path, encoding="utf-8") as file:
        try:
            for number, line in enumerate(file, 1):  # noqa: B007
                yield line
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8 text behind line {number}: {error}") from None
