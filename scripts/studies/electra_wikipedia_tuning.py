"""Fine-tune what electra_wikipedia.py pre-trained, and random weights, on word order and topic.

One pre-trained model an arm, three seeds of labels and fine-tuning; each arm and task at the
learning rate that does best on validation data with another seed. Writes
electra_wikipedia_tuning.csv, a row a run, and electra_wikipedia_tuning_rates.csv.
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
from lmcore.data import topic_task, word_order_task
from lmcore.measure import accuracy
from lmcore.objectives import PairPacking
from lmcore.study import run_grid

HERE = Path(__file__)
TASKS = {"word order": word_order_task, "topic": topic_task}
ARMS, SIZES, SEEDS, RATES = (
    ("MLM", "ELECTRA", "random"),
    (100, 300, 1000),
    range(3),
    (3e-4, 1e-3, 3e-3),
)


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


def write(name: str, header: list[str], rows: list[list]) -> None:
    """A table beside this file."""
    with HERE.with_name(name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def main() -> None:
    """The rates, then the study."""
    found = run_grid(
        finetune, task=TASKS, arm=ARMS, size=[300], seed=[100], rate=RATES, split=["validation"]
    ).reshape(len(TASKS), len(ARMS), len(RATES))
    points = itertools.product(TASKS, ARMS, RATES)
    rows = [[*p, round(s, 4)] for p, s in zip(points, found.flatten(), strict=True)]
    header = ["task", "arm", "learning_rate", "accuracy"]
    write("electra_wikipedia_tuning_rates.csv", header, rows)
    rows = []
    for (t, task), (a, arm) in itertools.product(enumerate(TASKS), enumerate(ARMS)):
        rate = RATES[found[t, a].argmax()]
        scores = run_grid(finetune, task=[task], arm=[arm], size=SIZES, seed=SEEDS, rate=[rate])
        for (n, size), seed in itertools.product(enumerate(SIZES), SEEDS):
            rows.append([task, size, seed, arm, rate, round(scores[0, 0, n, seed, 0], 4)])
        header = ["task", "labels", "seed", "arm", "learning_rate", "accuracy"]
        write("electra_wikipedia_tuning.csv", header, rows)


if __name__ == "__main__":
    main()
