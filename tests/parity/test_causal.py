"""CausalLM computes what the reference implementation computes: logits, loss and gradients.

GPT-1 and GPT-2 of ``transformers``, tiny and with random LayerNorms and biases, in fp32.
"""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from lmcore import CausalLM, Config

SIZES = dict(vocab_size=37, n_positions=16, n_embd=24, n_layer=3, n_head=3)
SIZES |= dict(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
# lmcore's names -> the reference's; its Conv1D keeps (in, out), so matrices are transposed.
BLOCK = {
    "attention.qkv": "attn.c_attn",
    "attention.out": "attn.c_proj",
    "feed_forward.fc": "mlp.c_fc",
    "feed_forward.proj": "mlp.c_proj",
    "norm1": "ln_1",
    "norm2": "ln_2",
}


def gpt1():
    names = {"embeddings.token": "tokens_embed", "embeddings.position": "positions_embed"}
    return OpenAIGPTLMHeadModel(OpenAIGPTConfig(**SIZES)), names, {}


def gpt2():
    names = {"embeddings.token": "wte", "embeddings.position": "wpe", "final_norm": "ln_f"}
    return GPT2LMHeadModel(GPT2Config(**SIZES)), names, {"pre_norm": True}


def reference_name(name, tables):
    part, kind = name.removeprefix("transformer.").rsplit(".", 1)
    if part in tables:
        return f"transformer.{tables[part]}.{kind}"
    _, layer, inner = part.split(".", 2)
    return f"transformer.h.{layer}.{BLOCK[inner]}.{kind}"


def transposed(name, tensor):
    is_matrix = "blocks" in name and tensor.ndim == 2
    return tensor.T if is_matrix else tensor


@pytest.fixture(params=[gpt1, gpt2], ids=["gpt1", "gpt2"])
def pair(request):
    torch.manual_seed(0)
    reference, tables, wiring = request.param()
    for parameter in reference.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    ours = CausalLM(
        Config(
            vocab_size=37, context_length=16, hidden_size=24, num_layers=3, num_heads=3,
            causal=True, activation="gelu_tanh", **wiring,
        )
    )  # fmt: skip
    theirs = dict(reference.named_parameters())
    names = {name: reference_name(name, tables) for name, _ in ours.named_parameters()}
    assert set(names.values()) == set(theirs)  # every tensor has its place, none is left over
    for name, parameter in ours.named_parameters():
        parameter.data = transposed(name, theirs[names[name]].data).contiguous()
    return ours.train(), reference.train(), names


def test_logits_loss_and_every_gradient_are_equal(pair):
    ours, reference, names = pair
    ids = torch.randint(37, (4, 16))
    real = torch.arange(16)[None] < torch.tensor([16, 11, 7, 2])[:, None]
    labels = ids.masked_fill(~real, -100)
    expected = reference(ids, attention_mask=real.long(), labels=labels)
    found = ours(ids, attention_mask=real)
    torch.testing.assert_close(found[real], expected.logits[real], atol=1e-5, rtol=0)
    loss = ours.loss({"input_ids": ids, "attention_mask": real})
    torch.testing.assert_close(loss, expected.loss, atol=1e-5, rtol=0)
    loss.backward()
    expected.loss.backward()
    theirs = dict(reference.named_parameters())
    for name, parameter in ours.named_parameters():
        gradient = transposed(name, theirs[names[name]].grad)
        torch.testing.assert_close(parameter.grad, gradient, atol=1e-5, rtol=0, msg=name)


def test_the_other_gelu_would_be_noticed(pair):
    ours, reference, _ = pair
    ids = torch.randint(37, (2, 16))
    expected = reference(ids).logits
    for block in ours.transformer.blocks:
        block.feed_forward.activation = torch.nn.functional.gelu  # the error function's
    assert (ours(ids) - expected).abs().max() > 1e-4
