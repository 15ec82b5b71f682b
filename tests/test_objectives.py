"""Packing, batches that depend on (seed, step) alone, and GPT-1's input transformations."""

import itertools

import pytest
import torch

from lmcore import InputTransform, LabeledText, PackedText


class Letters:
    """A tokenizer for tests: one id a letter, from 10."""

    def encode(self, text):
        return [ord(letter) - ord("a") + 10 for letter in text]


def packed(length=4):
    return PackedText.encode(["abc", "de", "fghijk"], Letters(), separator=0, length=length)


def test_documents_lie_end_to_end_with_their_separator():
    assert packed().ids.tolist() == [10, 11, 12, 0, 13, 14, 0, 15, 16, 17, 18, 19, 20, 0]


def test_batches_are_a_function_of_seed_and_step():
    batches = packed().batches(size=3, seed=7)
    in_turn = [batch["input_ids"] for batch in itertools.islice(batches, 4)]
    assert torch.equal(batches[3]["input_ids"], in_turn[3])
    assert torch.equal(packed().batches(size=3, seed=7)[3]["input_ids"], in_turn[3])
    assert not torch.equal(packed().batches(size=3, seed=8)[3]["input_ids"], in_turn[3])


def test_every_window_of_a_batch_is_a_piece_of_the_stream():
    text = packed()
    stream = text.ids.tolist()
    starts = set()
    for step in range(60):
        for window in text.batches(size=3, seed=0)[step]["input_ids"].tolist():
            assert window in [stream[i : i + 5] for i in range(10)]
            starts.add(stream.index(window[0]) if window[0] else None)
    assert len(starts) > 6  # all over the stream


def test_evaluation_windows_predict_each_token_once():
    predicted = [
        token for batch in packed().windows(2) for row in batch["input_ids"] for token in row[1:]
    ]
    assert torch.stack(predicted).tolist() == packed().ids[1:13].tolist()


def test_a_text_shorter_than_a_window_is_refused():
    with pytest.raises(ValueError, match="14 tokens: a window of 14 needs at least 15"):
        packed(14)


def transform(length):
    return InputTransform(Letters(), start=1, delimiter=2, extract=3, context_length=length)


def test_one_text_stands_between_start_and_extract():
    assert transform(9)("abc") == [1, 10, 11, 12, 3]


def test_a_pair_is_split_by_the_delimiter():
    assert transform(9)("abc", "de") == [1, 10, 11, 12, 2, 13, 14, 3]


@pytest.mark.parametrize("pair", [None, "abcdefghij"])
def test_what_does_not_fit_loses_text_and_never_markers(pair):
    ids = transform(9)("abcdefghij", pair)
    assert len(ids) == 9
    assert (ids[0], ids[-1]) == (1, 3)
    assert ids.count(2) == (pair is not None)


def test_labeled_batches_are_padded_on_the_right_and_masked():
    data = LabeledText([[5], [6, 7, 8], [9, 9]], [0, 1, 1])
    batch = data.batch([0, 1])
    assert batch["input_ids"].tolist() == [[5, 0, 0], [6, 7, 8]]
    assert batch["attention_mask"].tolist() == [[True, False, False], [True, True, True]]
    assert batch["labels"].tolist() == [0, 1]
    assert sum(len(b["labels"]) for b in data.in_order(2)) == 3


def test_labels_must_match_inputs():
    with pytest.raises(ValueError, match="2 inputs and 1 labels"):
        LabeledText([[1], [2]], [0])
