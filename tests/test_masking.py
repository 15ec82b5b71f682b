"""Masking and sentence pairs have the statistics that BERT's paper gives them."""

import re

import pytest
import torch

from lmcore.objectives import (
    IS_NEXT,
    NOT_NEXT,
    Masking,
    PairPacking,
    SentencePairs,
    mask_tokens,
)  # fmt: skip

PAD, UNK, CLS, SEP, MASK = range(5)
RULE = Masking(mask_id=MASK, special_ids=(PAD, UNK, CLS, SEP, MASK), vocab_size=1000)
PACKING = PairPacking(cls_id=CLS, sep_id=SEP, length=24)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def texts(rows=400, length=64):
    ids = torch.randint(5, 1000, (rows, length), generator=generator(1))
    ids[:, 0], ids[:, 30], ids[:, -1] = CLS, SEP, SEP
    return ids


@pytest.mark.parametrize("rate", [0.1, 0.15, 0.4])
def test_the_share_chosen_and_what_becomes_of_it(rate):
    ids = texts()
    batch = mask_tokens({"input_ids": ids}, RULE.replace(rate=rate), generator())
    hidden = batch["masked_ids"] >= 0
    positions, originals = batch["masked_positions"][hidden], batch["masked_ids"][hidden]
    assert len(set(positions.tolist())) == len(positions)  # none chosen twice
    assert len(positions) / (400 * 61) == pytest.approx(rate, abs=0.008)
    assert torch.equal(ids.flatten()[positions], originals)
    shown = batch["input_ids"].flatten()[positions]
    masked, kept = shown == MASK, shown == originals
    assert masked.float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert kept.float().mean().item() == pytest.approx(0.1, abs=0.015)
    assert shown[~masked].min() >= 5  # no special token is drawn
    assert originals.min() >= 5  # and none is chosen
    untouched = torch.ones(ids.numel(), dtype=torch.bool)
    untouched[positions] = False
    assert torch.equal(batch["input_ids"].flatten()[untouched], ids.flatten()[untouched])


def test_every_place_is_as_likely_as_any_other():
    counts = torch.zeros(64)
    for seed in range(30):
        batch = mask_tokens({"input_ids": texts()}, RULE, generator(seed))
        chosen = batch["masked_positions"][batch["masked_ids"] >= 0]
        counts += (chosen % 64).bincount(minlength=64)
    plain = counts[(texts()[0] >= 5)]
    assert (counts[[0, 30, 63]] == 0).all()
    assert plain.std() / plain.mean() < 0.05


def test_masks_are_new_each_time_and_the_same_for_the_same_seed():
    one, same, other = (mask_tokens({"input_ids": texts(8)}, RULE, generator(s)) for s in (0, 0, 1))
    assert torch.equal(one["input_ids"], same["input_ids"])
    assert not torch.equal(one["masked_positions"], other["masked_positions"])


def test_padding_is_never_chosen_and_shapes_do_not_depend_on_it():
    ids = texts(50)
    real = torch.arange(64)[None] < torch.randint(4, 65, (50, 1), generator=generator())
    batch = {"input_ids": ids.masked_fill(~real, PAD), "attention_mask": real}
    masked = mask_tokens(batch, RULE, generator())
    full = mask_tokens({"input_ids": ids}, RULE, generator())
    assert masked["masked_positions"].shape == full["masked_positions"].shape
    hidden = masked["masked_ids"] >= 0
    assert real.flatten()[masked["masked_positions"][hidden]].all()
    assert masked["input_ids"].flatten()[~real.flatten()].eq(PAD).all()
    assert (hidden.view(50, -1).sum(1) >= 1).all()  # the shortest text too has one


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0.0}, "rate 0.0 is not allowed"),
        ({"rate": 1.0}, "rate 1.0 is not allowed"),
        ({"share_masked": 0.95}, "shares (0.95, 0.1) are not allowed"),
    ],
)
def test_a_rule_that_is_none_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        RULE.replace(**changes)


