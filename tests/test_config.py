"""Sizes that are known from the papers' own code, and sizes that cannot be wired."""

import re

import pytest

from lmcore import PRESETS, Config, ledger, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_follows_from_its_formula(name):
    config = preset(name)
    letters = {
        "V": config.vocab_size,
        "C": config.context_length,
        "H": config.hidden_size,
        "E": config.embedding_size,
        "F": config.feed_forward_size,
        "S": config.num_segments,
    }
    for row in ledger(config):
        formula = row.formula.replace("·", "*").replace("²", "**2")
        assert eval(formula, {}, letters) == row.parameters, row


def test_a_block_of_gpt1_is_12_h_squared_plus_13_h():
    config = preset("gpt1")
    inside = {"attention", "feed-forward", "LayerNorms"}
    blocks = sum(row.parameters for row in ledger(config) if row.part in inside)
    size = config.hidden_size
    assert blocks == config.num_layers * (12 * size**2 + 13 * size)


GOOD = dict(vocab_size=11, context_length=8, hidden_size=12, num_layers=4, num_heads=3, causal=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_heads": 5}, "hidden_size 12 is not divisible by num_heads 5"),
        ({"vocab_size": 0}, "vocab_size 0 is not allowed"),
        ({"hidden_size": 12.0}, "hidden_size 12.0 is not allowed"),
        ({"activation": "elu"}, "activation 'elu' is unknown"),
        ({"num_groups": 5}, "num_groups 5"),
        ({"layers_per_group": 3}, "not divisible by layers_per_group 3"),
        ({"windows": (0,)}, "windows (0,) is not allowed"),
        ({"dropout": 1.0}, "dropout 1.0 is not allowed"),
        ({"embedding_size": 4, "project": False}, "embedding_size 4 needs project=True"),
    ],
)
def test_a_bad_size_is_refused_in_one_line(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Config(**GOOD | changes)
    assert "\n" not in str(caught.value)


def test_sizes_left_out_follow_from_the_others():
    config = Config(**GOOD)
    assert (config.feed_forward_size, config.embedding_size, config.num_groups) == (48, 12, 4)
    assert not config.project


def test_layers_share_their_groups_in_order():
    albert = Config(**GOOD | {"num_groups": 2})
    assert [albert.block_of_layer(i) for i in range(4)] == [0, 0, 1, 1]
    inner = Config(**GOOD | {"num_groups": 1, "layers_per_group": 2})
    assert [inner.block_of_layer(i) for i in range(4)] == [0, 1, 0, 1]


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match=r"unknown preset 'gpt-1': did you mean .*gpt1"):
        preset("gpt-1")


def test_replace_refuses_a_field_that_is_none():
    with pytest.raises(ValueError, match="unknown field 'hiden_size'"):
        preset("gpt1").replace(hiden_size=3)
