"""Fine-tune what electra_wikipedia.py pre-trained, and random weights, on two questions.

*Word order*: is a sentence shuffled? *Replaced word*: is one of its words another sentence's? The
second is next to ELECTRA's own question, as acceptability is in electra_probe.py.

Each pre-trained model is fine-tuned once, on labels drawn by its own seed; each arm at the learning
rate that did best on validation data with the first pre-trained model and other labels. Writes
electra_wikipedia_tuning.csv, a row a run, and electra_wikipedia_tuning_rates.csv, as they come; a
study that was cut short goes on.
"""

from __future__ import annotations

import csv
import itertools
from functools import partial
from pathlib import Path

import torch
from electra_wikipedia import RUNS, SEEDS, Texts
from rows import write_row

from lmcore import (
    LabeledText,
    Recipe,
    SequenceClassifier,
    Tokenizer,
    load_checkpoint,
    preset,
    train,
)
from lmcore.data import replaced_word_task, word_order_task
from lmcore.measure import accuracy

HERE = Path(__file__)
RUNS_TABLE = HERE.with_suffix(".csv")
RATES_TABLE = HERE.with_name(f"{HERE.stem}_rates.csv")
ARMS = ("MLM", "ELECTRA", "ELECTRA behind MLM", "random")
TASKS = {"word order": word_order_task, "replaced word": replaced_word_task}
SIZES, RATES = (100, 1000), (1e-3, 2e-3)


class Tuning:
    """Accuracy of 120 steps of 16 texts of at most 64 tokens, labels read off the first state."""

    def __init__(self) -> None:
        self.tokenizer, self.packing = Tokenizer.load("wordpiece-2048"), Texts().packing

    def labeled(self, examples: tuple) -> LabeledText:
        """Examples as batches."""
        inputs = [self.packing(self.tokenizer.encode(e.text)) for e in examples]
        return LabeledText(inputs, [e.label for e in examples], self.packing)

    def __call__(
        self, task: str, arm: str, size: int, trunk: int, seed: int, rate: float, split: str
    ) -> dict:
        """The arm's model of seed ``trunk``, tuned on labels of ``seed``, judged on ``split``."""
        examples = TASKS[task]("train", size, seed)
        torch.manual_seed(seed)
        model = SequenceClassifier(preset("electra-mini"), len(examples.labels), "gelu")
        if arm != "random":
            trained = load_checkpoint(RUNS / f"{arm}-{trunk}")
            reader = trained if arm == "MLM" else trained.discriminator
            model.transformer.load_state_dict(reader.transformer.state_dict())
        recipe = Recipe(learning_rate=rate, warmup=0.1, decay="linear", betas=(0.9, 0.98))
        batches = self.labeled(examples.examples).batches(16, seed)
        train(model, batches, steps=120, recipe=recipe, device="cpu")
        judged = self.labeled(TASKS[task](split, 400, 0).examples)
        return {"accuracy": round(accuracy(model, judged), 4)}


def best_rate(task: str, arm: str) -> float:
    """The rate at which the arm did best on validation data."""
    with RATES_TABLE.open(newline="") as file:
        tried = [row for row in csv.DictReader(file) if (row["task"], row["arm"]) == (task, arm)]
    return float(max(tried, key=lambda row: float(row["accuracy"]))["learning_rate"])


def main() -> None:
    """Rates and runs that are not in the tables yet, task after task and arm after arm."""
    torch.set_num_threads(1)
    tune = Tuning()
    for task, arm in itertools.product(TASKS, ARMS):
        for rate in RATES:
            key = {"task": task, "arm": arm, "learning_rate": rate}
            tried = partial(tune, task, arm, 1000, SEEDS[0], 100, rate, "validation")
            write_row(RATES_TABLE, key, tried)
        rate = best_rate(task, arm)
        for size, seed in itertools.product(SIZES, SEEDS):
            key = {"task": task, "arm": arm, "labels": size, "seed": seed, "learning_rate": rate}
            write_row(RUNS_TABLE, key, partial(tune, task, arm, size, seed, seed, rate, "test"))


if __name__ == "__main__":
    main()
