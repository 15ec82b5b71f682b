"""Temperature, top-k and nucleus: the same odds in Python and in the page, and their bounds."""

import math
import sys
from pathlib import Path

import pytest
import torch

from lmcore import CausalLM, Config, generate
from lmcore.generate import next_token_probabilities

sys.path.insert(0, str(Path(__file__).parent / "widgets"))
from node import needs_node, run

LOGITS = torch.tensor([0.0, 3.0, 2.0, 1.0]).log_softmax(0)  # odds 0.03, 0.64, 0.24, 0.09


def test_the_nucleus_is_the_fewest_that_hold_the_share():
    for top_p, kept in [
        (0.5, {1}),
        (0.64, {1}),
        (0.65, {1, 2}),
        (0.9, {1, 2, 3}),
        (1.0, {0, 1, 2, 3}),
    ]:
        found = next_token_probabilities(LOGITS, top_p=top_p)
        assert set(found.nonzero().flatten().tolist()) == kept, top_p
        assert found.sum() == pytest.approx(1)
        odds = LOGITS.exp() * (found > 0)
        torch.testing.assert_close(found, odds / odds.sum())


def test_temperature_comes_before_the_nucleus():
    """Heat spreads the odds, so the same share takes more tokens."""
    sizes = [
        int((next_token_probabilities(LOGITS, temperature=t, top_p=0.8) > 0).sum())
        for t in (0.3, 1.0, 3.0)
    ]
    assert sizes == [1, 2, 3]


def test_a_flat_distribution_is_kept_whole():
    assert (next_token_probabilities(torch.zeros(5), top_p=0.3) > 0).all()


def test_the_greedy_distribution_is_one_token():
    assert next_token_probabilities(LOGITS, temperature=0).tolist() == [0, 1, 0, 0]


@needs_node
def test_the_page_draws_from_the_same_odds(tmp_path):
    logits = torch.randn(300, generator=torch.Generator().manual_seed(0)) * 2
    rules = [(1, 300, 0.9), (0.7, 40, 1), (1.4, 100, 0.5), (0.7, 40, 0.95), (0, 300, 1)]
    code = """
    const logits = Float32Array.from(given.logits);
    const odds = given.rules.map(([t, k, p]) => distribution(logits, t, k, p));
    say(odds.map((one) => [[...one], entropy(one)]));
    """
    scripts = ["arithmetic.js", "sampling.js"]
    found = run(tmp_path, scripts, code, logits=logits.tolist(), rules=rules)
    for (temperature, top_k, top_p), (odds, bits) in zip(rules, found, strict=True):
        expected = next_token_probabilities(
            logits, temperature=temperature, top_k=top_k, top_p=top_p
        )
        torch.testing.assert_close(
            torch.tensor(odds, dtype=torch.float32), expected, atol=1e-6, rtol=1e-5
        )
        seen = expected[expected > 0]
        assert bits == pytest.approx(-(seen * seen.log2()).sum().item(), abs=1e-4)


@needs_node
def test_the_explorer_says_what_is_left(tmp_path):
    from importlib.resources import files

    text = files("lmcore.widgets").joinpath("sampling_explorer.js").read_text("utf-8")
    code = (
        text[: text.index("export default")]
        + """
    const own = Float32Array.from([.5, .25, .125, .125]);
    const flat = own.map(() => .25);
    say([verdict(own, own), verdict(own, nucleus(own, .6)), verdict(own, flat)]);
    """
    )
    same, cut, flat = run(tmp_path, ["dom.js", "arithmetic.js", "sampling.js"], code)
    assert same["large"] == "1.8 bits"
    assert same["words"].startswith("As the model left it")
    assert cut["large"] == "0.9 bits"
    assert "2 of 4 tokens can be drawn; the model gave them 75%." in cut["words"]
    assert flat["words"].startswith(
        "Wider than the model's own, 1.8 bits: as undecided as among 4.0"
    )


def test_a_tight_nucleus_is_greedy():
    torch.manual_seed(0)
    model = CausalLM(
        Config(
            vocab_size=30, context_length=10, hidden_size=12, num_layers=2, num_heads=2,
            causal=True, init_std=0.5,
        )
    ).eval()  # fmt: skip
    assert generate(model, [1, 2], 8, top_p=1e-6) == generate(model, [1, 2], 8, temperature=0)
    assert generate(model, [1], 20, top_p=1.0, seed=4) == generate(model, [1], 20, seed=4)


@pytest.mark.parametrize("top_p", [0.0, -0.1, 1.5, math.nan])
def test_a_share_that_is_none_is_refused(top_p):
    with pytest.raises(ValueError, match=r"top_p .* is not allowed: above 0, at most 1"):
        next_token_probabilities(LOGITS, top_p=top_p)
