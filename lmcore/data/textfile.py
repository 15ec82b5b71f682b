"""A reader's own text file as documents."""

from __future__ import annotations

import re
from pathlib import Path

from lmcore.data.corpora import Document


def load_text_file(path: str | Path) -> dict[str, tuple[Document, ...]]:
    """Paragraphs, set off by blank lines, as documents with their sentences: the first nine
    tenths under "train", the rest under "validation".

    Raises ValueError, in one line, where the file is missing, is not UTF-8, or has fewer than two
    paragraphs.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise ValueError(f"{path} is no text file") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}") from None
    paragraphs = [p.strip() for p in re.split(r"\n\s*\n", text) if p.strip()]
    if len(paragraphs) < 2:
        raise ValueError(
            f"{path} has {len(paragraphs)} paragraphs: at least two, a blank line apart"
        )
    documents = [
        Document(f"{Path(path).name}:{number}", p, tuple(re.split(r"(?<=[.!?])\s+", p)))
        for number, p in enumerate(paragraphs)
    ]
    cut = min(max(round(0.9 * len(documents)), 1), len(documents) - 1)
    return {"train": tuple(documents[:cut]), "validation": tuple(documents[cut:])}
