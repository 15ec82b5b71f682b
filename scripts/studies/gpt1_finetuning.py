"""Which learning rate suits fine-tuning gpt-mini, from pre-trained and from random weights?

Chosen on validation data, 300 labels, two seeds, for each start by itself, so that neither side
of chapter 1's comparison gets the other's rate. Writes a row an arm to gpt1_finetuning.csv.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
import torch

from lmcore import (
    CausalClassifier,
    CausalLM,
    InputTransform,
    LabeledText,
    PackedText,
    Recipe,
    Tokenizer,
    load_weights,
    preset,
    save_checkpoint,
    train,
)
from lmcore.data import description_task, load_wikipedia, topic_task, word_order_task
from lmcore.measure import accuracy
from lmcore.study import run_grid

TASKS = {"word order": word_order_task, "topic": topic_task, "description": description_task}
STARTS, RATES, SEEDS = ("pre-trained", "random"), (5e-4, 1.5e-3, 4e-3), (100, 101)
CHECKPOINT = Path(tempfile.gettempdir()) / "gpt-mini-for-finetuning"


def pretrain() -> None:
    """The chapter's own pre-training."""
    tokenizer = Tokenizer.load("bpe-1024")
    text = PackedText.encode((d.text for d in load_wikipedia("train")), tokenizer, 0, length=64)
    torch.manual_seed(0)
    model = CausalLM(preset("gpt-mini"))
    recipe = Recipe(learning_rate=7e-3, warmup=0.05, betas=(0.9, 0.99))
    train(model, text.batches(8, seed=0), steps=6000, recipe=recipe, device="cpu")
    save_checkpoint(model, CHECKPOINT)


def finetune(task: str, start: str, rate: float, seed: int) -> float:
    """Validation accuracy of one run."""
    tokenizer = Tokenizer.load("bpe-1024")
    transform = InputTransform(tokenizer, start=1, delimiter=2, extract=3, context_length=64)
    examples = TASKS[task]("train", 300, seed)
    torch.manual_seed(seed)
    lm = CausalLM(preset("gpt-mini"))
    if start == "pre-trained":
        load_weights(lm, CHECKPOINT)
    torch.manual_seed(seed)
    classifier = CausalClassifier(lm, len(examples.labels))

    def labeled(drawn: tuple) -> LabeledText:
        return LabeledText(
            [transform(e.text, e.text_pair) for e in drawn], [e.label for e in drawn]
        )

    recipe = Recipe(learning_rate=rate, warmup=0.1, decay="linear", betas=(0.9, 0.99))
    batches = labeled(examples.examples).batches(16, seed)
    train(classifier, batches, steps=100, recipe=recipe, device="cpu")
    return accuracy(classifier, labeled(TASKS[task]("validation", 400, seed=0).examples))


def main() -> None:
    """Pre-train once, run the grid, write the table."""
    pretrain()
    scores = run_grid(finetune, task=TASKS, start=STARTS, rate=RATES, seed=SEEDS)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["task", "start", "learning_rate", "validation_accuracy_mean_of_2"])
        for index in np.ndindex(scores.shape[:3]):
            task, start, rate = index
            mean = round(float(scores[index].mean()), 3)
            row = [list(TASKS)[task], STARTS[start], RATES[rate], mean]
            writer.writerow(row)
            print(*row)


if __name__ == "__main__":
    main()
