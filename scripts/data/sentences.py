"""Sentences of clean prose: split where a full stop ends one, not where it abbreviates."""

from __future__ import annotations

import re

_ABBREVIATIONS = {
    "mr", "mrs", "ms", "dr", "st", "sr", "jr", "prof", "gen", "col", "lt", "capt", "rev", "hon",
    "vs", "etc", "inc", "ltd", "co", "corp", "c", "ca", "fl", "r", "b", "d", "no", "nos", "vol",
    "e.g", "i.e", "cf", "al", "approx", "pron", "lit", "u.s", "u.k", "u.n", "a.k.a", "d.c", "b.c",
    "a.d", "mt", "ft", "sgt", "maj", "gov", "sen", "rep", "pres",
}  # fmt: skip
_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9À-Þ])")


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text``; joined by a space they give it back."""
    sentences, start = [], 0
    for match in _END.finditer(text):
        word = text[start : match.start()].rsplit(None, 1)[-1].lstrip("(\"'“‘[").lower()
        initial = len(word) == 1 and word.isalpha()
        if text[match.start()] == "." and (initial or word in _ABBREVIATIONS):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences
