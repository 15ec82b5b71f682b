"""ELECTRA's widgets: the discriminator in JavaScript is torch's, labels follow the paper's rule."""

import base64

import pytest
import torch
from node import needs_node, run, script

from lmcore import Config, Discriminator, Electra, MaskedLM, Tokenizer, preset
from lmcore.widgets import ElectraExplorer, ElectraStepper, PageModel, pack_model

SCRIPTS = ["arithmetic.js", "engine.js", "heads.js", "unpack.js"]
JUDGE = """
const payload = Buffer.from(given.payload, "base64");
const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
const model = openTransformer(given.manifest.config, unpack(given.manifest, view));
say([...model.detect(model.forward(given.ids))]);
"""
STEPPER = ["dom.js", "arithmetic.js", "sampling.js"]


def config(seed):
    """Odd sizes, with and without a projection, segments and shared groups."""
    sizes = [
        dict(hidden_size=12, num_heads=3, embedding_size=7, num_segments=2),
        dict(hidden_size=8, num_heads=1, activation="gelu_tanh"),
        dict(hidden_size=10, num_heads=2, embedding_size=10, project=True, num_groups=1),
        dict(hidden_size=6, num_heads=2, pre_norm=True, activation="relu"),
    ][seed]
    return Config(
        vocab_size=29, context_length=12, num_layers=2, causal=False, embedding_norm=seed != 3,
        norm_eps=1e-12, init_std=0.4, **sizes,
    )  # fmt: skip


@needs_node
@pytest.mark.parametrize("dtype", ["float16", "int8", "int6"])
@pytest.mark.parametrize("seed", range(4))
def test_the_discriminator_in_the_page_is_torchs(seed, dtype, tmp_path):
    torch.manual_seed(seed)
    model = Discriminator(config(seed)).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
        if dtype != "float16" and parameter.dim() == 2:
            scales = parameter.data.abs().amax(1, keepdim=True) / {"int8": 127, "int6": 31}[dtype]
            parameter.data = (parameter.data / scales).round() * scales
        else:
            parameter.data = parameter.data.half().float()
    ids = torch.randint(29, (1, 11))
    manifest, payload = pack_model(model, dtype)
    found = run(
        tmp_path, SCRIPTS, JUDGE, ids=ids[0].tolist(), manifest=manifest,
        payload=base64.b64encode(payload).decode(),
    )  # fmt: skip
    with torch.no_grad():
        expected = model({"input_ids": ids})[0]
    torch.testing.assert_close(torch.tensor(found), expected, atol=1e-3, rtol=1e-4)


@needs_node
def test_labels_follow_the_rule_and_the_torch_side(tmp_path):
    """Lucky draws are originals, in JavaScript as in lmcore.Electra.replace."""
    code = script("electra_stepper.js") + """
    const judged = judge(given.ids, given.hidden, given.drawn, given.chances, new Set([2, 3]));
    say({ replaced: judged.map((one) => one.replaced), fates: judged.map((one) => one.fate),
          now: judged.map((one) => one.now) });
    """  # fmt: skip
    ids, hidden, drawn = [2, 10, 11, 12, 13, 14, 3], [1, 3, 4], [10, 20, 21]
    found = run(
        tmp_path, STEPPER, code, ids=ids, hidden=hidden, drawn=drawn,
        chances=[0.9, 0.2, 0.6, 0.8, 0.3, 0.1, 0.9],
    )  # fmt: skip
    small = Config(
        vocab_size=29, context_length=8, hidden_size=8, num_layers=1, num_heads=2, causal=False
    )
    batch = {
        "input_ids": torch.tensor([[2, 4, 11, 4, 4, 14, 3]]),
        "masked_positions": torch.tensor(hidden),
        "masked_ids": torch.tensor([ids[i] for i in hidden]),
    }
    logits = 1e4 * torch.nn.functional.one_hot(torch.tensor(drawn), 29).float()
    judged = Electra(small, small).replace(batch, logits)
    assert found["replaced"] == judged["replaced"][0].bool().tolist()
    assert found["now"] == judged["input_ids"][0].tolist()
    assert found["fates"] == [
        "special", "untouched", "alarm", "found", "missed", "untouched", "special",
    ]  # fmt: skip


@needs_node
def test_the_same_dice_hide_more_at_a_higher_rate_and_no_marker(tmp_path):
    code = script("electra_stepper.js") + """
    const hide = (rate) => chooseHidden(given.ids, new Set([2, 3]), rate, mulberry32(5));
    say([0.05, 0.15, 0.6].map(hide));
    """  # fmt: skip
    few, some, most = run(tmp_path, STEPPER, code, ids=[2, *range(10, 30), 3])
    assert [len(found) for found in (few, some, most)] == [1, 3, 12]
    assert set(few) < set(some) < set(most) <= set(range(1, 21))


@needs_node
def test_every_step_is_told_in_words(tmp_path):
    code = script("electra_stepper.js") + """
    const state = {
      plain: 7, hidden: [1, 3],
      drawn: [{ id: 5, was: 6, chance: .5, given: .1, right: false },
              { id: 8, was: 8, chance: .3, given: .3, right: true }],
      judged: ["found", "alarm", "untouched"].map((fate, i) => ({
        fate, now: i, chance: .9 - i / 10, replaced: fate === "found" })),
    };
    say([0, 1, 2, 3].map((step) => reading(step, state, (id) => `t${id}`)).concat(
      reading(0, { plain: 0, hidden: [], drawn: [], judged: [] }, String)));
    """  # fmt: skip
    original, masked, generated, detected, empty = run(tmp_path, STEPPER, code)
    assert "teaches a masked language model 2 things; the discriminator" in original
    assert masked.startswith("2 of 7 tokens are hidden.")
    assert "drew “t5” (50%) for “t6” (10%), “t8” (30%) for “t8” (30%)" in generated
    assert "1 draw is the very token that stood there, so it counts as original" in generated
    assert detected.startswith("Of 1 replaced token the discriminator finds 1, with 1 false alarm")
    assert "“t0” looks oddest to it (90%), rightly." in detected
    assert empty == "Type a sentence: there is no token to hide yet."


def tiny(kind, vocab_size=2048):
    """A model of that kind that a page can hold."""
    sizes = dict(context_length=8, hidden_size=8, num_layers=1, num_heads=2)
    return kind(Config(vocab_size=vocab_size, causal=False, **sizes))


def test_a_stepper_needs_both_parts_and_one_vocabulary():
    words = Tokenizer.load("wordpiece-2048")
    generator = PageModel("g", tiny(MaskedLM), words, "int8")
    discriminator = PageModel("d", tiny(Discriminator), words, "int8")
    stepper = ElectraStepper(generator, discriminator, "a text", examples=("one",))
    assert (stepper.text, stepper.examples, stepper.seed) == ("a text", ["one"], 1)
    with pytest.raises(ValueError, match="threshold 1 is not allowed: from"):
        ElectraStepper(generator, discriminator, "a text", threshold=1)
    with pytest.raises(ValueError, match="g is no Discriminator"):
        ElectraStepper(generator, generator, "a text")
    with pytest.raises(ValueError, match="d is no MaskedLM"):
        ElectraStepper(discriminator, discriminator, "a text")
    others = PageModel("e", tiny(Discriminator, 4096), Tokenizer.load("wordpiece-4096"), "int8")
    with pytest.raises(ValueError, match="need one tokenizer"):
        ElectraStepper(generator, others, "a text")


def a_run(width, weight, probe):
    """A row of the study, as csv gives it."""
    names = ("replaced", "detected", "false_alarms", "generator", "discriminator")
    values = dict.fromkeys(names, "0.5")
    return {"width": str(width), "weight": str(weight), "probe": str(probe), **values}


def test_the_explorer_takes_means_over_seeds_and_misses_no_point():
    runs = [a_run(16, 50, 0.8), a_run(16, 50, 0.9), a_run(16, 1, 0.6), a_run(64, 1, 0.5)]
    with pytest.raises(ValueError, match="no run of width 64 and weight 50"):
        ElectraExplorer(runs, width=64)
    explorer = ElectraExplorer([*runs, a_run(64, 50, 0.7)], width=64)
    (point,) = [p for p in explorer.points if (p["width"], p["weight"]) == (16, 50)]
    assert point["seeds"] == 2
    assert point["probe"] == pytest.approx([0.85, 0.0707], abs=1e-3)


@needs_node
def test_the_explorer_reads_its_point_out(tmp_path):
    code = script("electra_explorer.js") + """
    say([0, 1].map((i) => reading(given.points[i], given.points, 64)).concat(part(64, 64)));
    """  # fmt: skip
    runs = [a_run(16, 1, 0.6), a_run(16, 50, 0.9)]
    points = ElectraExplorer(runs, width=64).points
    one, fifty, whole = run(tmp_path, ["dom.js"], code, points=points)
    assert one.startswith("A generator of 1/4 the width, λ = 1: it replaces 50% of the hidden")
    assert one.endswith("the best mean, 0.90, has one of 1/4 the width and λ = 50.")
    assert fifty.endswith("(1 seed), the best mean of these 2.")
    assert whole == "1"


def test_the_books_pair_is_light_enough_for_its_page():
    pair = Electra(preset("electra-mini"), preset("electra-mini-generator"))
    sizes = [len(pack_model(model, "int6")[1]) for model in (pair.generator, pair.discriminator)]
    assert sum(sizes) < 900_000
