"""engine.js computes what lmcore.model computes, for every wiring; bpe.js what Tokenizer does."""

import base64
import hashlib
import random
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from node import needs_node, run

from lmcore import CausalLM, Config, Tokenizer, Trace
from lmcore.model import Transformer, initialize
from lmcore.widgets import pack_model

pytestmark = needs_node

ENGINE = ["arithmetic.js", "engine.js", "kernel.js", "unpack.js"]

# Multiples of 8, as the kernel wants them; random_wiring draws others, which JavaScript does.
SIZES = dict(
    vocab_size=32, context_length=21, hidden_size=48, num_layers=4, num_heads=3,
    feed_forward_size=56,
)  # fmt: skip
WIRINGS = {
    "gpt1": dict(causal=True, activation="gelu_tanh"),
    "gpt2": dict(causal=True, pre_norm=True, activation="gelu_tanh"),
    "gpt3": dict(causal=True, pre_norm=True, activation="gelu_tanh", windows=(None, 3)),
    "bert": dict(causal=False, embedding_norm=True, num_segments=2, norm_eps=1e-12),
    "albert": dict(
        causal=False, embedding_norm=True, num_segments=2, embedding_size=24, project=True,
        num_groups=2, activation="gelu_tanh", norm_eps=1e-12,
    ),
    "banded": dict(causal=False, windows=(2,), num_groups=1, layers_per_group=2),
}  # fmt: skip

FORWARD = """
const payload = Buffer.from(given.payload, "base64");
const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
const config = given.manifest.config, tensors = unpack(given.manifest, view);
const ops = given.plain ? PLAIN : fastest(config, tensors), kernel = ops instanceof Kernel;
const model = new Transformer(config, tensors, ops);
const trace = [];
const hidden = model.forward(given.ids, { segments: given.segments, trace });
"""


class Bare(torch.nn.Module):
    """A trunk under the name that a model gives it."""

    def __init__(self, config):
        super().__init__()
        self.config, self.transformer = config, Transformer(config)
        initialize(self, config)


def packed(wiring, dtype):
    torch.manual_seed(0)
    model = Bare(Config(**(SIZES | wiring), init_std=0.15)).eval()
    for parameter in model.parameters():  # norms and biases too, away from 1 and 0
        parameter.data += 0.1 * torch.randn_like(parameter)
        parameter.data = parameter.data.half().float()  # what fp16 holds exactly
    manifest, payload = pack_model(model, dtype)
    return model, {"manifest": manifest, "payload": base64.b64encode(payload).decode()}


@pytest.mark.parametrize("plain", [False, True], ids=["kernel", "plain"])
@pytest.mark.parametrize("name", WIRINGS)
def test_hidden_states_and_attention_equal_torch(name, plain, tmp_path):
    model, values = packed(WIRINGS[name], "float16")
    ids = torch.randint(29, (1, 9))
    segments = torch.tensor([[0] * 4 + [1] * 5])
    trace = Trace()
    with torch.no_grad():
        expected = model.transformer(ids, segment_ids=segments, trace=trace)[0]
    found = run(
        tmp_path, ENGINE,
        FORWARD + "say({ kernel, hidden: [...hidden], trace: trace.map((w) => [...w]) });",
        ids=ids[0].tolist(), segments=segments[0].tolist(), plain=plain, **values,
    )  # fmt: skip
    assert found["kernel"] != plain
    torch.testing.assert_close(
        torch.tensor(found["hidden"]).view_as(expected), expected, atol=2e-5, rtol=0
    )
    for weights, scores in zip(found["trace"], trace.scores, strict=True):
        torch.testing.assert_close(
            torch.tensor(weights).view(3, 9, 9), scores.softmax(-1)[0], atol=1e-5, rtol=0
        )


