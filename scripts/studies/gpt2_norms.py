"""Which wiring trains at depth: LayerNorm first (GPT-2) or behind the sum (GPT-1)?

Narrow models of 2 to 16 layers, both wirings, with and without warm-up, two learning rates and
three seeds, the same 400 batches each. A run's score is its mean loss over the last 50 batches;
it reads 7 % of the text, hardly a token twice, so that is a loss on text not seen before.

Writes a row an arm to gpt2_norms.csv: the mean and the standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import csv
import functools
import time
from pathlib import Path

import numpy as np
import torch

from lmcore import CausalLM, PackedText, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.study import run_grid

STEPS, BATCH, WIDTH, SEEDS = 400, 4, 64, (0, 1, 2)
NORMS = {"first": True, "behind": False}
DEPTHS, WARMUPS, RATES = (2, 4, 8, 16), (0.0, 0.1), (1e-3, 4e-3)
COLUMNS = (
    "layers", "norm", "warmup", "learning_rate", "loss_mean_of_3", "loss_sd", "cpu_seconds_a_run",
)  # fmt: skip


@functools.cache
def training_text() -> PackedText:
    """The training articles, tokenized once in each process."""
    documents = (document.text for document in load_wikipedia("train"))
    return PackedText.encode(documents, Tokenizer.load("bpe-1024"), separator=0, length=64)


def run(layers: int, norm: str, warmup: float, rate: float, seed: int) -> tuple[float, float]:
    """The last 50 batches' mean loss, and the CPU seconds that the run took."""
    text = training_text()
    config = preset("gpt-mini").replace(
        num_layers=layers, hidden_size=WIDTH, pre_norm=NORMS[norm],
        embedding_size=None, feed_forward_size=None, num_groups=None,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = CausalLM(config)
    recipe = Recipe(learning_rate=rate, warmup=warmup, betas=(0.9, 0.99))
    begin = time.process_time()
    history = train(model, text.batches(BATCH, seed), steps=STEPS, recipe=recipe, device="cpu")
    return float(np.mean(history.losses[-50:])), time.process_time() - begin


def main() -> None:
    """Run the grid and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, help="default: as many as cores")
    axes = dict(layers=DEPTHS, norm=NORMS, warmup=WARMUPS, rate=RATES)
    found = run_grid(run, processes=parser.parse_args().processes, **axes, seed=SEEDS)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index in np.ndindex(found.shape[:-2]):
            arm = [list(axis)[i] for axis, i in zip(axes.values(), index, strict=True)]
            losses, seconds = found[index].T
            summary = [losses.mean(), losses.std(ddof=1)]
            row = [*arm, *(f"{x:.3f}" for x in summary), f"{seconds.mean():.0f}"]
            writer.writerow(row)
            print(*row)


if __name__ == "__main__":
    main()
