"""Span extraction on the Factbook questions: bert-mini against the same model from random weights.

As on SQuAD 2.0 at three numbers of training questions, and as on SQuAD 1.1 (questions with an
answer alone) at one. Five seeds; the threshold of each run is chosen on the validation countries.
Writes bert_questions.csv (a row a run) and bert_questions_baselines.csv. ``--rates`` chooses the
learning rates, for each start by itself, on validation countries and other seeds.
"""

from __future__ import annotations

import csv
import random
import re
import sys
from pathlib import Path

import numpy as np
import torch

from lmcore import Recipe, Tokenizer, load_weights, preset, train
from lmcore.data import Question, load_factbook, load_handwritten_questions
from lmcore.encoders import MaskedLM, SpanExtractor
from lmcore.objectives import PairPacking, SpanText, span_windows
from lmcore.squad import best_threshold, predict_answers, squad_scores
from lmcore.study import run_grid

HERE = Path(__file__)
CHECKPOINT = HERE.parents[2] / "lmcore" / "checkpoints" / "bert-mini"
STARTS, SIZES, SEEDS = ("pre-trained", "random"), (300, 1000, 5000), range(5)
RATES = {"pre-trained": 1e-3, "random": 1e-3}
STEPS = 400
FIELDS = ["exact", "f1", "answerable exact", "answerable f1", "unanswerable", "by hand f1"]


def sample(size: int, seed: int, impossible: bool) -> list[Question]:
    """Training questions, the same for the same seed."""
    questions = [q for q in load_factbook("train") if impossible or q.answers]
    return random.Random(seed).sample(questions, min(size, len(questions)))


def answer(
    start: str, size: int, seed: int, rate: float | None = None, split: str = "test",
    impossible: bool = True,
) -> list[float]:  # fmt: skip
    """One run's scores, as in FIELDS."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)

    def windows(questions: list[Question]) -> SpanText:
        return SpanText(span_windows(questions, tokenizer, packing, stride=24), packing)

    torch.manual_seed(seed)
    model = SpanExtractor(preset("bert-mini").replace(pooler=False))
    if start == "pre-trained":
        trained = MaskedLM(preset("bert-mini"), pair_head=True)
        load_weights(trained, CHECKPOINT)
        trunk = trained.transformer.state_dict()
        model.transformer.load_state_dict(trunk, strict=False)
    recipe = Recipe(
        learning_rate=rate or RATES[start], warmup=0.1, decay="linear", betas=(0.9, 0.98)
    )
    batches = windows(sample(size, seed, impossible)).batches(16, seed)
    train(model, batches, steps=STEPS, recipe=recipe, device="cpu")

    def ask(questions: list[Question], threshold: float | None) -> tuple[list[float], float]:
        answers = predict_answers(model, questions, windows(questions))
        if threshold is None:
            threshold = best_threshold(answers, questions)
        scores = squad_scores([a.given(threshold) for a in answers], questions)
        return list(vars(scores).values()), threshold

    if not impossible:
        asked = [q for q in load_factbook(split) if q.answers]
        return ask(asked, float("-inf"))[0] + [float("nan")]
    chosen, threshold = ask(list(load_factbook("validation")), None)
    if split == "validation":
        return [*chosen, float("nan")]
    by_hand, _ = ask(list(load_handwritten_questions()), threshold)
    return ask(list(load_factbook(split)), threshold)[0] + [by_hand[1]]


def best_sentence(asked: Question) -> str:
    """The sentence of the passage that shares most words with the question."""
    words = set(re.findall(r"\w+", asked.question.lower()))
    sentences = re.split(r"(?<=\.) ", asked.context)
    return max(sentences, key=lambda s: len(words & set(re.findall(r"\w+", s.lower()))))


def write(name: str, header: list[str], rows: list[list]) -> None:
    """A table beside this file."""
    with HERE.with_name(name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def main() -> None:
    """The study, or the choice of rates before it."""
    if "--rates" in sys.argv:
        rates = (5e-4, 1e-3, 2e-3)
        found = run_grid(
            answer, start=STARTS, size=[1000], seed=[100, 101], rate=rates,
            split=["validation"],
        ).mean(axis=(1, 2, 4))  # fmt: skip
        rows = [
            [start, rate, *found[s, r].round(3)[:2]]
            for s, start in enumerate(STARTS)
            for r, rate in enumerate(rates)
        ]
        write("bert_questions_rates.csv", ["start", "learning rate", "exact", "f1"], rows)
        return
    found = run_grid(answer, start=STARTS, size=SIZES, seed=SEEDS)
    easy = run_grid(
        answer, start=STARTS, size=[1000], seed=SEEDS, impossible=[False]
    ).squeeze(3)  # fmt: skip
    rows = []
    for name, scores, sizes in (("2.0", found, SIZES), ("1.1", easy, (1000,))):
        for s, n, seed in np.ndindex(scores.shape[:3]):
            rows.append([name, STARTS[s], sizes[n], seed, *scores[s, n, seed].round(4)])
    write("bert_questions.csv", ["squad", "start", "questions", "seed", *FIELDS], rows)
    test = load_factbook("test")
    baselines = {
        "always no answer": squad_scores([""] * len(test), test),
        "best sentence": squad_scores([best_sentence(q) for q in test], test),
    }
    rows = [[name, *vars(scores).values()] for name, scores in baselines.items()]
    write("bert_questions_baselines.csv", ["baseline", *FIELDS[:5]], rows)


if __name__ == "__main__":
    main()
