"""DistilBERT's ablation at the book's size: which part of distillation buys what?

The shipped bert-mini teaches a student of half its layers. Eight arms, five seeds, 150 steps of
16 texts; and again with as many steps as fit into the CPU seconds of the full arm, which pays for
its teacher. Writes distilbert_ablation.csv, a row a run as it comes: loss and accuracy at hidden
tokens of validation articles, and the CPU seconds that the training took. A run that is there
already is not run again.

Seeds may be named, to run some of them beside others. ``--rates`` chooses the learning rate
(distilbert_rates.csv: as many steps, a seed of its own): 4e-3 is within 0.06 nats of the best of
four in all arms. 8e-3 is better for the distilled ones, and 0.19 and 0.38 behind for a student
alone from random weights. ``--costs`` measures a step of each arm (distilbert_costs.csv:
interleaved rounds, their median).
"""

from __future__ import annotations

import csv
import statistics
import sys
import time
from functools import cache, partial
from itertools import product
from pathlib import Path

import torch
from torch import nn

from lmcore import MaskedLM, Recipe, load_checkpoint, preset, train
from lmcore.checkpoint import shipped_checkpoint
from lmcore.distill import DistilLoss, init_student
from lmcore.measure import masked_scores
from lmcore.recipe import build_optimizer
from lmcore.train import train_step

sys.path.insert(0, str(Path(__file__).parent))
import bert_plateau
from rows import write_row

HERE = Path(__file__)
load_text = cache(bert_plateau.load_text)
STEPS, SIZE, LAYERS = 150, 16, (0, 2)
TRAINING_RATE = 0.3  # of tokens to hide in training, as for the teacher; 15 % to measure
ARMS: dict[str, tuple[bool, dict | None]] = {  # from the teacher's layers? which losses?
    "full": (True, {}),
    "no soft targets": (True, {"soft": 0}),
    "no masked tokens": (True, {"masked": 0}),
    "no cosine": (True, {"cosine": 0}),
    "soft targets at hidden tokens": (True, {"masked_only": True}),
    "random start": (False, {}),
    "alone, teacher's layers": (True, None),
    "alone, random start": (False, None),
}
RATE = 4e-3  # --rates


def objective_of(arm: str, seed: int) -> tuple[nn.Module, MaskedLM]:
    """What is trained, and the student in it."""
    from_teacher, losses = ARMS[arm]
    teacher = load_checkpoint(shipped_checkpoint("bert-mini"))
    torch.manual_seed(seed)
    student = MaskedLM(preset("distilbert-mini"))
    if from_teacher:
        init_student(student, teacher, LAYERS)
    return (student if losses is None else DistilLoss(student, teacher, **losses)), student


def recipe(rate: float) -> Recipe:
    """The same for all arms but for the rate."""
    return Recipe(learning_rate=rate, warmup=0.1, decay="linear", betas=(0.9, 0.98))


def run(arm: str, steps: int, seed: int, rate: float = RATE) -> dict:
    """One student: validation loss and accuracy, and CPU seconds of training."""
    pairs, masking = load_text("train")
    held_out, _ = load_text("validation")
    looks = held_out.batches(64, 0, masking, pairs=False)
    objective, student = objective_of(arm, seed)
    batches = pairs.batches(SIZE, seed, masking.replace(rate=TRAINING_RATE), pairs=False)
    begin = time.process_time()
    train(objective, batches, steps=steps, device="cpu", recipe=recipe(rate))
    seconds = time.process_time() - begin
    scores = masked_scores(student, (looks[i] for i in range(12)))
    return {
        "cpu_seconds": round(seconds, 1), "loss": round(scores.loss, 4),
        "accuracy": round(scores.accuracy, 4),
    }  # fmt: skip


def choose_rates() -> None:
    """Validation loss by learning rate, for both budgets: with and without a teacher, from both
    starts, and with soft targets at hidden tokens."""
    arms = [arm for arm, (_, losses) in ARMS.items() if not losses or "masked_only" in losses]
    given = budgets()
    for budget, arm in product(("steps", "seconds"), arms):
        for rate in (2e-3, 4e-3, 8e-3, 1.6e-2) if budget in given[arm] else ():
            steps = given[arm][budget]
            write_row(
                HERE.with_name("distilbert_rates.csv"), {"arm": arm, "steps": steps, "rate": rate},
                partial(run, arm, steps, 100, rate),
            )  # fmt: skip


def measure_costs() -> None:
    """Milliseconds of CPU a step, the arms in turn, ten rounds."""
    pairs, masking = load_text("train")
    batches = pairs.batches(SIZE, 0, masking.replace(rate=TRAINING_RATE), pairs=False)
    made = {}
    for arm in ARMS:
        objective, _ = objective_of(arm, 0)
        made[arm] = (objective.train(), build_optimizer(objective, recipe(1e-3)))
    seen: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for step in range(10):
        for arm, (objective, optimizer) in made.items():
            batch, begin = batches[step], time.process_time()
            train_step(objective, optimizer, batch, recipe(1e-3), 1e-3)
            seen[arm].append(1000 * (time.process_time() - begin))
    for arm, times in seen.items():
        write_row(
            HERE.with_name("distilbert_costs.csv"), {"arm": arm},
            partial(dict, ms=round(statistics.median(times), 1)),
        )  # fmt: skip


def budgets() -> dict[str, dict[str, int]]:
    """Steps of every arm, by budget; where its step costs what the full arm's does, once."""
    with HERE.with_name("distilbert_costs.csv").open(newline="") as file:
        costs = {row["arm"]: float(row["ms"]) for row in csv.DictReader(file)}
    found: dict[str, dict[str, int]] = {}
    for arm in ARMS:
        found[arm] = {"steps": STEPS}
        if costs[arm] < 0.9 * costs["full"]:
            found[arm]["seconds"] = round(STEPS * costs["full"] / costs[arm])
    return found


def main() -> None:
    """The study, seed by seed."""
    torch.set_num_threads(1)
    if "--rates" in sys.argv:
        choose_rates()
    elif "--costs" in sys.argv:
        measure_costs()
    else:
        seeds = [int(seed) for seed in sys.argv[1:]] or range(5)
        for seed, (arm, given) in product(seeds, budgets().items()):
            for budget, steps in given.items():
                key = {"arm": arm, "budget": budget, "seed": seed, "steps": steps}
                write_row(
                    HERE.with_suffix(".csv"), key,
                    partial(run, arm, steps, seed),
                )  # fmt: skip


if __name__ == "__main__":
    main()
