"""Checkpoints come back equal, and a broken one is refused in one line."""

import json

import pytest
import torch
from safetensors.torch import save_file

from lmcore import CausalLM, Config, load_config, load_weights, save_checkpoint


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CausalLM(
        Config(
            vocab_size=30, context_length=10, hidden_size=12, num_layers=2, num_heads=2,
            causal=True, windows=(None, 3),
        )
    )  # fmt: skip


def test_a_round_trip_gives_equal_logits_and_config(model, tmp_path):
    save_checkpoint(model, tmp_path)
    again = CausalLM(load_config(tmp_path))
    load_weights(again, tmp_path)
    ids = torch.arange(10)[None]
    assert again.config == model.config
    assert torch.equal(again(ids), model(ids))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def test_half_precision_halves_the_file(model, tmp_path):
    save_checkpoint(model, tmp_path / "full")
    save_checkpoint(model, tmp_path / "half", dtype=torch.float16)
    sizes = [(tmp_path / d / "model.safetensors").stat().st_size for d in ("half", "full")]
    assert sizes[0] < 0.62 * sizes[1]


def drop(path):
    path.unlink()


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def garble(path):
    path.write_bytes(b"not tensors")


def reshape(path):
    save_file({"transformer.blocks.0.norm1.weight": torch.zeros(3)}, path)


@pytest.mark.parametrize("harm", [drop, truncate, garble, reshape])
def test_harmed_weights_are_refused_in_one_line(model, tmp_path, harm):
    save_checkpoint(model, tmp_path)
    harm(tmp_path / "model.safetensors")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=r"model\.safetensors") as caught:
        load_weights(model, tmp_path)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())


@pytest.mark.parametrize("text", ["{", json.dumps({"layers": 3}), json.dumps([1])])
def test_a_config_of_another_kind_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match="is not a lmcore config"):
        load_config(tmp_path)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"config\.json is missing"):
        load_config(tmp_path)
