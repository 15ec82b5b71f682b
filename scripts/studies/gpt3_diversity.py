"""How many different mappings must a model see before it learns new ones from its prompt?

Four made-up words, four meanings: 256 mappings, of which 64 are held out. Arms differ only in how
many of the other 192 are trained on. Each is asked for words that have stood in the prompt
before, about mappings that it knows and about held-out ones. Writes a row a run, with its CPU
seconds, to gpt3_diversity.csv beside this file.
"""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path

import torch
from joblib import Parallel, delayed

from lmcore import CausalLM, Recipe, preset, train
from lmcore.objectives import InContextTasks

MAPPINGS, SEEDS = (1, 4, 16, 64, 192), range(5)
STEPS, LINES, TESTED = 1200, 9, 2000
LINE_END, KEYS, VALUES = 0, torch.arange(1, 5), torch.arange(5, 9)


def tables(seed: int) -> torch.Tensor:
    """All 256 mappings in a random order; the last 64 are never trained on."""
    every = torch.cartesian_prod(*[VALUES] * 4)
    return every[torch.randperm(256, generator=torch.Generator().manual_seed(seed))]


def unseen_and_seen(model: CausalLM, tasks: torch.Tensor) -> tuple[float, float]:
    """Accuracy on words that the prompt has not shown, and on those that it has."""
    batch = InContextTasks(KEYS, tasks, LINE_END, repeat=True).batches(TESTED, LINES, seed=999)[0]
    ids = batch["input_ids"]
    with torch.no_grad():
        guesses = model(ids)[:, 0::3].argmax(-1)  # (B, lines): what follows each key
    right, keys = guesses == ids[:, 1::3], ids[:, 0::3]
    shown = torch.stack(
        [(keys[:, :k] == keys[:, k : k + 1]).any(1) for k in range(LINES)], dim=1
    )  # (B, lines)
    return right[~shown].float().mean().item(), right[shown].float().mean().item()


def run(mappings: int, seed: int) -> dict:
    """Train one arm and ask it both questions about known and held-out mappings."""
    torch.set_num_threads(1)
    every = tables(seed)
    known, held_out = every[:mappings], every[192:]
    config = preset("gpt3-mini").replace(vocab_size=9)
    torch.manual_seed(seed)
    model = CausalLM(config)
    recipe = Recipe(learning_rate=2e-3, warmup=0.05, betas=(0.9, 0.99))
    batches = InContextTasks(KEYS, known, LINE_END, repeat=True).batches(32, LINES, seed)
    begin = time.process_time()
    train(model, batches, steps=STEPS, recipe=recipe, device="cpu")
    seconds = time.process_time() - begin
    from_weights, known_shown = unseen_and_seen(model, known)
    _, held_out_shown = unseen_and_seen(model, held_out)
    row = {
        "mappings": mappings,
        "seed": seed,
        "known_not_in_prompt": round(from_weights, 3),
        "known_in_prompt": round(known_shown, 3),
        "held_out_in_prompt": round(held_out_shown, 3),
        "cpu_seconds": round(seconds, 1),
    }
    print(row, flush=True)
    return row


def main() -> None:
    """Run every arm and write the table."""
    jobs = int(os.environ.get("PROCESSES", 0)) or os.cpu_count()
    rows = Parallel(n_jobs=jobs)(delayed(run)(m, s) for m in MAPPINGS for s in SEEDS)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
