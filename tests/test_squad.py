"""Spans, windows and SQuAD's official scores."""

import math

import pytest
import torch

from lmcore import Tokenizer
from lmcore.config import Config
from lmcore.data import load_factbook, load_handwritten_questions
from lmcore.encoders import SpanExtractor
from lmcore.objectives import PairPacking, SpanText, span_windows
from lmcore.squad import (
    Answer,
    best_span,
    best_threshold,
    exact_match,
    f1_score,
    normalize_answer,
    predict_answers,
    squad_scores,
)

TOKENIZER = Tokenizer.load("wordpiece-2048")
PACKING = PairPacking(TOKENIZER.id_of("[CLS]"), TOKENIZER.id_of("[SEP]"), 128)
QUESTIONS = load_factbook("validation")[:120]


def test_normalization_follows_the_official_script():
    assert normalize_answer("The  Quick, brown-fox!") == "quick brownfox"
    assert normalize_answer("a theme of an anthem") == "theme of anthem"
    assert normalize_answer("...the...") == ""


@pytest.mark.parametrize(
    ("given", "golds", "exact", "f1"),
    [
        ("Paris", ["paris."], 1, 1),
        ("the city of Paris", ["Paris"], 0, 2 * (1 / 3) / (1 / 3 + 1)),
        ("Paris", ["London", "Paris, France"], 0, 2 / 3),
        ("", [], 1, 1),
        ("Paris", [], 0, 0),
        ("", ["Paris"], 0, 0),
        ("rice rice tea", ["rice tea tea"], 0, 2 / 3),
    ],
)
def test_exact_match_and_f1(given, golds, exact, f1):
    assert exact_match(given, golds) == exact
    assert f1_score(given, golds) == pytest.approx(f1)


def test_every_answer_can_be_read_back_off_one_of_its_windows():
    questions = [*load_factbook("train")[:400], *load_handwritten_questions()]
    windows = span_windows(questions, TOKENIZER, PACKING, stride=48)
    found = set()
    for window in windows:
        asked = questions[window.question]
        assert len(window.ids) == len(window.offsets) <= 128
        if not window.end:
            continue
        first, last = window.offsets[window.start][0], window.offsets[window.end][1]
        assert asked.answers[0] in asked.context[first:last]
        assert len(asked.context[first:last]) - len(asked.answers[0]) <= 1  # "0.5%" and the like
        found.add(window.question)
    answerable = {i for i, asked in enumerate(questions) if asked.answers}
    assert found <= answerable
    assert len(answerable - found) <= 0.01 * len(answerable)  # longer than a window's overlap


def test_windows_cover_the_whole_passage():
    (asked,) = [q for q in QUESTIONS if len(q.context) == max(len(x.context) for x in QUESTIONS)][
        :1
    ]
    windows = span_windows([asked], TOKENIZER, PACKING, stride=48)
    assert len(windows) > 1
    covered = {offset for window in windows for offset in window.offsets if offset}
    assert covered == set(TOKENIZER.encode_with_offsets(asked.context)[1])


def test_a_question_that_leaves_no_room_is_refused():
    with pytest.raises(ValueError, match="leaves"):
        span_windows(QUESTIONS[:1], TOKENIZER, PairPacking(2, 3, 24), stride=48)


def test_the_best_span_is_the_best_legal_one():
    torch.manual_seed(0)
    for _ in range(50):
        starts, ends = torch.randn(2, 60)
        offsets = [None] * 9 + [(3 * i, 3 * i + 2) for i in range(40)] + [None]
        score, (first, last) = best_span(starts, ends, offsets)
        legal = {
            (i, j): (starts[i] + ends[j]).item()
            for i in range(9, 49)
            for j in range(i, min(i + 30, 49))
        }
        i, j = max(legal, key=legal.get)
        assert score == pytest.approx(legal[i, j])
        assert (first, last) == (offsets[i][0], offsets[j][1])


def test_answers_come_back_for_every_question():
    torch.manual_seed(0)
    config = Config(
        vocab_size=2048, context_length=128, hidden_size=16, num_layers=1, num_heads=2,
        causal=False, num_segments=2, embedding_norm=True, init_std=0.5,
    )  # fmt: skip
    text = SpanText(span_windows(QUESTIONS, TOKENIZER, PACKING, stride=48), PACKING)
    answers = predict_answers(SpanExtractor(config).eval(), QUESTIONS, text, batch_size=7)
    assert len(answers) == len(QUESTIONS)
    for answer, asked in zip(answers, QUESTIONS, strict=True):
        assert answer.text
        assert answer.text in asked.context
        assert math.isfinite(answer.null_score)
        assert answer.given(float("-inf")) == answer.text
        assert answer.given(float("inf")) == ""


def test_a_model_that_learns_the_windows_is_scored_as_right():
    """The whole path: 20 questions learned by heart are answered, so labels, windows and reading
    back agree."""
    from lmcore import Recipe, train

    torch.manual_seed(0)
    questions = [q for q in QUESTIONS if q.answers][:20]
    config = Config(
        vocab_size=2048, context_length=128, hidden_size=64, num_layers=2, num_heads=4,
        causal=False, num_segments=2, embedding_norm=True, init_std=0.09, embedding_init_std=0.2,
    )  # fmt: skip
    text = SpanText(span_windows(questions, TOKENIZER, PACKING, stride=48), PACKING)
    model = SpanExtractor(config)
    train(model, text.batches(12, 0), steps=150, recipe=Recipe(learning_rate=3e-3), device="cpu")
    answers = predict_answers(model, questions, text)
    scores = squad_scores([answer.given(0.0) for answer in answers], questions)
    assert scores.exact > 0.8


def test_scores_keep_both_kinds_of_question_apart():
    questions = QUESTIONS
    silent = squad_scores([""] * len(questions), questions)
    share = sum(q.is_impossible for q in questions) / len(questions)
    assert silent.exact == silent.f1 == pytest.approx(share)
    assert (silent.answerable_exact, silent.unanswerable) == (0, 1)
    perfect = squad_scores([q.answers[0] if q.answers else "" for q in questions], questions)
    assert (perfect.exact, perfect.f1, perfect.answerable_f1) == (1, 1, 1)
    with pytest.raises(ValueError, match="1 answers to 120 questions"):
        squad_scores([""], questions)


def test_the_best_threshold_is_the_best_of_all():
    draw = torch.Generator().manual_seed(0)
    margins = torch.randn(len(QUESTIONS), generator=draw).tolist()
    answers = [
        Answer(q.answers[0] if q.answers and i % 3 else "Mars", margin, 0.0)
        for i, (q, margin) in enumerate(zip(QUESTIONS, margins, strict=True))
    ]

    def f1(threshold):
        return squad_scores([a.given(threshold) for a in answers], QUESTIONS).f1

    best = max(f1(t) for t in [float("-inf"), *margins])
    assert f1(best_threshold(answers, QUESTIONS)) == pytest.approx(best)
