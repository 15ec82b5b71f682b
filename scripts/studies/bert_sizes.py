"""Bigger models help: three sizes of BERT, three seeds, by steps and by CPU seconds.

Each begins left to right (a quarter of its time), then hides 15 % of the tokens. Writes
bert_sizes.csv: the validation loss and accuracy of each as it goes, with steps and CPU seconds.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np
import torch

from lmcore import CausalLM, Recipe, count_parameters, preset, train
from lmcore.encoders import MaskedLM
from lmcore.measure import masked_scores
from lmcore.study import run_grid

sys.path.insert(0, str(Path(__file__).parent))
from bert_plateau import load_text

SIZES = {  # layers, width, heads
    "2 layers, 64 wide": dict(num_layers=2, hidden_size=64, num_heads=4),
    "3 layers, 96 wide": dict(num_layers=3, hidden_size=96, num_heads=4),
    "4 layers, 128 wide": dict(num_layers=4, hidden_size=128, num_heads=4),
}
CAUSAL_STEPS, STEPS, EVERY = 300, 1500, 150
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.05, hold=0.95, betas=(0.9, 0.98), optimizer="muon"
)  # fmt: skip


def run(size: str, seed: int) -> list[list[float]]:
    """Steps, CPU seconds, validation loss and accuracy, at each look."""
    pairs, masking = load_text("train")
    held_out, _ = load_text("validation")
    looks = [held_out.batches(64, 0, masking, pairs=False)[i] for i in range(8)]
    torch.manual_seed(seed)
    config = preset("bert-mini").replace(
        **SIZES[size], feed_forward_size=None, embedding_size=None, num_groups=None
    )
    model = MaskedLM(config)
    first = CausalLM(config.replace(causal=True, pooler=False))
    begin, looking = time.process_time(), 0.0
    batches = pairs.batches(16, seed + 100, None, pairs=False)
    train(first, batches, steps=CAUSAL_STEPS, recipe=RECIPE, device="cpu")
    model.transformer.load_state_dict(first.transformer.state_dict(), strict=False)
    seen = []

    def look(model: MaskedLM) -> float:
        nonlocal looking
        now = time.process_time()
        scores = masked_scores(model, looks)
        steps = CAUSAL_STEPS + (len(seen) + 1) * EVERY
        seen.append([steps, now - begin - looking, scores.loss, scores.accuracy])
        looking += time.process_time() - now
        return scores.loss

    batches = pairs.batches(16, seed, masking, pairs=False)
    train(
        model, batches, steps=STEPS, recipe=RECIPE, device="cpu", evaluate=look,
        evaluate_every=EVERY,
    )  # fmt: skip
    return seen


def main() -> None:
    """Run all and write the table."""
    found = run_grid(run, size=SIZES, seed=range(3))
    sizes = [
        count_parameters(MaskedLM(preset("bert-mini").replace(
            **shape, feed_forward_size=None, embedding_size=None, num_groups=None
        )))
        for shape in SIZES.values()
    ]  # fmt: skip
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "parameters", "seed", "step", "cpu seconds", "loss", "accuracy"])
        for s, seed, point in np.ndindex(found.shape[:3]):
            steps, seconds, loss, accuracy = found[s, seed, point]
            row = [list(SIZES)[s], sizes[s], seed, int(steps), round(seconds, 1)]
            writer.writerow([*row, round(loss, 3), round(accuracy, 4)])


if __name__ == "__main__":
    main()
