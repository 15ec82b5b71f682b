"""Parity holds for sizes that nobody chose: every family, drawn by hypothesis."""

import tempfile
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmcore.hf import export_hf, load_hf, parity

ACTIVATIONS = ["gelu", "gelu_new", "relu", "silu"]
ARCHITECTURES = {
    "openai-gpt": ["OpenAIGPTLMHeadModel", "OpenAIGPTForSequenceClassification"],
    "gpt2": ["GPT2LMHeadModel", "GPT2ForSequenceClassification", "GPT2Model"],
    "bert": ["BertForPreTraining", "BertForQuestionAnswering", "BertModel"],
    "albert": ["AlbertForPreTraining", "AlbertForSequenceClassification", "AlbertModel"],
    "electra": ["ElectraForPreTraining", "ElectraForMaskedLM", "ElectraForSequenceClassification"],
    "distilbert": ["DistilBertForMaskedLM", "DistilBertForSequenceClassification"],
}
# lmcore's letters -> each family's names
GPT = dict(V="vocab_size", C="n_positions", H="n_embd", L="n_layer", A="n_head")
BERT = dict(
    V="vocab_size", C="max_position_embeddings", H="hidden_size", L="num_hidden_layers",
    A="num_attention_heads", F="intermediate_size",
)  # fmt: skip
NAMES = {
    "openai-gpt": GPT | {"act": "afn"},
    "gpt2": GPT | {"F": "n_inner", "act": "activation_function"},
    "bert": BERT | {"act": "hidden_act", "S": "type_vocab_size"},
    "albert": BERT | {"act": "hidden_act", "E": "embedding_size", "G": "num_hidden_groups"},
    "electra": BERT | {"act": "hidden_act", "E": "embedding_size"},
    "distilbert": dict(
        V="vocab_size", C="max_position_embeddings", H="dim", L="n_layers", A="n_heads",
        F="hidden_dim", act="activation",
    ),
}  # fmt: skip


@st.composite
def checkpoints(draw, family):
    heads, head_size, layers = draw(st.integers(1, 5)), draw(st.integers(1, 9)), st.integers(1, 4)
    sizes = {
        "V": draw(st.integers(5, 60)), "C": draw(st.integers(3, 30)), "A": heads,
        "H": heads * head_size, "L": draw(layers), "F": draw(st.integers(1, 50)),
        "E": draw(st.sampled_from([heads * head_size, *range(1, 20)])),
        "S": draw(st.integers(1, 3)),
    }  # fmt: skip
    sizes["G"] = draw(st.integers(1, sizes["L"]))
    allowed = [a for a in ACTIVATIONS if family != "openai-gpt" or a != "gelu_new"]
    sizes["act"] = draw(st.sampled_from(allowed))
    names = NAMES[family]
    config = {names[letter]: value for letter, value in sizes.items() if letter in names}
    config["tie_word_embeddings"] = draw(st.booleans())
    config["pad_token_id"] = 0
    return draw(st.sampled_from(ARCHITECTURES[family])), config


@pytest.mark.parametrize("family", NAMES)
def test_parity_and_the_way_back_hold_for_any_sizes(family):
    @settings(
        max_examples=10, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(checkpoints(family))
    def check(drawn):
        architecture, config = drawn
        reference_class = getattr(transformers, architecture)
        torch.manual_seed(0)
        reference = reference_class(reference_class.config_class(**config)).eval()
        with torch.no_grad():
            for parameter in reference.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        with tempfile.TemporaryDirectory() as folder:
            reference.save_pretrained(folder)
            found = parity(folder, batches=2)
            assert found.holds, (architecture, config, found)
            back = Path(folder) / "back"
            assert export_hf(load_hf(folder), back) == architecture
            assert parity(back, batches=1).holds

    check()
