"""Chapter 5's generated language: topic and stage say what the labels mean, and nothing else."""

import pytest
import torch

from lmcore.data import COMMON, STAGES, TOPICS
from lmcore.objectives import IN_ORDER, OTHER, Masking, StagedTopics

NUMBER = {
    word: 4 + i
    for i, word in enumerate([*COMMON, *STAGES, *(w for words in TOPICS.values() for w in words)])
}
TOPIC_OF = {NUMBER[w]: t for t, words in enumerate(TOPICS.values()) for w in words}
STAGE_OF = {NUMBER[w]: s for s, w in enumerate(STAGES)}
PAIRS = StagedTopics(
    torch.tensor([[NUMBER[w] for w in words] for words in TOPICS.values()]),
    torch.tensor([NUMBER[w] for w in COMMON]), torch.tensor([NUMBER[w] for w in STAGES]), 1, 2,
)  # fmt: skip


def read(row):
    """Topic and stage of A and of B."""
    texts = row[1:9].tolist(), row[10:18].tolist()
    found = []
    for text in texts:
        topics = {TOPIC_OF[i] for i in text if i in TOPIC_OF}
        stages = [STAGE_OF[i] for i in text if i in STAGE_OF]
        assert len(topics) == len(stages) == 1
        found += [topics.pop(), stages[0]]
    return found


def test_no_word_stands_for_two_things():
    words = [*COMMON, *STAGES, *(w for words in TOPICS.values() for w in words)]
    assert len(set(words)) == len(words)


def test_a_true_pair_keeps_the_topic_and_takes_the_next_stage():
    for contrast in ("order", "next"):
        batch = PAIRS.batches(200, 0, None, contrast)[0]
        for row, label in zip(batch["input_ids"], batch["pair_labels"], strict=True):
            topic, stage, other_topic, other_stage = read(row)
            if label == IN_ORDER:
                assert (other_topic, other_stage) == (topic, stage + 1)
            elif contrast == "order":
                assert (other_topic, other_stage) == (topic, stage - 1)
            else:
                assert other_topic != topic


def test_stages_of_the_second_text_say_nothing_about_next():
    batch = PAIRS.batches(6000, 0, None, "next")[0]
    counts = torch.zeros(2, len(STAGES))
    for row, label in zip(batch["input_ids"], batch["pair_labels"], strict=True):
        counts[label, read(row)[3]] += 1
    shares = counts / counts.sum(1, keepdim=True)
    assert shares[:, 0].max() == 0
    assert (shares[IN_ORDER] - shares[OTHER]).abs().max() < 0.04


def test_batches_are_of_one_shape_whatever_the_label():
    masking = Masking(mask_id=3, vocab_size=4 + len(NUMBER), special_ids=(0, 1, 2, 3))
    batch = PAIRS.batches(64, 0, masking, "order")[0]
    assert batch["input_ids"].shape == batch["segment_ids"].shape == (64, 19)
    assert batch["attention_mask"].all()
    assert batch["segment_ids"][0].tolist() == [0] * 10 + [1] * 9
    assert len(batch["masked_positions"]) == 64 * 3
    with pytest.raises(ValueError, match="'sop' is unknown: order or next"):
        PAIRS.batches(1, 0, None, "sop")
    with pytest.raises(ValueError, match="a batch of 0 texts"):
        PAIRS.batches(0, 0, None, "order")
