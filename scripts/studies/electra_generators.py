"""How large should the generator be, and how much should the discriminator's loss count?

ELECTRA in the generated language of electra_probe.py: four widths of the generator by three
weights λ, 1,000 steps each, one seed (with more in SEEDS it goes on). Writes
electra_generators.csv: both losses on fresh sentences, the share of hidden tokens that was
replaced, the shares found, and the accuracy of a fine-tuned probe on acceptability with 400
labels; a row a run, as they come.
"""

from __future__ import annotations

import itertools
import time
from functools import partial
from pathlib import Path

import torch
from electra_probe import ALL_MASKED, ENCODER, GENERATOR, RECIPE, finetune, text_batches
from rows import write_row

from lmcore import Electra, train
from lmcore.measure import detection_scores

OUT = Path(__file__).with_suffix(".csv")
WIDTHS, WEIGHTS, SEEDS, STEPS = (8, 16, 32, 64), (1, 10, 50), range(1), 1000


def measured(seed: int, width: int, weight: float) -> dict:
    """What a run cost and came to."""
    torch.manual_seed(seed)
    generator = GENERATOR.replace(hidden_size=width, feed_forward_size=4 * width)
    model = Electra(ENCODER, generator, weight=weight)
    begin = time.process_time()
    train(model, text_batches(seed, ALL_MASKED), steps=STEPS, recipe=RECIPE, device="cpu")
    seconds = time.process_time() - begin
    fresh = text_batches(seed + 500, ALL_MASKED)
    scores = detection_scores(model, [fresh[i] for i in range(20)])
    names = ("generator", "discriminator", "replaced", "detected", "false_alarms")
    found = {name: round(getattr(scores, name), 4) for name in names}
    _, accuracy = finetune(model.discriminator.transformer, "acceptability", 400, seed)
    return {"cpu_seconds": round(seconds, 1)} | found | {"probe": round(accuracy, 4)}


def main() -> None:
    """Every point of the grid that is not in the table yet."""
    torch.set_num_threads(1)
    for seed, width, weight in itertools.product(SEEDS, WIDTHS, WEIGHTS):
        key = {"seed": seed, "width": width, "weight": weight}
        write_row(OUT, key, partial(measured, **key))


if __name__ == "__main__":
    main()
