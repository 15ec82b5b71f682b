"""Fine-tune bert-mini, and the same model from random weights: word order, topic, description.

Five seeds at three label counts, test accuracy, TF-IDF beside them. Each start has the learning
rate that did best on validation data with two other seeds (``--rates`` runs that choice again).
Writes bert_finetuning.csv, a row a run, and bert_finetuning_rates.csv.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import torch

from lmcore import LabeledText, Recipe, Tokenizer, load_weights, preset, train
from lmcore.baselines import tfidf_accuracy
from lmcore.data import description_task, topic_task, word_order_task
from lmcore.encoders import MaskedLM, SequenceClassifier
from lmcore.measure import accuracy
from lmcore.objectives import PairPacking
from lmcore.study import run_grid

HERE = Path(__file__)
CHECKPOINT = HERE.parents[2] / "lmcore" / "checkpoints" / "bert-mini"
TASKS = {"word order": word_order_task, "topic": topic_task, "description": description_task}
STARTS, SIZES, SEEDS = ("pre-trained", "random"), (100, 300, 1000), range(5)
RATES = {
    "word order": {"pre-trained": 1e-3, "random": 1e-3},
    "topic": {"pre-trained": 3e-3, "random": 3e-4},
    "description": {"pre-trained": 1e-3, "random": 1e-4},
}


def finetune(
    task: str, start: str, size: int, seed: int, rate: float | None = None, split: str = "test"
) -> float:
    """Accuracy of one run: 120 steps of 16 texts of at most 64 tokens."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)

    def labeled(examples: tuple) -> LabeledText:
        inputs = [
            packing(
                tokenizer.encode(e.text), tokenizer.encode(e.text_pair) if e.text_pair else None
            )
            for e in examples
        ]
        return LabeledText(inputs, [e.label for e in examples], packing)

    examples = TASKS[task]("train", size, seed)
    torch.manual_seed(seed)
    model = SequenceClassifier(preset("bert-mini"), len(examples.labels))
    if start == "pre-trained":
        trained = MaskedLM(model.config, pair_head=True)
        load_weights(trained, CHECKPOINT)
        model.transformer.load_state_dict(trained.transformer.state_dict())
    recipe = Recipe(
        learning_rate=rate or RATES[task][start], warmup=0.1, decay="linear", betas=(0.9, 0.98)
    )
    batches = labeled(examples.examples).batches(16, seed)
    train(model, batches, steps=120, recipe=recipe, device="cpu")
    return accuracy(model, labeled(TASKS[task](split, 400, 0).examples))


def count(task: str, size: int, seed: int) -> float:
    """TF-IDF on the same examples."""
    build = TASKS[task]
    return tfidf_accuracy(build("train", size, seed), build("test", 400, 0))


def write(name: str, header: list[str], rows: list[list]) -> None:
    """A table beside this file."""
    with HERE.with_name(name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def choose_rates() -> None:
    """Validation accuracy by learning rate, 300 labels, two seeds of their own."""
    rates = (1e-4, 3e-4, 1e-3, 3e-3)
    scores = run_grid(
        finetune, task=TASKS, start=STARTS, size=[300], seed=(100, 101), rate=rates,
        split=["validation"],
    ).mean(axis=(2, 3, 5))  # fmt: skip
    rows = [
        [task, start, rate, round(scores[t, s, r], 3)]
        for t, task in enumerate(TASKS)
        for s, start in enumerate(STARTS)
        for r, rate in enumerate(rates)
    ]
    write("bert_finetuning_rates.csv", ["task", "start", "learning_rate", "accuracy"], rows)


def main() -> None:
    """The study."""
    if "--rates" in sys.argv:
        choose_rates()
        return
    scores = run_grid(finetune, task=TASKS, start=STARTS, size=SIZES, seed=SEEDS)
    counted = run_grid(count, task=TASKS, size=SIZES, seed=SEEDS)
    rows = []
    for t, n, seed in np.ndindex(counted.shape):
        point = [list(TASKS)[t], SIZES[n], seed]
        rows += [[*point, start, scores[t, s, n, seed]] for s, start in enumerate(STARTS)]
        rows.append([*point, "TF-IDF", counted[t, n, seed]])
    write("bert_finetuning.csv", ["task", "labels", "seed", "model", "accuracy"], rows)


if __name__ == "__main__":
    main()
