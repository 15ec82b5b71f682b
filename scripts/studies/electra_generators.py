"""How large should the generator be, and how much should the discriminator's loss count?

ELECTRA in the generated language of electra_probe.py: two widths of the generator by two
weights λ, 1,000 steps each. Writes electra_generators.csv: both losses on fresh sentences, the
share of hidden tokens that was replaced, the shares found, and the accuracy of a fine-tuned probe
on acceptability with 400 labels; a row a run, as they come.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from electra_probe import ALL_MASKED, ENCODER, GENERATOR, RECIPE, finetune, text_batches

from lmcore import Electra, train
from lmcore.measure import detection_scores

OUT = Path(__file__).with_suffix(".csv")
WIDTHS, WEIGHTS, SEEDS, STEPS = (8, 16, 32, 64), (1, 10, 50), range(1), 1000
COLUMNS = [
    "seed", "width", "weight", "cpu_seconds", "generator", "discriminator", "replaced",
    "detected", "false_alarms", "probe",
]  # fmt: skip


def run(seed: int, width: int, weight: float) -> list[float]:
    """One run's row, without its coordinates."""
    torch.manual_seed(seed)
    generator = GENERATOR.replace(hidden_size=width, feed_forward_size=4 * width)
    model = Electra(ENCODER, generator, weight=weight)
    begin = time.process_time()
    train(model, text_batches(seed, ALL_MASKED), steps=STEPS, recipe=RECIPE, device="cpu")
    seconds = time.process_time() - begin
    fresh = text_batches(seed + 500, ALL_MASKED)
    scores = detection_scores(model, [fresh[i] for i in range(20)])
    _, accuracy = finetune(model.discriminator.transformer, "acceptability", 400, seed)
    return [
        round(seconds, 1), *(round(v, 4) for v in (
            scores.generator, scores.discriminator, scores.replaced, scores.detected,
            scores.false_alarms, accuracy,
        )),
    ]  # fmt: skip


def main() -> None:
    """Every point of the grid that is not in the table yet."""
    torch.set_num_threads(1)
    if not OUT.exists():
        OUT.write_text(",".join(COLUMNS) + "\r\n", newline="")
    with OUT.open(newline="") as file:
        done = {(int(r["seed"]), int(r["width"]), int(r["weight"])) for r in csv.DictReader(file)}
    for seed in SEEDS:
        for width in WIDTHS:
            for weight in WEIGHTS:
                if (seed, width, weight) not in done:
                    row = [seed, width, weight, *run(seed, width, weight)]
                    with OUT.open("a", newline="") as file:
                        csv.writer(file).writerow(row)


if __name__ == "__main__":
    main()
