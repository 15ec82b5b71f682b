"""The labeled sets: balanced, reproducible, and with no cue in the bag of words."""

from pathlib import Path

import pytest

from lmcore.data import (
    description_task,
    load_wikipedia,
    replaced_word_task,
    topic_task,
    word_order_task,
)

TASKS = [word_order_task, replaced_word_task, topic_task, description_task]


@pytest.mark.parametrize("build", TASKS)
def test_a_seed_gives_the_same_examples_and_another_others(build):
    assert build("train", 50, 0) == build("train", 50, 0)
    assert build("train", 50, 0) != build("train", 50, 1)


@pytest.mark.parametrize("build", TASKS)
def test_sizes_for_a_thousand_labels_are_there(build):
    assert len(build("train", 1000, 0).examples) == 1000
    assert len(build("test", 600, 0).examples) == 600


@pytest.mark.parametrize("build", [word_order_task, replaced_word_task, description_task])
def test_two_labels_are_half_and_half(build):
    assert sum(e.label for e in build("train", 200, 3).examples) == 100


def test_shuffled_sentences_keep_words_first_word_and_full_stop():
    firsts = {
        tuple(sorted(d.sentences[0].rstrip(".").split())): d.sentences[0]
        for d in load_wikipedia("train")
    }
    for example in word_order_task("train", 200, 0).examples:
        original = firsts[tuple(sorted(example.text.rstrip(".").split()))]
        assert example.text.split()[0] == original.split()[0]
        assert example.text.endswith(".")
        assert example.text[-2] not in ",;:"
        assert (example.text.rstrip(".").split() != original.rstrip(".").split()) == example.label


def test_one_word_is_replaced_or_none_and_never_the_first_or_last():
    originals = {
        d.sentences[0].rstrip(".") for d in load_wikipedia("train") if d.sentences[0][-1] == "."
    }
    inner = {word for text in originals for word in text.split()[1:-1]}
    for example in replaced_word_task("train", 40, 0).examples:
        words = example.text.rstrip(".").split()
        if not example.label:
            assert " ".join(words) in originals
            continue
        assert " ".join(words) not in originals
        (place,) = {
            next(i for i, (a, b) in enumerate(zip(words, text.split(), strict=True)) if a != b)
            for text in originals
            if len(text.split()) == len(words)
            and sum(a != b for a, b in zip(words, text.split(), strict=True)) == 1
        }
        assert 0 < place < len(words) - 1
        assert words[place] in inner


def test_descriptions_are_right_or_a_neighbors():
    by_text = {d.text: d for d in load_wikipedia("train")}
    for example in description_task("train", 200, 0).examples:
        assert (example.text_pair == by_text[example.text].description) == example.label


@pytest.mark.parametrize("build", TASKS)
def test_too_large_a_size_says_how_many_there_are(build):
    with pytest.raises(ValueError, match=r"size 99999 is not allowed: from 1 to the \d+ there are"):
        build("test", 99999, 0)


@pytest.mark.parametrize("build", TASKS)
def test_the_card_states_how_many_there_are(build):
    card = (Path(__file__).resolve().parents[2] / "book/data/wikipedia.md").read_text("utf-8")
    (row,) = [line for line in card.splitlines() if line.startswith(f"| `{build.__name__}`")]
    for split, cell in zip(("train", "validation", "test"), row.split(" | ")[1:], strict=True):
        number = int(cell.strip(" |").replace(",", ""))
        assert len(build(split, number, 0).examples) == number
        with pytest.raises(ValueError, match=f"size {number + 1} is not allowed"):
            build(split, number + 1, 0)