def random_wiring(seed):
    """Sizes and switches drawn at random: each field meets the others. Every second one has a size
    that is no multiple of 8."""
    draw, whole = random.Random(seed), seed % 2 == 0
    heads, layers = draw.choice([1, 2, 3]), draw.choice([2, 4])
    hidden = heads * draw.choice([8, 16, 24] if whole else [3, 4, 5])
    return dict(
        hidden_size=hidden, num_heads=heads, num_layers=layers, causal=draw.random() < 0.5,
        feed_forward_size=draw.choice([hidden + 8 if whole else hidden + 1, 4 * hidden]),
        embedding_size=draw.choice([hidden, hidden + 8 if whole else hidden - 1]),
        pre_norm=draw.random() < 0.5, embedding_norm=draw.random() < 0.5,
        num_segments=draw.choice([0, 2]), num_groups=draw.choice([1, 2, layers]),
        activation=draw.choice(["gelu", "gelu_tanh", "relu", "silu"]),
        windows=draw.choice([(None,), (2,), (None, 3)]), norm_eps=draw.choice([1e-5, 1e-12]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("length", [1, 7, 17])
def test_random_wirings_equal_torch(seed, length, tmp_path):
    model, values = packed(random_wiring(seed), "float16")
    ids = torch.randint(29, (1, length))
    expected = model.transformer(ids)[0].detach()
    code = FORWARD + "say({ kernel, hidden: [...hidden] });"
    found = run(tmp_path, ENGINE, code, ids=ids[0].tolist(), segments=None, **values)
    assert found["kernel"] == (seed % 2 == 0)
    torch.testing.assert_close(
        torch.tensor(found["hidden"]).view_as(expected), expected, atol=1e-4, rtol=1e-5
    )


OPERATIONS = """
const { T, P, n, m, heads } = given, dice = (size) => Float32Array.from({ length: size }, () => 4 * Math.random() - 2);
const config = { hidden_size: n, embedding_size: n, feed_forward_size: m, context_length: P + T, vocab_size: m, num_heads: heads };
const x = dice(T * n), z = dice(T * n), weight = dice(m * n), bias = dice(m), gain = dice(n), shift = dice(n), qkv = dice(T * 3 * n);
const past = dice(P * 3 * n), sight = (t) => [Math.max(0, P + t - 4), P + t + 1], odd = dice(3 * n);
const kernel = fastest(config, { weight, bias, gain, shift });
const does = {
  linear: (ops) => ops.linear(x, weight, bias, T), unbiased: (ops) => ops.linear(x, weight, null, T),
  odd: (ops) => ops.linear(x, odd, null, T),
  norm: (ops) => ops.norm(x, gain, shift, 1e-5), add: (ops) => ops.add(x, z),
  ...Object.fromEntries(Object.keys(ACTIVATIONS).map((name) => [name, (ops) => ops.activate(x.map((v) => 4 * v), name)])),
  attend: (ops) => ops.attend(qkv, { T, P: 0, heads, sight: () => [0, T], trace: null, held: null }),
  cached: (ops) => {
    const held = ops.room(P + T, n);
    ops.within(past, (past) => ops.attend(past, { T: P, P: 0, heads, sight: () => [0, P], trace: null, held }));
    return ops.within(qkv, (qkv) => ops.attend(qkv, { T, P, heads, sight, trace: null, held }));
  },
};
say([kernel instanceof Kernel, Object.fromEntries(Object.entries(does).map(([name, act]) =>
  [name, [kernel, PLAIN].map((ops) => [...ops.within(x, () => act(ops))])]))]);
"""  # noqa: E501


@pytest.mark.parametrize(
    "shape", [(1, 5, 8, 8, 1), (4, 8, 32, 24, 2), (6, 1, 48, 64, 3), (19, 13, 64, 16, 4)]
)
def test_the_kernel_does_what_javascript_does(shape, tmp_path):
    """Each operation by itself; left-over rows, keys that fill no panel, three outputs."""
    values = dict(zip(("T", "P", "n", "m", "heads"), shape, strict=True))
    kernel, found = run(tmp_path, ENGINE, OPERATIONS, **values)
    assert kernel
    assert len(found) == 11
    for name, (fast, plain) in found.items():
        torch.testing.assert_close(
            torch.tensor(fast), torch.tensor(plain), atol=3e-5, rtol=1e-5, msg=name
        )


def test_two_texts_read_in_turn_do_not_disturb_each_other(tmp_path):
    """Widgets share a model, and each pauses inside its own reading."""
    _, values = packed(WIRINGS["gpt2"], "float16")
    code = FORWARD + """
    const other = given.ids.toReversed(), [a, b] = [model.steps(given.ids), model.steps(other)];
    let [x, y] = [a.next(), b.next()];
    while (!x.done) [x, y] = [a.next(), b.next()];
    say([kernel, [...x.value], [...hidden], [...y.value], [...model.forward(other)]]);
    """  # fmt: skip
    kernel, *states = run(tmp_path, ENGINE, code, ids=list(range(9)), segments=None, **values)
    assert kernel
    assert states[0] == states[1]
    assert states[2] == states[3]
    assert states[0] != states[2]


def test_without_webassembly_javascript_does_it(tmp_path):
    code = FORWARD.replace("const payload", "globalThis.WebAssembly = undefined; const payload")
    model, values = packed(WIRINGS["bert"], "float16")
    ids = torch.randint(29, (1, 9))
    code += "say([ops === PLAIN, [...hidden]]);"
    plain, found = run(tmp_path, ENGINE, code, ids=ids[0].tolist(), segments=None, **values)
    assert plain
    expected = model.transformer(ids)[0].detach()
    torch.testing.assert_close(torch.tensor(found).view_as(expected), expected, atol=2e-5, rtol=0)


def test_the_kernels_bytes_are_those_of_its_source():
    source = Path(__file__).resolve().parents[2] / "scripts" / "kernel_source.mjs"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    kernel = files("lmcore.widgets").joinpath("kernel.js").read_text("utf-8")
    assert f'KERNEL_SOURCE = "{digest}"' in kernel


@pytest.mark.parametrize("name", WIRINGS)
def test_int8_is_near(name, tmp_path):
    model, values = packed(WIRINGS[name], "int8")
    ids = torch.randint(29, (1, 9))
    expected = model.transformer(ids)[0].detach()
    code = FORWARD + "say([...hidden]);"
    found = run(tmp_path, ENGINE, code, ids=ids[0].tolist(), segments=None, **values)
    error = (torch.tensor(found).view_as(expected) - expected).abs().max()
    assert 0 < error < 0.1  # hidden states are of size 1 behind a LayerNorm


@pytest.mark.parametrize("name", ["gpt1", "gpt2", "gpt3"])
def test_cache_equals_no_cache_and_logits_equal_torch(name, tmp_path):
    torch.manual_seed(0)
    model = CausalLM(Config(**SIZES, **WIRINGS[name], init_std=0.3)).half().float().eval()
    manifest, payload = pack_model(model)
    ids = torch.randint(29, (1, 10))
    code = (
        FORWARD
        + """
    const cache = model.newCache(), steps = [];
    for (const id of given.ids) steps.push([...model.lastLogits(model.forward([id], { cache }))]);
    say({ last: [...model.lastLogits(hidden)], steps });
    """
    )
    found = run(
        tmp_path, ENGINE, code, ids=ids[0].tolist(), segments=None,
        manifest=manifest, payload=base64.b64encode(payload).decode(),
    )  # fmt: skip
    expected = model(ids)[0].detach()
    torch.testing.assert_close(torch.tensor(found["steps"]), expected, atol=5e-5, rtol=0)
    torch.testing.assert_close(torch.tensor(found["last"]), expected[-1], atol=5e-5, rtol=0)


def test_a_text_too_long_is_refused(tmp_path):
    _, values = packed(WIRINGS["gpt1"], "float16")
    code = FORWARD.replace(
        "const hidden = model.forward(given.ids, { segments: given.segments, trace });",
        "let said; try { model.forward(given.ids) } catch (e) { said = e.message } say(said);",
    )
    said = run(tmp_path, ENGINE, code, ids=[1] * 22, segments=None, **values)
    assert said == "a text of 22 tokens exceeds the position table of 21"


@pytest.mark.parametrize("name", ["bpe-512", "bpe-1024", "gpt2"])
def test_bpe_in_the_page_gives_the_same_ids(name, tmp_path):
    tokenizer = Tokenizer.load(name)
    texts = [
        "The king of England was crowned in 1066, wasn't he?",
        "emoji 🙂👩‍👩‍👧 flags 🇰🇷",
        "대한민국의 주권은 국민에게 있고", "  two  spaces \n\n\tand tabs  ",
        "def f(x):\n    return x**2  # code", "naïve café Þórr ﬁ e\u0301", "<|endoftext|>", "",
    ]  # fmt: skip
    code = """
    const bpe = new ByteLevelBPE(given.json);
    say(given.texts.map((text) => [bpe.encode(text), bpe.decode(bpe.encode(text))]));
    """
    found = run(tmp_path, ["bpe.js"], code, json=tokenizer.to_json(), texts=texts)
    for text, (ids, back) in zip(texts, found, strict=True):
        assert ids == tokenizer.encode(text)
        assert back == text


def test_random_numbers_repeat_and_are_even(tmp_path):
    code = """
    const a = mulberry32(7), b = mulberry32(7), draws = Array.from({ length: 4000 }, a);
    const mean = draws.reduce((x, y) => x + y) / 4000;
    say({ same: draws.slice(0, 5).every((v) => v === b()), mean });
    """
    found = run(tmp_path, ["sampling.js"], code)
    assert found["same"]
    assert found["mean"] == pytest.approx(0.5, abs=0.02)


def test_sampling_keeps_the_k_likeliest_and_sharpens(tmp_path):
    code = """
    const logits = Float32Array.from([0, 3, 2, 1]);
    say([[1, 2], [0, 4], [0.5, 4]].map(([heat, k]) => [...distribution(logits, heat, k)]));
    """
    cut, greedy, sharp = run(tmp_path, ["arithmetic.js", "sampling.js"], code)
    assert cut[0] == cut[3] == 0
    assert cut[1] / cut[2] == pytest.approx(2.71828, rel=1e-4)
    assert greedy == [0, 1, 0, 0]
    assert sharp[1] / sharp[2] == pytest.approx(7.389, rel=1e-3)
