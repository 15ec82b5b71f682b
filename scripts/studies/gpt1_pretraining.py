"""Which first weights and learning rate let gpt-mini learn in a minute? Chosen on validation text.

Each arm trains for the same number of steps from the same seed. Writes a row an arm, with its
CPU seconds, to gpt1_pretraining.csv beside this file.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from joblib import Parallel, delayed

from lmcore import CausalLM, PackedText, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.measure import bits_per_byte

STEPS = 2500
ARMS = [  # matrices' std, tables' std, peak learning rate
    (0.02, 0.02, 7e-3),
    (0.04, 0.1, 7e-3),
    (0.08, 0.1, 2.5e-4),
    (0.08, 0.1, 4e-3),
    (0.08, 0.1, 7e-3),
    (0.08, 0.1, 1e-2),
    (0.08, 0.2, 7e-3),
    (0.12, 0.1, 7e-3),
]


def run(init_std: float, embedding_init_std: float, learning_rate: float) -> dict:
    """Train one arm and measure it on the validation articles."""
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load("bpe-1024")
    packed = {
        split: PackedText.encode((d.text for d in load_wikipedia(split)), tokenizer, 0, length=64)
        for split in ("train", "validation")
    }
    size = sum(len(d.text.encode()) + 1 for d in load_wikipedia("validation"))
    torch.manual_seed(0)
    changes = {"init_std": init_std, "embedding_init_std": embedding_init_std}
    model = CausalLM(preset("gpt-mini").replace(**changes))
    recipe = Recipe(learning_rate=learning_rate, betas=(0.9, 0.99))
    begin = time.process_time()
    batches = packed["train"].batches(8, seed=0)
    train(model, batches, steps=STEPS, recipe=recipe, device="cpu")
    seconds = time.process_time() - begin
    bits = bits_per_byte(model, packed["validation"], size)
    return changes | {
        "learning_rate": learning_rate,
        "steps": STEPS,
        "cpu_seconds": round(seconds),
        "validation_bits_per_byte": round(bits, 3),
    }


def main() -> None:
    """Run every arm, two at a time, and write the table."""
    rows = Parallel(n_jobs=2)(delayed(run)(*arm) for arm in ARMS)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
