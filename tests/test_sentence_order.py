"""Sentence order and next sentence, asked of the same whole sentences."""

import pytest
import torch

from lmcore.objectives import IN_ORDER, OTHER, Masking, PairPacking, WholeSentencePairs

PACKING = PairPacking(cls_id=2, sep_id=3, length=27)  # 12 tokens for each text
DOCUMENTS = [
    [[10] * 5, [11] * 4, [12] * 6, [13] * 20, [14] * 3],
    [[20] * 7, [21] * 8],
    [[30] * 4, [31] * 4, [32] * 4, [33] * 4],
]


def made(seed=0):
    return WholeSentencePairs(DOCUMENTS, PACKING), torch.Generator().manual_seed(seed)


def test_texts_are_whole_sentences_on_both_sides_of_a_boundary():
    pairs, _ = made()
    whole = {(d, *s) for d, document in enumerate(DOCUMENTS) for s in map(tuple, document)}
    for document, first, second in pairs.pairs:
        assert 0 < len(first) <= 12
        assert 0 < len(second) <= 12
        for text in (first, second):
            for token in set(text):
                assert (document, *[token] * text.count(token)) in whole
        assert max(first) < min(second)
        assert min(second) == max(first) + 1  # neighbors
    # the sentence of 20 fits nowhere, and takes the boundaries beside it along
    assert len([1 for document, _, _ in pairs.pairs if document == 0]) == 2
    assert ([10] * 5 + [11] * 4, [12] * 6) in [(a, b) for _, a, b in pairs.pairs]


def test_a_swap_keeps_the_texts_and_turns_them_around():
    pairs, generator = made()
    kept = pairs.pair(IN_ORDER, "order", generator)
    _, generator = made()
    assert pairs.pair(OTHER, "order", generator) == kept[::-1]


def test_the_other_text_is_of_another_document():
    pairs, generator = made()
    for _ in range(50):
        first, second = pairs.pair(OTHER, "next", generator)
        assert first[0] // 10 != second[0] // 10
        first, second = pairs.pair(IN_ORDER, "next", generator)
        assert first[0] // 10 == second[0] // 10


@pytest.mark.parametrize("contrast", ["order", "next"])
def test_batches_have_even_labels_and_fixed_shapes(contrast):
    masking = Masking(mask_id=4, vocab_size=40, special_ids=(0, 2, 3, 4), rate=0.15)
    pairs, _ = made()
    batch = pairs.batches(400, 0, masking, contrast)[0]
    assert batch["input_ids"].shape == (400, 27)
    assert abs(batch["pair_labels"].float().mean().item() - 0.5) < 0.08
    assert batch["masked_positions"].shape == batch["masked_ids"].shape
    plain = pairs.batches(400, 0, None, contrast)[0]
    lengths = plain["attention_mask"].sum(1)
    assert (lengths <= 27).all()
    assert torch.equal(plain["input_ids"][:, 0], torch.full((400,), 2))


def test_what_cannot_be_paired_is_refused():
    with pytest.raises(ValueError, match="two documents"):
        WholeSentencePairs(DOCUMENTS[:1], PACKING)
    with pytest.raises(ValueError, match="two documents"):
        WholeSentencePairs([[[1] * 30, [2] * 30], [[3] * 30, [4]]], PACKING)
    with pytest.raises(ValueError, match="'sop' is unknown: order or next"):
        made()[0].batches(1, 0, None, "sop")
    with pytest.raises(ValueError, match="a batch of 0 texts"):
        made()[0].batches(0, 0, None, "order")
