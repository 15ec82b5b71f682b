"""The closing plot: word order by the shipped encoders that light_trade.csv does not have.

Its recipe: 1,000 labels, 200 steps of 16 texts, five seeds, all weights trained, a fresh head on
each trunk. The rate is the best of three on validation data (seven_models_rates.csv, a seed of its
own). Writes seven_models.csv, a row a run as it comes.
"""

from __future__ import annotations

import csv
import sys
from functools import partial
from itertools import product
from pathlib import Path

import torch

from lmcore import count_parameters, load_checkpoint
from lmcore.checkpoint import shipped_checkpoint
from lmcore.encoders import Encoder
from lmcore.measure import accuracy

sys.path.insert(0, str(Path(__file__).parent))
from light_trade import DISTIL, TEACHER, classifier
from rows import write_row
from tinybert_ablation import Study

HERE = Path(__file__)
RATES = (1e-3, 2e-3, 4e-3)


def encoders() -> list[str]:
    """The shipped checkpoints that read both sides and are not in the trade."""
    home = shipped_checkpoint("bert-mini").parent
    names = sorted(path.parent.name for path in home.glob("*/config.json"))
    others = [name for name in names if name not in (TEACHER, DISTIL)]
    return [name for name in others if isinstance(load_checkpoint(home / name), Encoder)]


def run(study: Study, name: str, seed: int, rate: float) -> dict:
    """Accuracy of one fine-tuned model, and the parameters of what was fine-tuned."""
    model = classifier(name, seed)
    study.train(model, study.labeled.batches(16, seed), 200, rate)
    score = accuracy(model.eval(), study.examined)
    return {"parameters": count_parameters(model), "accuracy": round(score, 4)}


def main() -> None:
    """Choose rates, then measure."""
    torch.set_num_threads(1)
    names, rates = encoders(), HERE.with_name("seven_models_rates.csv")
    choosing = Study("validation", taught=False)
    for name, rate in product(names, RATES):
        write_row(rates, {"model": name, "rate": rate}, partial(run, choosing, name, 100, rate))
    with rates.open(newline="") as file:
        found = [(float(r["accuracy"]), r["model"], float(r["rate"])) for r in csv.DictReader(file)]
    best = {name: max(row for row in found if row[1] == name)[2] for name in names}
    study = Study("test", taught=False)
    for seed, name in product(range(5), names):
        key = {"model": name, "seed": seed}
        write_row(HERE.with_suffix(".csv"), key, partial(run, study, name, seed, best[name]))


if __name__ == "__main__":
    main()