def corpus():
    """Documents whose tokens tell which document and sentence they came from."""
    chosen = torch.Generator().manual_seed(3)
    documents = []
    for document in range(40):
        sentences = int(torch.randint(1, 7, (), generator=chosen))
        documents.append(
            [
                [1000 * (document + 1) + 100 * s + k for k in range(3 + (document + s) % 8)]
                for s in range(sentences)
            ]
        )
    return documents


def test_pairs_continue_or_come_from_another_document():
    pairs = SentencePairs(corpus(), PACKING)
    draw = generator()
    for _ in range(300):
        first, second = pairs.pair(IS_NEXT, draw)
        assert first[-1] // 1000 == second[0] // 1000
        assert second[0] // 100 == first[-1] // 100 + 1  # the very next sentence
        assert second[0] % 100 == 0  # from its start
        first, second = pairs.pair(NOT_NEXT, draw)
        assert {t // 1000 for t in first}.isdisjoint({t // 1000 for t in second})
        assert len(first) <= (PACKING.length - 3) // 2
        assert len(first) + len(second) <= PACKING.length - 3


def test_the_second_text_alone_does_not_give_the_label_away():
    pairs = SentencePairs(corpus(), PACKING)
    draw = generator()
    found = {
        label: torch.tensor([len(pairs.pair(label, draw)[1]) for _ in range(3000)]).float()
        for label in (IS_NEXT, NOT_NEXT)
    }
    assert abs(found[IS_NEXT].mean() - found[NOT_NEXT].mean()) < 0.4


def test_batches_hold_what_the_model_reads():
    batch = SentencePairs(corpus(), PACKING).batches(16, 0, None)[5]
    assert batch["input_ids"].shape == (16, 24)
    labels = SentencePairs(corpus(), PACKING).batches(4000, 0, None)[0]["pair_labels"]
    assert labels.float().mean().item() == pytest.approx(0.5, abs=0.03)
    for ids, real, segments in zip(
        batch["input_ids"], batch["attention_mask"], batch["segment_ids"], strict=True
    ):
        ids, segments = ids[real].tolist(), segments[real].tolist()
        cut = ids.index(SEP)
        assert ids[0] == CLS
        assert ids[-1] == SEP
        assert ids.count(SEP) == 2
        assert segments == [0] * (cut + 1) + [1] * (len(ids) - cut - 1)
    assert batch["segment_ids"][~batch["attention_mask"]].eq(0).all()
    alone = SentencePairs(corpus(), PACKING).batches(16, 0, None, pairs=False)[0]
    assert "pair_labels" not in alone


@pytest.mark.parametrize("same_document", [True, False])
def test_one_of_four_choices_continues(same_document):
    batch = SentencePairs(corpus(), PACKING).choices(64, 0, same_document=same_document)[0]
    assert batch["input_ids"].shape == batch["segment_ids"].shape == (64, 4, 24)
    assert set(batch["labels"].tolist()) == {0, 1, 2, 3}
    for ids, label in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        halves = [row[1:].index(SEP) + 1 for row in ids]
        before = [row[h - 1] for row, h in zip(ids, halves, strict=True)]
        behind = [row[h + 1] for row, h in zip(ids, halves, strict=True)]
        right = [b // 100 == a // 100 + 1 for a, b in zip(before, behind, strict=True)]
        assert [i for i, r in enumerate(right) if r] == [label]
        same = [b // 1000 == before[0] // 1000 for b in behind]
        assert all(same) if same_document else sum(same) == 1


def test_packing_keeps_the_markers_and_cuts_the_longer_text():
    assert PACKING(range(10, 100)) == [CLS, *range(10, 32), SEP]
    packed = PACKING(list(range(10, 60)), list(range(100, 104)))
    assert len(packed) == 24
    assert packed[-5:] == [100, 101, 102, 103, SEP]
    packed = PACKING(list(range(10, 60)), list(range(100, 160)))
    assert packed.index(SEP) == 12
    assert len(packed) == 24


def test_too_few_documents_are_refused():
    with pytest.raises(ValueError, match="two documents of two sentences"):
        SentencePairs([[[1]], [[2], [3]]], PACKING)
