"""What lmcore does not compute, and what is no checkpoint, is refused in one clear line."""

import json
import re

import pytest
import torch
import transformers
from checkpoints import make_checkpoint
from safetensors.torch import load_file, save_file

from lmcore import CausalLM, Config
from lmcore.encoders import SequenceClassifier
from lmcore.hf import export_hf, load_hf, parity

NAMES = {
    "gpt1": "gpt1 lm", "gpt2": "gpt2 lm", "bert": "bert pair", "albert": "albert pair",
    "electra": "electra discriminator", "distilbert": "distilbert lm",
    "labels": "bert classifier",
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One sound checkpoint a family; no test writes to them."""
    root = tmp_path_factory.mktemp("sound")
    for key, name in NAMES.items():
        make_checkpoint(root / key, name)
    return root


@pytest.fixture
def copy(folders, tmp_path):
    """A copy of a sound checkpoint with another config or other tensors."""

    def make(key, change_config=None, change_tensors=None):
        folder = tmp_path / key
        folder.mkdir()
        config = json.loads((folders / key / "config.json").read_text())
        tensors = load_file(folders / key / "model.safetensors")
        if change_config:
            change_config(config)
        if change_tensors:
            change_tensors(tensors)
        (folder / "config.json").write_text(json.dumps(config))
        save_file(tensors, folder / "model.safetensors")
        return folder

    return make


def refused(folder, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_hf(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


FIELDS = [
    ("gpt1", "afn", "gelu_new", "gelu, relu, silu, swish"),
    ("gpt1", "architectures", ["OpenAIGPTDoubleHeadsModel"], "OpenAIGPTModel, "),
    ("gpt1", "architectures", [], "OpenAIGPTModel"),
    ("gpt1", "architectures", None, "OpenAIGPTModel"),
    ("gpt1", "model_type", "gpt2", "does not go with"),
    ("gpt1", "n_head", 5, "n_embd 24 is not divisible by n_head 5"),
    ("gpt1", "n_embd", "24", "whole number"),
    ("gpt1", "quantization_config", {"bits": 8}, "None"),
    ("gpt2", "scale_attn_weights", False, "True"),
    ("gpt2", "scale_attn_by_inverse_layer_idx", True, "False"),
    ("gpt2", "add_cross_attention", True, "False"),
    ("gpt2", "activation_function", "mish", "gelu, gelu_new"),
    ("gpt2", "layer_norm_epsilon", "tiny", "from 0 to below 1"),
    ("gpt2", "tie_word_embeddings", "yes", "True or False"),
    ("gpt2", "auto_map", {"AutoModel": "x.Y"}, "None"),
    ("bert", "position_embedding_type", "relative_key", "'absolute'"),
    ("bert", "is_decoder", True, "False"),
    ("bert", "add_cross_attention", True, "False"),
    ("bert", "is_encoder_decoder", True, "False"),
    ("bert", "hidden_act", "quick_gelu", "gelu, gelu_new"),
    ("bert", "pruned_heads", {"0": [1]}, "{}"),
    ("bert", "type_vocab_size", 0, "at least 1"),
    ("bert", "hidden_dropout_prob", 1.0, "from 0 to below 1"),
    ("albert", "position_embedding_type", "relative_key_query", "'absolute'"),
    ("albert", "inner_group_num", 0, "whole number"),
    ("albert", "num_hidden_groups", 9, "num_hidden_groups 9 × inner_group_num 1 exceeds"),
    ("electra", "position_embedding_type", "relative_key", "'absolute'"),
    ("electra", "is_decoder", True, "False"),
    ("distilbert", "activation", "mish", "gelu, gelu_new"),
    ("distilbert", "n_heads", 7, "dim 24 is not divisible by n_heads 7"),
    ("labels", "problem_type", "regression", "single_label_classification"),
    ("labels", "problem_type", "multi_label_classification", "single_label_classification"),
    ("labels", "id2label", {"0": "score"}, "at least 2"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "field", "value", "supported"), FIELDS)
def test_a_field_that_is_not_honored_is_refused(copy, key, field, value, supported):
    folder = copy(key, lambda config: config.update({field: value}))
    message = refused(folder, re.escape(supported))
    if field != "id2label":  # its length is the number of labels
        assert field in message
    assert "config.json" in message


HARMLESS = [
    ("gpt2", {"reorder_and_upcast_attn": True}),
    ("gpt2", {"summary_type": "mean", "summary_use_proj": False}),
    ("bert", {"chunk_size_feed_forward": 2}),
    ("bert", {"use_cache": False, "classifier_dropout": 0.3}),
    ("electra", {"summary_activation": "relu", "summary_type": "mean"}),
    ("distilbert", {"sinusoidal_pos_embds": True}),  # its table stands in the file
]


@pytest.mark.parametrize(("key", "changes"), HARMLESS)
def test_a_field_that_changes_nothing_is_let_pass_and_parity_holds(copy, key, changes):
    assert parity(copy(key, lambda config: config.update(changes))).holds


@pytest.mark.parametrize("key", ["gpt1", "gpt2", "bert", "albert", "electra", "distilbert"])
def test_values_left_out_are_those_of_the_reference(copy, key):
    kept = {"vocab_size", "architectures", "model_type", "embedding_size", "intermediate_size"}
    kept |= {"hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings"}
    kept |= {"n_positions", "n_embd", "n_layer", "n_head", "dim", "n_layers", "n_heads"}
    kept |= {"hidden_dim"}

    def strip(config):
        for name in set(config) - kept:
            del config[name]

    assert parity(copy(key, strip)).holds


@pytest.mark.parametrize("key", ["gpt1", "gpt2", "bert", "albert", "electra", "distilbert"])
def test_a_needed_size_that_is_missing_is_named(copy, key):
    name = {"gpt1": "n_layer", "gpt2": "n_layer", "distilbert": "dim"}.get(key, "hidden_size")
    refused(copy(key, lambda config: config.pop(name)), f"{name} is missing")


@pytest.mark.parametrize("key", ["gpt1", "gpt2", "bert", "albert", "electra", "distilbert"])
def test_any_tensor_that_is_missing_or_misshapen_is_named(copy, folders, key, tmp_path):
    tensors = load_file(folders / key / "model.safetensors")
    for number, name in enumerate(sorted(tensors)):
        for harm in ("drop", "widen"):
            changed = dict(tensors)
            if harm == "drop":
                del changed[name]
            else:
                changed[name] = torch.zeros(*tensors[name].shape[:-1], tensors[name].shape[-1] + 3)
            folder = tmp_path / f"{number}{harm}"
            folder.mkdir()
            (folder / "config.json").write_text((folders / key / "config.json").read_text())
            save_file(changed, folder / "model.safetensors")
            refused(folder, re.escape(name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bert.encoder.layer.7.output.dense.bias": torch.zeros(24)}, "layer.7"),
        ({"stranger": torch.zeros(1)}, "stranger that this model has no place for"),
        ({"cls.predictions.decoder.weight": torch.zeros(37, 24)}, "differs from the token table"),
        ({"cls.predictions.decoder.bias": torch.ones(37)}, "differs from the bias"),
        ({"bert.pooler.dense.bias": torch.zeros(24, dtype=torch.int8)}, "int8: only floating"),
    ],
)
def test_a_tensor_without_a_place_is_named(copy, change, message):
    refused(copy("bert", None, lambda tensors: tensors.update(change)), message)


def test_three_parts_of_wrong_sizes_that_add_up_are_noticed(copy):
    stem = "bert.encoder.layer.0.attention.self"

    def swap(tensors):
        tensors[f"{stem}.query.bias"] = torch.zeros(20)
        tensors[f"{stem}.key.bias"] = torch.zeros(28)

    refused(copy("bert", None, swap), r"query\.bias has shape \(20,\), the config asks for \(24,\)")


def test_heads_that_the_architecture_lacks_are_left_out_as_in_the_reference(copy):
    """The hub's bert-base-uncased is named a masked LM and holds a pooler and an NSP head."""
    folder = copy("bert", lambda config: config.update(architectures=["BertForMaskedLM"]))
    assert parity(folder).holds
    assert load_hf(folder).pair is None


def test_names_of_old_checkpoints_are_understood(copy):
    """gamma and beta; a GPT-2 with the bare model's names and the mask as a buffer."""

    def age(tensors):
        for name in list(tensors):
            old = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            old = old.replace("LayerNorm.bias", "LayerNorm.beta")
            tensors[old] = tensors.pop(name)

    def strip(tensors):
        for name in list(tensors):
            tensors[name.removeprefix("transformer.")] = tensors.pop(name)
        tensors["h.0.attn.bias"] = torch.ones(1, 1, 20, 20)

    assert parity(copy("bert", None, age)).holds
    assert parity(copy("gpt2", None, strip)).holds


def test_shards_are_read_through_their_index(folders, tmp_path):
    whole = transformers.GPT2LMHeadModel.from_pretrained(folders / "gpt2")
    whole.save_pretrained(tmp_path, max_shard_size="20KB")
    index = tmp_path / "model.safetensors.index.json"
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    assert parity(tmp_path).holds
    places = json.loads(index.read_text())
    (tmp_path / places["weight_map"]["transformer.wpe.weight"]).unlink()
    refused(tmp_path, "is missing")
    index.write_text(json.dumps({"weight_map": {"transformer.wpe.weight": "../elsewhere"}}))
    refused(tmp_path, "no weight_map of tensors to files beside it")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.safetensors", None, r"model\.safetensors is missing"),
        ("model.safetensors", b"", "not a whole safetensors file"),
        ("model.safetensors", b"PK\x03\x04 a pickle in a zip", "not a whole safetensors file"),
        ("config.json", None, r"config\.json is missing"),
        ("config.json", b"{", "not JSON"),
        ("config.json", b"\xff\xfe", "not JSON"),
        ("config.json", b"[1]", "not a JSON object"),
        ("config.json", b"{}", r"architectures \[\] is not supported"),
    ],
)
def test_a_file_that_is_missing_or_of_another_kind_is_named(copy, file, content, message):
    path = copy("gpt2") / file
    path.unlink() if content is None else path.write_bytes(content)
    refused(path.parent, message)


