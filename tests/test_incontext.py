"""Prompts that follow a task: what they show, how often, and that they never give it away."""

import pytest
import torch

from lmcore import Tokenizer
from lmcore.data import LETTER_CODES, LETTERS, NEW_LETTER_CODE
from lmcore.objectives import InContextTasks

KEYS = torch.arange(10, 15)
TABLES = torch.tensor([[20, 21, 22, 23, 24], [24, 23, 22, 21, 20], [21, 22, 23, 24, 20]])


@pytest.mark.parametrize("repeat", [False, True])
def test_every_line_is_a_key_its_value_and_an_end(repeat):
    tasks = InContextTasks(KEYS, TABLES, line_end=0, repeat=repeat)
    batch = tasks.batches(size=400, lines=4, seed=0)[0]
    lines = batch["input_ids"].view(400, 4, 3)
    assert (lines[..., 2] == 0).all()
    right = TABLES[batch["tasks"]].gather(1, lines[..., 0] - 10)
    assert lines[..., 1].equal(right)
    repeats = (lines[..., 0].sort(1).values.diff(dim=1) == 0).any(1)
    assert repeats.any() == repeat


def test_tasks_and_keys_are_drawn_evenly_and_alike_from_a_seed():
    tasks = InContextTasks(KEYS, TABLES, line_end=0)
    batches = tasks.batches(size=3000, lines=2, seed=1)
    shares = torch.bincount(batches[0]["tasks"], minlength=3) / 3000
    assert (shares - 1 / 3).abs().max() < 0.04
    keys = torch.bincount(batches[0]["input_ids"][:, 0], minlength=15)[10:] / 3000
    assert (keys - 1 / 5).abs().max() < 0.04
    again = tasks.batches(size=3000, lines=2, seed=1)
    assert batches[0]["input_ids"].equal(again[0]["input_ids"])
    assert not batches[0]["input_ids"].equal(batches[1]["input_ids"])


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="6 lines and 5 keys"):
        InContextTasks(KEYS, TABLES, line_end=0).batches(size=1, lines=6, seed=0)
    with pytest.raises(ValueError, match="a column for each key"):
        InContextTasks(KEYS, TABLES[:, :4], line_end=0)
    with pytest.raises(ValueError, match="a row for each task"):
        InContextTasks(KEYS, TABLES[0], line_end=0)


def test_the_codes_are_nine_different_permutations():
    codes = [*LETTER_CODES.values(), NEW_LETTER_CODE]
    assert len(set(codes)) == 9
    assert all(sorted(code) == list(LETTERS) for code in codes)
    assert LETTER_CODES["one on"].startswith("bcd")
    assert LETTER_CODES["mirrored"][0] == "z"
    assert LETTER_CODES["neighbors swapped"].startswith("badc")
    assert NEW_LETTER_CODE[LETTERS.index("f")] == "m"


def test_a_vocabulary_of_words_numbers_them_in_order():
    tokenizer = Tokenizer.of_words(["\n", "dax", "red"])
    assert tokenizer.encode("dax red\ndax") == [1, 2, 0, 1]
    assert tokenizer.token_of(2) == "red"
    with pytest.raises(ValueError, match="comes twice"):
        Tokenizer.of_words(["a", "b", "a"])
    with pytest.raises(ValueError, match="'wug' is not in the vocabulary"):
        tokenizer.encode("dax wug")
