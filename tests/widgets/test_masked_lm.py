"""A masked language model in the page: its logits are torch's, for every wiring of the head."""

import base64
import gzip
import random

import pytest
import torch
from node import needs_node, run, script

from lmcore import CausalLM, Config, MaskedLM, Tokenizer, count_parameters, preset
from lmcore.widgets import MaskFiller, PageModel, pack_model
from lmcore.widgets.pack import LARGEST

pytestmark = needs_node

SCRIPTS = ["arithmetic.js", "engine.js", "heads.js", "unpack.js"]
LOGITS = """
const payload = Buffer.from(given.payload, "base64");
const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
const model = openTransformer(given.manifest.config, unpack(given.manifest, view));
const hidden = model.forward(given.ids, { segments: given.segments });
say({
  all: [...model.project(hidden)],
  some: model.logitsAt(hidden, [0, 3]).map((logits) => [...logits]),
  pair: model.tensors["pair.weight"] ? [...model.pairLogits(hidden)] : null,
});
"""


def random_masked_lm(seed):
    """Odd sizes and every switch of the head: narrow embeddings, shared groups, a free output
    table, another activation, a pooler with or without a pair head."""
    draw = random.Random(seed)
    heads, layers = draw.choice([1, 2, 3]), draw.choice([2, 4])
    hidden = heads * draw.choice([3, 5, 8])
    pooler = draw.random() < 0.7
    config = Config(
        vocab_size=29, context_length=12, hidden_size=hidden, num_heads=heads, num_layers=layers,
        causal=False, embedding_norm=draw.random() < 0.8, num_segments=draw.choice([0, 2]),
        embedding_size=draw.choice([hidden, hidden - 1, 2]), num_groups=draw.choice([1, 2, layers]),
        pooler=pooler, tied_head=draw.random() < 0.6, pre_norm=draw.random() < 0.3,
        activation=draw.choice(["gelu", "gelu_tanh", "relu"]),
        head_activation=draw.choice([None, "gelu", "silu"]), norm_eps=draw.choice([1e-5, 1e-12]),
        init_std=0.3,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = MaskedLM(config, pair_head=pooler and draw.random() < 0.7).eval()
    for parameter in model.parameters():  # norms and biases too, away from 1 and 0
        parameter.data += 0.1 * torch.randn_like(parameter)
        parameter.data = parameter.data.half().float()  # what fp16 holds exactly
    return model


def asked(model, tmp_path, dtype):
    """What torch and the page say of one text: logits (9, V), and the pair's or None."""
    ids = torch.randint(29, (1, 9))
    segments = torch.tensor([[0] * 4 + [1] * 5])
    with torch.no_grad():
        hidden = model.hidden({"input_ids": ids, "segment_ids": segments})
        logits = model.project(hidden)[0]
        pair = model.pair_logits(hidden)[0] if model.pair is not None else None
    manifest, payload = pack_model(model, dtype)
    found = run(
        tmp_path, SCRIPTS, LOGITS, ids=ids[0].tolist(), segments=segments[0].tolist(),
        manifest=manifest, payload=base64.b64encode(payload).decode(),
    )  # fmt: skip
    return logits, pair, found


@pytest.mark.parametrize("seed", range(10))
def test_logits_equal_torch(seed, tmp_path):
    logits, pair, found = asked(random_masked_lm(seed), tmp_path, "float16")
    torch.testing.assert_close(
        torch.tensor(found["all"]).view_as(logits), logits, atol=1e-4, rtol=1e-5
    )
    torch.testing.assert_close(torch.tensor(found["some"]), logits[[0, 3]], atol=1e-4, rtol=1e-5)
    assert (found["pair"] is None) == (pair is None)
    if pair is not None:
        torch.testing.assert_close(torch.tensor(found["pair"]), pair, atol=1e-4, rtol=1e-5)


def test_the_random_models_meet_every_switch():
    models = [random_masked_lm(seed) for seed in range(10)]
    assert {model.pair is None for model in models} == {True, False}
    for field in ("tied_head", "project", "embedding_norm", "pooler", "pre_norm"):
        assert {getattr(model.config, field) for model in models} == {True, False}
    groups = {model.config.num_groups == model.config.num_layers for model in models}
    assert groups == {True, False}


@pytest.mark.parametrize("dtype", ["int8", "int6", "int5"])
@pytest.mark.parametrize("seed", range(4))
def test_whole_numbers_are_torch_on_weights_rounded_row_by_row(seed, dtype, tmp_path):
    model = random_masked_lm(seed)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            scales = parameter.data.abs().amax(1, keepdim=True) / LARGEST[dtype]
            parameter.data = (parameter.data / scales).round() * scales
    logits, _, found = asked(model, tmp_path, dtype)
    torch.testing.assert_close(
        torch.tensor(found["all"]).view_as(logits), logits, atol=1e-3, rtol=1e-4
    )


@pytest.mark.parametrize(("dtype", "share"), [("int8", 0.1), ("int6", 0.4)])
def test_a_small_berts_logits_move_by_a_part_of_their_spread(dtype, share, tmp_path):
    torch.manual_seed(0)
    config = preset("bert-mini").replace(vocab_size=29)
    logits, _, found = asked(MaskedLM(config).eval(), tmp_path, dtype)
    error = torch.tensor(found["all"]).view_as(logits) - logits
    assert 0 < error.abs().max() < share * logits.std()


@pytest.mark.parametrize(
    ("dtype", "most"), [("float16", 2.0), ("int8", 1.05), ("int6", 0.8), ("int5", 0.8)]
)
def test_bytes_a_weight_packed_and_as_a_page_sends_them(dtype, most):
    """Compressed as base64, six bits beat eight by more than a quarter."""
    model = MaskedLM(preset("bert-mini"))
    _, payload = pack_model(model, dtype)
    assert 0.75 < len(payload) / count_parameters(model) <= most
    sent = len(gzip.compress(base64.b64encode(payload), 6)) / count_parameters(model)
    assert sent < {"float16": 2.05, "int8": 1.06, "int6": 0.75, "int5": 0.67}[dtype]


def test_gaps_in_words(tmp_path):
    """Even odds of n tokens are as unsure as n choices; several gaps are filled apart."""
    even = {"probabilities": [0.25] * 4, "best": [2, 0]}
    sure = {"probabilities": [0, 1], "best": [1]}
    code = script("mask_filler.js") + """
    const label = (id) => `t${id}`;
    say([[], [given.even], [given.even, given.sure]].map((gaps) => reading(gaps, label)));
    """  # fmt: skip
    none, one, two = run(tmp_path, ["dom.js"], code, even=even, sure=sure)
    assert none == "Write [MASK] where a word is to be guessed."
    assert one == (
        "In the gap, “t2” has 25%, and the model is as unsure as between 4.0 even choices."
    )
    assert "In gap 2, “t1” has 100%, and the model is as unsure as between 1.0 even" in two
    assert two.endswith(
        "Each gap is filled by itself: the model does not know what it puts into the others."
    )


def test_a_filler_needs_a_masked_model():
    config = Config(
        vocab_size=2048, context_length=8, hidden_size=8, num_layers=1, num_heads=2, causal=False
    )
    tokenizer = Tokenizer.load("wordpiece-2048")
    page_model = PageModel("small", MaskedLM(config), tokenizer, "int8")
    filler = MaskFiller(page_model, "a [MASK]", examples=("one", "two"))
    assert (filler.text, filler.examples) == ("a [MASK]", ["one", "two"])
    assert filler.get_state()["page_model"] == f"IPY_MODEL_{page_model.model_id}"
    causal = CausalLM(config.replace(causal=True))
    with pytest.raises(ValueError, match="gpt fills no gaps: a MaskedLM is needed"):
        MaskFiller(PageModel("gpt", causal, tokenizer), "a [MASK]")
