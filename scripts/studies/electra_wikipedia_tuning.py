"""Fine-tune what electra_wikipedia.py pre-trained, and random weights, on word order.

One pre-trained model an arm, three seeds of labels and fine-tuning; each arm at the
learning rate that does best on validation data with another seed. Writes
electra_wikipedia_tuning.csv, a row a run, and electra_wikipedia_tuning_rates.csv, as they come; a
study that was cut short goes on.
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import torch
from electra_wikipedia import RUNS

from lmcore import (
    LabeledText,
    Recipe,
    SequenceClassifier,
    Tokenizer,
    load_checkpoint,
    preset,
    train,
)
from lmcore.data import word_order_task
from lmcore.measure import accuracy
from lmcore.objectives import PairPacking

HERE = Path(__file__)
TASKS = {"word order": word_order_task}
ARMS = ("MLM", "ELECTRA", "random")
SIZES, SEEDS, RATES = (100, 1000), range(3), (3e-4, 1e-3, 3e-3)
RATE_ROWS = ["task", "arm", "learning_rate", "accuracy"]
ROWS = ["task", "arm", "labels", "seed", "learning_rate", "accuracy"]


def finetune(task: str, arm: str, size: int, seed: int, rate: float, split: str = "test") -> float:
    """Accuracy of 120 steps of 16 texts of at most 64 tokens, labels read off the first state."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)

    def labeled(examples: tuple) -> LabeledText:
        inputs = [packing(tokenizer.encode(e.text)) for e in examples]
        return LabeledText(inputs, [e.label for e in examples], packing)

    examples = TASKS[task]("train", size, seed)
    torch.manual_seed(seed)
    model = SequenceClassifier(preset("electra-mini"), len(examples.labels), "gelu")
    if arm != "random":
        trained = load_checkpoint(RUNS / f"{arm}-0")
        trunk = (trained if arm == "MLM" else trained.discriminator).transformer
        model.transformer.load_state_dict(trunk.state_dict())
    recipe = Recipe(learning_rate=rate, warmup=0.1, decay="linear", betas=(0.9, 0.98))
    batches = labeled(examples.examples).batches(16, seed)
    train(model, batches, steps=120, recipe=recipe, device="cpu")
    return accuracy(model, labeled(TASKS[task](split, 400, 0).examples))


def rows_of(name: str) -> list[dict]:
    """The table's rows so far."""
    path = HERE.with_name(name)
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(name: str, header: list[str], row: list) -> None:
    """A row more in the table beside this file."""
    new = not rows_of(name)
    with HERE.with_name(name).open("a", newline="") as file:
        csv.writer(file).writerows([header, row] if new else [row])


def main() -> None:
    """Rates and runs that are not in the tables yet, task after task and arm after arm."""
    torch.set_num_threads(1)
    rates, name = HERE.stem + "_rates.csv", HERE.stem + ".csv"
    for task, arm in itertools.product(TASKS, ARMS):
        known = {(r["task"], r["arm"], float(r["learning_rate"])) for r in rows_of(rates)}
        for rate in RATES:
            if (task, arm, rate) not in known:
                score = finetune(task, arm, 300, 100, rate, split="validation")
                append(rates, RATE_ROWS, [task, arm, rate, round(score, 4)])
        tried = [r for r in rows_of(rates) if (r["task"], r["arm"]) == (task, arm)]
        best = float(max(tried, key=lambda r: float(r["accuracy"]))["learning_rate"])
        known = {(r["task"], r["arm"], r["labels"], r["seed"]) for r in rows_of(name)}
        for size, seed in itertools.product(SIZES, SEEDS):
            if (task, arm, str(size), str(seed)) not in known:
                score = finetune(task, arm, size, seed, best)
                append(name, ROWS, [task, arm, size, seed, best, round(score, 4)])


if __name__ == "__main__":
    main()
