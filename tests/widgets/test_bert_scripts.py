"""BERT's widgets do what lmcore.objectives does: masking and packing."""

import random

import pytest
import torch
from node import needs_node, run, script

from lmcore import Tokenizer
from lmcore.objectives import PairPacking
from lmcore.widgets import InputComposer, MaskingLab

pytestmark = needs_node

LAB = ["dom.js", "sampling.js"]
RULE = "const rule = { special: new Set([2, 3]), plain: [5, 6, 7, 8, 9], mask: 4 };"


def test_as_many_tokens_are_chosen_as_torch_rounds_to(tmp_path):
    """Every rate of the slider, every length: halves and single precision included."""
    code = script("masking_lab.js") + """
    const found = [];
    for (let k = 1; k <= 60; k++) for (let n = 1; n <= 126; n++) found.push(howMany(n, k / 100));
    say([found, howMany(0, .15)]);
    """  # fmt: skip
    found, none = run(tmp_path, LAB, code)
    lengths = torch.arange(1, 127)
    wanted = [(k / 100 * lengths).round().clamp(min=1).minimum(lengths) for k in range(1, 61)]
    assert found == torch.cat(wanted).int().tolist()
    assert none == 0


def test_the_masking_rule_in_the_page(tmp_path):
    """80/10/10 of the chosen, each place as likely as another, never a special token."""
    code = script("masking_lab.js") + RULE + """
    const ids = [2, ...Array.from({ length: 20 }, (_, i) => 10 + i), 3], draws = [];
    for (let seed = 0; seed < 4000; seed++) draws.push(maskTokens(ids, rule, .15, seed));
    const all = draws.flat(), fates = tally(all), chosen = new Set(["masked", "replaced", "kept"]);
    const places = ids.map((_, i) => draws.filter((d) => chosen.has(d[i].fate)).length);
    const others = new Set(all.filter((t) => t.fate === "replaced").map((t) => t.shown));
    const wrong = all.filter(({ id, fate, shown }) =>
      fate !== "replaced" && shown !== (fate === "masked" ? 4 : id)).length;
    say({ fates, places, wrong, others: [...others].sort() });
    """  # fmt: skip
    found = run(tmp_path, LAB, code)
    fates = found["fates"]
    assert fates["masked"] + fates["replaced"] + fates["kept"] == 3 * 4000
    for fate, share in (("masked", 0.8), ("replaced", 0.1), ("kept", 0.1)):
        assert fates[fate] / 12_000 == pytest.approx(share, abs=0.01)
    assert fates["special"] == 2 * 4000
    assert found["places"][0] == found["places"][-1] == found["wrong"] == 0
    for times in found["places"][1:-1]:
        assert times == pytest.approx(600, abs=100)  # 4 standard deviations
    assert found["others"] == [5, 6, 7, 8, 9]


def test_a_seed_repeats_and_a_higher_rate_adds(tmp_path):
    code = script("masking_lab.js") + RULE + """
    const ids = Array.from({ length: 40 }, (_, i) => 10 + i);
    const draw = (rate, seed) => maskTokens(ids, rule, rate, seed), text = JSON.stringify;
    const few = draw(.15, 7), more = draw(.4, 7);
    say({
      same: text(few) === text(draw(.15, 7)), other: text(few) === text(draw(.15, 8)),
      kept: few.every(({ fate }, i) => fate === "untouched" || fate === more[i].fate),
      numbers: [few, more].map((d) => 40 - tally(d).untouched),
    });
    """  # fmt: skip
    found = run(tmp_path, LAB, code)
    assert found == {"same": True, "other": False, "kept": True, "numbers": [6, 16]}


def test_masking_in_words(tmp_path):
    code = script("masking_lab.js") + "say(given.all.map(([t, rate]) => reading(t, rate)));"
    all_ = [
        [dict(masked=3, replaced=0, kept=0, untouched=17), 0.15],
        [dict(masked=2, replaced=1, kept=0, untouched=17), 0.15],
        [dict(masked=1, replaced=0, kept=0, untouched=9), 0.01],
        [dict(masked=7, replaced=1, kept=1, untouched=11), 0.45],
        [dict(masked=0, replaced=0, kept=0, untouched=0), 0.15],
    ]
    lucky, mixed, one, many, none = run(tmp_path, LAB, code, all=all_)
    assert lucky.startswith("3 of 20 tokens are chosen: 3 masked, 0 replaced, 0 kept.")
    assert "expects 0.3 replaced" in lucky
    assert mixed.endswith("Whether a visible token is right it is not told.")
    assert "1 of 10 tokens is chosen" in one
    assert many.endswith("It has 11 untouched ones to go by.")
    assert "nothing to hide" in none


def test_the_composer_packs_as_pair_packing_does(tmp_path):
    draw = random.Random(0)
    cases = []
    for _ in range(200):
        a = [draw.randrange(5, 99) for _ in range(draw.randrange(0, 30))]
        b = [draw.randrange(5, 99) for _ in range(draw.randrange(0, 30))]
        cases.append([a, draw.choice([b, b, None]), draw.randrange(8, 40)])
    code = script("input_composer.js") + """
    const tokenizer = new WordPiece(given.json);
    say(given.cases.map(([a, b, length]) => {
      const ids = tokenizer.framed(...cutToFit(a, b, length));
      return [ids, segmentsOf(ids, 3)];
    }));
    """  # fmt: skip
    json = Tokenizer.load("wordpiece-2048").to_json()
    found = run(tmp_path, ["dom.js", "wordpiece.js"], code, json=json, cases=cases)
    for (a, b, length), (ids, segments) in zip(cases, found, strict=True):
        packing = PairPacking(cls_id=2, sep_id=3, length=length)
        assert ids == packing(a, b)
        assert segments == packing.batch([ids])["segment_ids"][0].tolist()


def test_packing_in_words(tmp_path):
    code = script("input_composer.js") + "say(given.all.map(reading));"
    all_ = [
        {"a": [1, 2], "b": [3], "cut": [[1, 2], [3]], "length": 128},
        {"a": [1, 2], "b": None, "cut": [[1, 2], None], "length": 128},
        {"a": [1, 2, 3, 4], "b": [5], "cut": [[1, 2, 3], [5]], "length": 7},
    ]
    pair, alone, cut = run(tmp_path, ["dom.js"], code, all=all_)
    assert pair.startswith("6 of 128 tokens are used: 3 markers, 2 of A, 1 of B.")
    assert alone.startswith("4 of 128 tokens are used: 2 markers, 2 of A. With one text")
    assert "A loses its last 1: the longer text gives way first." in cut


def test_what_they_open_at_and_what_they_refuse():
    wordpiece, bpe = Tokenizer.load("wordpiece-2048"), Tokenizer.load("bpe-512")
    lab = MaskingLab(wordpiece, "a text", 20, seed=3)
    assert (lab.text, lab.rate, lab.seed) == ("a text", 20, 3)
    composer = InputComposer(wordpiece, "one", "two", length=64)
    assert (composer.a, composer.b, composer.context_length) == ("one", "two", 64)
    with pytest.raises(ValueError, match="rate 61 is not allowed: from 1 to 60 percent"):
        MaskingLab(wordpiece, "a text", 61)
    with pytest.raises(ValueError, match="length 7 is not allowed: from 8 to 512"):
        InputComposer(wordpiece, "one", "two", length=7)
    for make in (lambda: MaskingLab(bpe, ""), lambda: InputComposer(bpe, "", "")):
        with pytest.raises(ValueError, match=r"a WordPiece tokenizer is needed: this one has no"):
            make()
