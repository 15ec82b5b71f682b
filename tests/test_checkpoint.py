"""Checkpoints come back equal, and a broken one is refused in one line."""

import json

import pytest
import torch
from safetensors.torch import save_file

from lmcore import (
    CausalClassifier,
    CausalLM,
    Config,
    Discriminator,
    MaskedLM,
    SequenceClassifier,
    SpanExtractor,
    Tokenizer,
    Transformer,
    load_checkpoint,
    load_config,
    load_weights,
    save_checkpoint,
)
from lmcore.checkpoint import shipped_checkpoint


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


SIZES = dict(vocab_size=512, context_length=10, hidden_size=12, num_layers=2, num_heads=2)
BERT = Config(**SIZES, causal=False, num_segments=2, embedding_norm=True, pooler=True)
GPT = Config(**SIZES, causal=True, tied_head=False)
EVERY_CLASS = {
    "trunk": lambda: Transformer(BERT),
    "causal": lambda: CausalLM(GPT),
    "causal classifier": lambda: CausalClassifier(CausalLM(GPT), 3, auxiliary_weight=0.25),
    "masked": lambda: MaskedLM(BERT),
    "masked with pairs": lambda: MaskedLM(BERT, pair_head=True),
    "discriminator": lambda: Discriminator(BERT),
    "classifier": lambda: SequenceClassifier(BERT, 4),
    "relu classifier": lambda: SequenceClassifier(BERT, 4, summary="relu"),
    "span": lambda: SpanExtractor(BERT),
}


@pytest.mark.parametrize("name", EVERY_CLASS)
def test_every_class_comes_back_by_itself(name, tmp_path):
    torch.manual_seed(0)
    model = EVERY_CLASS[name]()
    save_checkpoint(model, tmp_path)
    state = torch.random.get_rng_state()
    again = load_checkpoint(tmp_path)
    assert torch.equal(state, torch.random.get_rng_state())
    assert type(again) is type(model)
    assert not again.training
    assert load_config(tmp_path) == model.config
    assert getattr(again, "auxiliary_weight", None) == getattr(model, "auxiliary_weight", None)
    assert getattr(again, "activation", None) is getattr(model, "activation", None)
    for (key, tensor), (key2, tensor2) in zip(
        model.state_dict().items(), again.state_dict().items(), strict=True
    ):
        assert key == key2
        assert torch.equal(tensor, tensor2)


def test_an_old_causal_checkpoint_needs_no_entry(model, tmp_path):
    save_checkpoint(model, tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    del content["model"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    assert isinstance(load_checkpoint(tmp_path), CausalLM)


@pytest.mark.parametrize(
    "entry", [None, {}, {"class": "Oracle"}, "MaskedLM", {"class": "SpanExtractor", "size": 3}]
)
def test_a_checkpoint_that_does_not_say_what_it_is_is_refused(entry, tmp_path):
    save_checkpoint(SpanExtractor(BERT), tmp_path)
    content = json.loads((tmp_path / "config.json").read_text()) | {"model": entry}
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"config\.json: model .* (is unknown|cannot be built)"):
        load_checkpoint(tmp_path)


def test_a_tokenizer_goes_with_its_model(model, tmp_path):
    tokenizer = Tokenizer.load("bpe-512")
    save_checkpoint(model, tmp_path, tokenizer=tokenizer)
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert again.encode("We the people") == tokenizer.encode("We the people")


def test_an_unknown_shipped_checkpoint_is_refused_by_name():
    with pytest.raises(ValueError, match="no checkpoint 'gpt-9' is shipped"):
        shipped_checkpoint("gpt-9")
