"""The presets are wired as the published models: by the reference's own defaults, and by export."""

import pytest
import torch
import transformers

from lmcore import CausalLM, Discriminator, MaskedLM, export_hf, load_hf, parity, preset
from lmcore.hf.wiring import differences, read_config

# The reference's config class without arguments is this model.
DEFAULTS = {
    "gpt1": ("OpenAIGPTConfig", "OpenAIGPTLMHeadModel"),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel"),
    "bert-base": ("BertConfig", "BertForPreTraining"),
    "albert-xxlarge": ("AlbertConfig", "AlbertForPreTraining"),
    "electra-small": ("ElectraConfig", "ElectraForPreTraining"),
    "distilbert": ("DistilBertConfig", "DistilBertForMaskedLM"),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_preset_is_what_the_reference_has_by_default(name):
    config_class, architecture = DEFAULTS[name]
    theirs = getattr(transformers, config_class)().to_dict() | {"architectures": [architecture]}
    assert differences(preset(name), read_config(theirs)) == []
    assert read_config(theirs).dropout == preset(name).dropout


def pair_model(config):
    return MaskedLM(config, pair_head=True)


EXPORTS = {
    "gpt1": (CausalLM, "OpenAIGPTLMHeadModel"),
    "gpt2": (CausalLM, "GPT2LMHeadModel"),
    "gpt-mini": (CausalLM, "OpenAIGPTLMHeadModel"),
    "bert-base": (pair_model, "BertForPreTraining"),
    "bert-mini": (pair_model, "BertForPreTraining"),
    "tinybert-4": (pair_model, "BertForPreTraining"),
    "albert-base": (pair_model, "AlbertForPreTraining"),
    "electra-small": (Discriminator, "ElectraForPreTraining"),
    "electra-base-generator": (MaskedLM, "ElectraForMaskedLM"),
    "distilbert": (MaskedLM, "DistilBertForMaskedLM"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_a_model_of_the_book_goes_to_transformers(name, tmp_path):
    """One layer and a small vocabulary of each: width, activation, epsilon and head as they are."""
    build, architecture = EXPORTS[name]
    torch.manual_seed(0)
    model = build(preset(name).replace(num_layers=1, num_groups=1, vocab_size=50))
    assert export_hf(model, tmp_path) == architecture
    assert parity(tmp_path, batches=1).holds
    back = load_hf(tmp_path).state_dict()
    for key, tensor in model.state_dict().items():
        assert torch.equal(back[key], tensor), key
