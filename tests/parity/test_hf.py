"""Every family and head computes what ``transformers`` computes, and goes there and back."""

import importlib

import pytest
import torch
import transformers
from checkpoints import CHECKPOINTS, make_checkpoint

from lmcore.hf import export_hf, load_hf, parity

distance = importlib.import_module("lmcore.hf.parity").distance  # the function has its name


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_logits_loss_and_every_gradient_are_equal(name, tmp_path):
    make_checkpoint(tmp_path, name)
    found = parity(tmp_path)
    assert found.holds, found


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_export_gives_the_checkpoint_back(name, tmp_path):
    reference = make_checkpoint(tmp_path / "theirs", name)
    architecture = export_hf(load_hf(tmp_path / "theirs"), tmp_path / "back")
    again = getattr(transformers, architecture).from_pretrained(tmp_path / "back").eval()
    assert type(again) is type(reference)
    ids = torch.randint(1, 37, (2, 5))
    torch.testing.assert_close(again(ids)[0], reference(ids)[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.2),
        ([0.1, 0.2], [0.1, 0.3], 0.1),
        ([float("nan")], [1.0], float("inf")),
        ([1.0], [float("nan")], float("inf")),
        ([float("inf")], [1.0], float("inf")),
        ([], [], 0.0),
    ],
)
def test_a_difference_is_measured_where_it_is_largest(ours, theirs, expected):
    assert distance(torch.tensor(ours), torch.tensor(theirs)) == pytest.approx(expected)


def test_parity_does_not_hold_where_a_weight_was_changed_a_little(tmp_path, monkeypatch):
    """1e-3 on one number of one bias is enough to be seen, and it is told where."""
    make_checkpoint(tmp_path, "bert lm")

    def nudged(folder):
        model = load_hf(folder)
        model.head.norm.bias.data[3] += 1e-3
        return model

    monkeypatch.setattr(importlib.import_module("lmcore.hf.parity"), "load_hf", nudged)
    found = parity(tmp_path)
    assert not found.holds
    assert found.logits > 1e-5
    assert found.gradient_of


def test_large_logits_are_not_failed_for_their_rounding(tmp_path):
    reference = make_checkpoint(tmp_path, "gpt2 lm")
    with torch.no_grad():
        reference.transformer.ln_f.weight *= 300
    reference.save_pretrained(tmp_path)
    assert parity(tmp_path).holds
