"""What ships is what its card says: counts, splits, spans, hashes."""

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from lmcore.data import (
    load_factbook,
    load_handwritten_questions,
    load_state_of_the_union,
    load_wikipedia,
)

SPLITS = ("train", "validation", "test")
FOLDER = Path(str(files("lmcore.data"))) / "files"
TOKENIZERS = Path(str(files("lmcore"))) / "tokenizers"
CARDS = Path(__file__).resolve().parents[2] / "book" / "data"


@pytest.mark.parametrize("folder", [FOLDER, TOKENIZERS], ids=["data", "tokenizers"])
def test_files_are_the_ones_that_the_cards_describe(folder):
    listed = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(listed) == {p.name for p in folder.iterdir()} - {"SHA256SUMS"}
    cards = "".join(p.read_text("utf-8") for p in CARDS.glob("*.md"))
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert digest in cards or name.startswith("LICENSE")


def test_cards_state_the_counts():
    leads, speeches, questions = (
        [load(split) for split in SPLITS]
        for load in (load_wikipedia, load_state_of_the_union, load_factbook)
    )
    card = (CARDS / "wikipedia.md").read_text("utf-8")
    words, sentences = (
        sum(len(measure(d)) for split in leads for d in split)
        for measure in (lambda d: d.text.split(), lambda d: d.sentences)
    )
    assert f"{sum(map(len, leads)):,} kept; {words:,} words, {sentences:,} sentences" in card
    assert "Train {:,}, validation {:,}, test {:,}".format(*map(len, leads)) in card

    card = (CARDS / "state_of_the_union.md").read_text("utf-8")
    words = sum(len(d.text.split()) for split in speeches for d in split)
    assert f"{sum(map(len, speeches))} addresses, {words:,} words" in card
    assert "Train {}, validation {}, test {}".format(*map(len, speeches)) in card

    card = (CARDS / "factbook.md").read_text("utf-8")
    everything = [q for split in questions for q in split]
    impossible = sum(q.is_impossible for q in everything)
    countries = [len({q.title for q in split}) for split in questions]
    assert f"{sum(countries)} countries" in card
    assert f"{len({q.context for q in everything})} paragraphs" in card
    assert f"{len(everything) - impossible:,} questions with an answer and {impossible:,}" in card
    assert "Train {} countries, validation {}, test {}".format(*countries) in card


def test_all_data_is_under_six_megabytes():
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 6_000_000


@pytest.mark.parametrize(
    ("load", "counts"),
    [(load_wikipedia, (7697, 808, 1140)), (load_state_of_the_union, (86, 6, 13))],
)
def test_splits_are_disjoint_and_of_known_size(load, counts):
    titles = [{d.title for d in load(split)} for split in SPLITS]
    assert tuple(len(t) for t in titles) == counts
    assert len(set.union(*titles)) == sum(counts)


def test_sentences_give_the_text_back():
    for document in load_wikipedia("test"):
        assert " ".join(document.sentences).split() == document.text.split()
    several = [d for d in load_wikipedia("train") if len(d.sentences) >= 3]
    assert len(several) > 5000


def test_there_are_ten_topics_and_no_split_lacks_one():
    for split in SPLITS:
        assert len({d.topic for d in load_wikipedia(split)} - {None}) == 10


def test_neighbors_stay_within_their_split():
    for split in SPLITS:
        titles = {d.title for d in load_wikipedia(split)}
        assert all(d.neighbor in titles for d in load_wikipedia(split) if d.neighbor)


@pytest.mark.parametrize("split", [*SPLITS, "handwritten"])
def test_every_answer_is_a_verbatim_span(split):
    questions = load_handwritten_questions() if split == "handwritten" else load_factbook(split)
    assert len({q.id for q in questions}) == len(questions)
    for question in questions:
        for answer, start in zip(question.answers, question.answer_starts, strict=True):
            assert question.context[start : start + len(answer)] == answer
    assert 0.2 < sum(q.is_impossible for q in questions) / len(questions) < 0.5


def test_every_paragraph_names_its_country():
    for split in SPLITS:
        assert all(q.title in q.context for q in load_factbook(split))


def test_questions_are_split_by_country():
    countries = [{q.title for q in load_factbook(split)} for split in SPLITS]
    assert not countries[0] & countries[1]
    assert not countries[0] & countries[2]
    assert not countries[1] & countries[2]
    assert {q.title for q in load_handwritten_questions()} <= countries[2]


def test_contexts_are_short():
    assert max(len(q.context.split()) for split in SPLITS for q in load_factbook(split)) <= 80


def test_no_answer_says_that_there_is_none():
    for split in SPLITS:
        for question in load_factbook(split):
            assert not any(a.lower().startswith(("none", "no ", "na ")) for a in question.answers)


@pytest.mark.parametrize("load", [load_wikipedia, load_state_of_the_union, load_factbook])
def test_an_unknown_split_is_refused(load):
    with pytest.raises(ValueError, match="split 'dev' is unknown: one of train, validation, test"):
        load("dev")
