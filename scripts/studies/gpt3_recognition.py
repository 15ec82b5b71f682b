"""How many examples does a model need to know which of eight tasks it is shown, by size?

Four widths of gpt3-mini, two layers each, read 1,000 or 2,000 batches of 16 prompts: nine lines
of a letter and what one of eight codes makes of it. No letter comes twice, so that no line of the
prompt answers its question. Every width gets the learning rate, of six, that ends best with a
seed of its own, for each number of steps; then five seeds. Each run is also shown a ninth code
that no training prompt followed.

Writes a row a run to gpt3_recognition.csv: accuracy at 0 to 8 examples, the same for the ninth
code; and every trial of a rate to gpt3_recognition_rates.csv.
"""

from __future__ import annotations

import csv
import itertools
import os
import time
from pathlib import Path

import torch

from lmcore import CausalLM, Recipe, count_parameters, preset, train
from lmcore.data import LETTER_CODES, LETTERS, NEW_LETTER_CODE
from lmcore.objectives import InContextTasks
from lmcore.study import run_grid

WIDTHS, BUDGETS, SEEDS = (16, 32, 64, 128), (1000, 2000), range(5)
RATES, TRIAL_SEED = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2), 100
BATCH, LINES, TESTED = 16, 9, 2000
LINE_END = len(LETTERS)


def tasks(codes: list[str]) -> InContextTasks:
    """Prompts that follow one of ``codes``; a letter's id is its place in the alphabet."""
    tables = torch.tensor([[LETTERS.index(letter) for letter in code] for code in codes])
    return InContextTasks(torch.arange(len(LETTERS)), tables, LINE_END)


KNOWN, NEW = tasks(list(LETTER_CODES.values())), tasks([NEW_LETTER_CODE])


@torch.no_grad()
def accuracy(model: CausalLM, shown: InContextTasks) -> torch.Tensor:
    """Share of right answers at 0, 1, … examples, (LINES,)."""
    ids = shown.batches(TESTED, LINES, seed=999)[0]["input_ids"]
    return (model(ids)[:, 0::3].argmax(-1) == ids[:, 1::3]).float().mean(0)


def run(width: int, steps: int, rate: float, seed: int) -> list[float]:
    """Train one model; its parameters, CPU seconds, and both curves."""
    torch.manual_seed(seed)
    model = CausalLM(preset("gpt3-mini").replace(
        hidden_size=width, embedding_size=width, feed_forward_size=4 * width
    ))  # fmt: skip
    recipe = Recipe(learning_rate=rate, warmup=0.05, betas=(0.9, 0.99))
    begin = time.process_time()
    train(model, KNOWN.batches(BATCH, LINES, seed), steps=steps, recipe=recipe, device="cpu")
    seconds = time.process_time() - begin
    curves = [accuracy(model, shown).tolist() for shown in (KNOWN, NEW)]
    return [count_parameters(model), seconds, *curves[0], *curves[1]]


def write(name: str, columns: list[str], rows: list[list]) -> None:
    """A table beside this file."""
    with Path(__file__).with_name(name).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def main() -> None:
    """Choose the rates, run the grid, write the tables."""
    processes = int(os.environ.get("PROCESSES", 0)) or None
    tried = run_grid(run, processes, width=WIDTHS, steps=BUDGETS, rate=RATES, seed=[TRIAL_SEED])[
        :, :, :, 0, 6 : 2 + LINES
    ].mean(-1)  # (widths, budgets, rates): with 4 examples and more
    points = list(itertools.product(WIDTHS, BUDGETS))
    settled = tried.reshape(len(points), len(RATES))
    write(
        "gpt3_recognition_rates.csv", ["width", "steps", *map(str, RATES)],
        [[*p, *(f"{x:.3f}" for x in row)] for p, row in zip(points, settled, strict=True)],
    )  # fmt: skip
    rows = []
    for (width, steps), found in zip(points, settled, strict=True):
        rate = RATES[int(found.argmax())]
        runs = run_grid(run, processes, width=[width], steps=[steps], rate=[rate], seed=SEEDS)
        for seed, row in zip(SEEDS, runs[0, 0, 0], strict=True):
            numbers = [f"{x:.3f}" for x in row[2:]]
            rows.append([width, steps, rate, seed, int(row[0]), f"{row[1]:.0f}", *numbers])
        print(
            width, steps, rate, found.round(2), runs[0, 0, 0, :, 6:11].mean(-1).round(2), flush=True
        )
    names = [f"{kind}_{k}" for kind in ("known", "new") for k in range(LINES)]
    columns = ["width", "steps", "learning_rate", "seed", "parameters", "cpu_seconds", *names]
    write("gpt3_recognition.csv", columns, rows)


if __name__ == "__main__":
    main()
