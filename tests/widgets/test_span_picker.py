"""The span picker decides as lmcore.squad does, and refuses examples that do not fit together."""

import random

import pytest
import torch
from node import needs_node, run, script

from lmcore import Tokenizer
from lmcore.data import Question
from lmcore.objectives import PairPacking, span_windows
from lmcore.squad import Answer, best_span, exact_match, f1_score
from lmcore.widgets import SpanPicker, span_example

PASSAGE = "The Spree, in Bautzen  and Cottbus, reaches Berlin. It joins the Havel at Spandau."
GIVEN = [
    ("the Havel", "Havel"), ("The  river.", "river"), ("", "Havel"), ("a b b c", "b c c d"),
    ("Berlin, Spandau", "Spandau"), ("theatre", "the atre"), ("an", "x"), ("Ångström", "ångström"),
    ("la thé", "thé"), ("Bautzen", "Cottbus"), ("1,200", "1200"), ("aé the b", "aé b"),
]  # fmt: skip


def example(**changes):
    return {
        "question": "Where?", "tokens": ["In", " Berlin", "."], "starts": [0.0, 3.0, -1.0],
        "ends": [0.5, 2.0, -1.0], "null_score": 1.0, "answer": "Berlin",
    } | changes  # fmt: skip


@needs_node
def test_the_best_span_is_pythons(tmp_path):
    """Random scores over passages shorter and longer than the longest answer."""
    torch.manual_seed(0)
    cases = [
        {"starts": torch.randn(n).tolist(), "ends": (3 * torch.randn(n)).tolist()}
        for n in (1, 2, 5, 29, 30, 31, 60, 90) * 3
    ]
    code = script("span_picker.js") + "say(given.cases.map((one) => bestSpans(one, 3)));"
    found = run(tmp_path, ["dom.js"], code, cases=cases)
    for case, spans in zip(cases, found, strict=True):
        starts, ends = torch.tensor(case["starts"]), torch.tensor(case["ends"])
        score, (first, last) = best_span(starts, ends, [(i, i + 1) for i in range(len(starts))])
        assert (spans[0]["first"], spans[0]["last"]) == (first, last - 1)
        assert spans[0]["score"] == pytest.approx(score, abs=1e-5)
        assert [s["score"] for s in spans] == sorted((s["score"] for s in spans), reverse=True)
        assert all(0 <= s["last"] - s["first"] < 30 for s in spans)


@needs_node
def test_answers_are_compared_by_the_official_rules(tmp_path):
    code = script("span_picker.js") + """
    say(given.pairs.map(([a, b]) => [overlap(a, b), words(a).join(" ") === words(b).join(" ")]));
    """  # fmt: skip
    found = run(tmp_path, ["dom.js"], code, pairs=GIVEN)
    for (given, gold), (f1, same) in zip(GIVEN, found, strict=True):
        assert f1 == pytest.approx(f1_score(given, [gold])), (given, gold)
        assert same == bool(exact_match(given, [gold])), (given, gold)


@needs_node
def test_the_threshold_decides_as_in_python_and_words_say_so(tmp_path):
    """A margin equal to the threshold is not above it."""
    draw, cases = random.Random(0), []
    for threshold in (-9.0, 3.9, 4.0, 4.1, draw.uniform(0, 9)):
        cases += [[example(), threshold], [example(answer=None), threshold]]
    cases += [[example(answer="East Berlin"), 0.0], [example(answer="Paris"), 0.0]]
    code = script("span_picker.js") + """
    say(given.cases.map(([one, limit]) => reading(one, bestSpans(one, 1)[0], limit)));
    """  # fmt: skip
    found = run(tmp_path, ["dom.js"], code, cases=cases)
    for (one, threshold), said in zip(cases, found, strict=True):
        given = Answer("Berlin", 5.0, 1.0).given(threshold)
        assert said.startswith("“Berlin” scores 3.0 + 2.0 = 5.0, no answer 1.0: a margin of 4.00, ")
        assert ("not above the threshold" not in said) == bool(given)
        right = exact_match(given, [one["answer"]] if one["answer"] else [])
        assert ("✓ Right" in said) == bool(right)
    assert found[-2].endswith("◐ Partly right: “East Berlin” was asked for, F1 0.67.")
    assert found[-1].endswith("✗ Wrong: “Paris” was asked for, F1 0.00.")


def test_an_example_from_a_window_keeps_the_passages_own_letters():
    start = PASSAGE.index("Havel")
    asked = Question("1", "Spree", PASSAGE, "Where does it end?", ("Havel",), (start,))
    packing = PairPacking(cls_id=2, sep_id=3, length=64)
    (window,) = span_windows([asked], Tokenizer.load("wordpiece-2048"), packing, 16)
    scores = torch.arange(len(window.ids)).float()
    made = span_example(asked, window, scores, scores + 0.5)
    assert "".join(made["tokens"]) == PASSAGE
    first = window.ids.index(3) + 1
    assert made["starts"] == list(range(first, first + len(made["tokens"])))
    assert made["ends"] == [s + 0.5 for s in made["starts"]]
    assert (made["null_score"], made["answer"], made["question"]) == (0.5, "Havel", asked.question)
    right = made["tokens"][window.start - first : window.end - first + 1]
    assert "".join(right).strip() == "Havel"
    assert SpanPicker([made], 1.5).threshold == 1.5
    with pytest.raises(ValueError, match="2 start and 3 end scores for a window of"):
        span_example(asked, window, [0.0, 0.0], [0.0, 0.0, 0.0])


def test_scores_are_kept_short():
    picker = SpanPicker([example(starts=[1 / 3, 2 / 3, 0], null_score=1 / 3)])
    assert picker.examples[0]["starts"] == [0.3333, 0.6667, 0.0]
    assert picker.examples[0]["null_score"] == 0.3333


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"starts": [1.0]}, "'Where\\?': 1 starts for 3 tokens"),
        ({"ends": [1.0] * 4}, "'Where\\?': 4 ends for 3 tokens"),
        ({"tokens": [], "starts": [], "ends": []}, "tokens are needed"),
        ({"tokens": ["a", 1, "b"]}, "tokens are needed, each a text"),
        ({"starts": [1.0, float("nan"), 2.0]}, "every score must be a finite number"),
        ({"null_score": float("inf")}, "every score must be a finite number"),
        ({"answer": ""}, "answer '' is not allowed: some text, or None"),
        ({"question": ""}, "question '' is not allowed"),
    ],
)
def test_bad_examples_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        SpanPicker([example(**changes)])


def test_missing_parts_and_no_examples_are_refused():
    with pytest.raises(ValueError, match="example 'Where\\?' has no answer, ends"):
        SpanPicker([{k: v for k, v in example().items() if k not in ("answer", "ends")}])
    with pytest.raises(ValueError, match="at least one example"):
        SpanPicker([])
    with pytest.raises(ValueError, match="threshold inf is not allowed"):
        SpanPicker([example()], float("inf"))