def test_truncated_weights_are_refused(copy):
    path = copy("gpt2") / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    refused(path.parent, "not a whole safetensors file")


def test_a_pickle_is_named_and_never_read(copy):
    folder = copy("gpt2")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, r"pytorch_model\.bin is a pickle: only safetensors weights are read")


def test_a_name_without_a_network_is_one_line(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused("nobody/no-such-model", "nobody/no-such-model is no folder and could not be fetched")
    refused("bert-base-nothing", "could not be fetched")
    refused("./no/such/folder", r"^\./no/such/folder is no folder$")


def test_a_wiring_that_transformers_lacks_is_not_exported(tmp_path):
    sizes = dict(vocab_size=30, context_length=8, hidden_size=12, num_layers=2, num_heads=2)
    gpt3 = CausalLM(Config(**sizes, causal=True, pre_norm=True, windows=(None, 3)))
    with pytest.raises(ValueError, match=r"GPT2LMHeadModel cannot have windows \(None, 3\)"):
        export_hf(gpt3, tmp_path / "out")
    relu = SequenceClassifier(
        Config(**sizes, causal=False, num_segments=2, embedding_norm=True, norm_eps=1e-12),
        3, summary="relu",
    )  # fmt: skip
    with pytest.raises(ValueError, match="is wired as this SequenceClassifier is"):
        export_hf(relu, tmp_path / "out")  # ELECTRA's has GELU, DistilBERT has no segments
    assert not (tmp_path / "out").exists()
