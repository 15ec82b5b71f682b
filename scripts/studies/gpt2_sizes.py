"""How do loss and zero-shot preference fall and rise with size?

Five models of GPT-2's wiring read the same 2,000 batches of 512 tokens, three seeds each. All
have two layers: more do not pay within so few steps (gpt2_norms.csv), so that depth would only
blur the comparison. Every size gets the learning rate that suits it, chosen among four on
validation text after 400 batches of another seed.

Writes a row a run to gpt2_sizes.csv: bits per byte on the test articles
and the shares of test pairs in which the real sentence is likelier.
"""

from __future__ import annotations

import argparse
import csv
import functools
import time
from pathlib import Path

import numpy as np
import torch

from lmcore import CausalLM, PackedText, Recipe, Tokenizer, count_parameters, preset, train
from lmcore.config import Config
from lmcore.data import load_wikipedia, minimal_pairs
from lmcore.data.minimal_pairs import CHANGES
from lmcore.measure import bits_per_byte
from lmcore.preference import log_probabilities, preference
from lmcore.study import run_grid

SIZES = ((2, 16, 2), (2, 32, 2), (2, 64, 4), (2, 96, 4), (2, 128, 4))  # layers, width, heads
STEPS, BATCH, SEEDS = 2000, 4, (0, 1, 2)
RATES, TRIAL_STEPS, TRIAL_SEED = (2e-3, 4e-3, 8e-3, 1.6e-2), 400, 100
PAIRS = 400
COLUMNS = (
    "layers", "hidden_size", "block_parameters", "parameters", "learning_rate", "seed",
    "test_bits_per_byte", *CHANGES, "cpu_seconds",
)  # fmt: skip


def wiring(layers: int, width: int, heads: int) -> Config:
    """gpt2-mini at another size."""
    return preset("gpt2-mini").replace(
        num_layers=layers, hidden_size=width, num_heads=heads,
        embedding_size=None, feed_forward_size=None, num_groups=None,
    )  # fmt: skip


@functools.cache
def tokenizer() -> Tokenizer:
    """The book's 1,024 tokens."""
    return Tokenizer.load("bpe-1024")


@functools.cache
def packed(split: str) -> tuple[PackedText, int]:
    """A split's token stream and its length in bytes, once in each process."""
    documents = load_wikipedia(split)
    text = PackedText.encode((d.text for d in documents), tokenizer(), separator=0, length=128)
    return text, sum(len(d.text.encode()) + 1 for d in documents)


def fit(size: tuple[int, int, int], rate: float, steps: int, seed: int) -> CausalLM:
    """Train one model."""
    torch.manual_seed(seed)
    model = CausalLM(wiring(*size))
    recipe = Recipe(learning_rate=rate, betas=(0.9, 0.99))
    train(model, packed("train")[0].batches(BATCH, seed), steps=steps, recipe=recipe, device="cpu")
    return model


def try_rate(size: tuple[int, int, int], rate: float) -> float:
    """Validation bits per byte of a short run."""
    return bits_per_byte(fit(size, rate, TRIAL_STEPS, TRIAL_SEED), *packed("validation"))


def run(size: tuple[int, int, int], rate: float, seed: int) -> list[object]:
    """One run, as a row of the table."""
    begin = time.process_time()
    model = fit(size, rate, STEPS, seed)
    seconds = time.process_time() - begin
    score = functools.partial(log_probabilities, model)
    shares = [
        preference(score, minimal_pairs("test", change, PAIRS, seed=0), tokenizer(), 0).share
        for change in CHANGES
    ]
    total = count_parameters(model)
    measured = [bits_per_byte(model, *packed("test")), *shares]
    counts = [sum(count_parameters(b) for b in model.transformer.blocks), total]
    measured = [f"{x:.4f}" for x in measured]
    return [size[0], size[1], *counts, rate, seed, *measured, f"{seconds:.0f}"]


def main() -> None:
    """Choose the rates, run the grid, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, help="default: as many as cores")
    processes = parser.parse_args().processes
    tried = run_grid(try_rate, processes=processes, size=SIZES, rate=RATES)
    print(np.round(tried, 3))
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for size, bits in zip(SIZES, tried, strict=True):
            rate = RATES[int(bits.argmin())]
            for row in run_grid(run, processes=processes, size=[size], rate=[rate], seed=SEEDS)[0][
                0
            ]:
                writer.writerow(row)
                file.flush()
                print(*row, flush=True)


if __name__ == "__main__":
    main()
