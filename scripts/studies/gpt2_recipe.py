"""Which recipe makes gpt2-mini the best model in the minutes of a page?

The yardstick is AdamW: 6,000 steps of four windows and a cosine to 0. The other arms change the
optimizer, the schedule, the peak rate or the windows a step, and have as many steps as the
yardstick's CPU seconds allow on one thread, or fewer.

Each arm trains once and is measured on validation articles; peak rates are tried for 400 steps.
The yardstick and the winner then train from other seeds and are measured on test articles, the
winner with fewer steps than in its trial, where it took longer than the yardstick.
gpt2_recipe.csv has a row a run, in bits per byte; a row that is there already is not run again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from pathlib import Path

import torch

from lmcore import CausalLM, PackedText, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.measure import bits_per_byte

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

TABLE = Path(__file__).with_suffix(".csv")
PILOT_SEED, SEEDS = 100, (0, 1, 2)


@dataclass(frozen=True)
class Arm:
    """A way to train; the name says what else than steps, windows and peak rate is different."""

    name: str
    steps: int
    windows: int
    rate: float

    @property
    def recipe(self) -> Recipe:
        """As ``train`` wants it; what no arm changes is the chapters' own."""
        optimizer, decay = self.name.split()
        return Recipe(
            learning_rate=self.rate, betas=(0.9, 0.99), optimizer=optimizer, decay=decay
        )  # fmt: skip


NAME = "gpt2-mini"
YARDSTICK = Arm("adamw cosine", 6000, 4, 4e-3)
MUON = Arm("muon linear", 1900, 12, 8e-3)
OTHERS = [
    replace(MUON, steps=2700, windows=8),
    MUON,
    *(replace(MUON, steps=400, rate=rate) for rate in (4e-3, 8e-3, 1.6e-2)),
]
WINNER = replace(MUON, steps=1700)


@cache
def packed(split: str, length: int) -> tuple[PackedText, int]:
    """A split's articles as tokens, and how many bytes they are."""
    tokenizer, texts = Tokenizer.load("bpe-1024"), [d.text for d in load_wikipedia(split)]
    end = tokenizer.id_of("<|endoftext|>")
    size = sum(len(text.encode()) + 1 for text in texts)
    return PackedText.encode(texts, tokenizer, end, length), size


def run(arm: Arm, seed: int, split: str) -> dict:
    """What one run costs, and what it learned."""
    torch.manual_seed(seed)
    model = CausalLM(preset(NAME))
    length = model.config.context_length
    batches = packed("train", length)[0].batches(arm.windows, seed)
    begin = time.process_time()
    train(model, batches, steps=arm.steps, recipe=arm.recipe, device="cpu", dtype=torch.float32)
    seconds = time.process_time() - begin
    bits = bits_per_byte(model, *packed(split, length))
    return {"cpu_seconds": round(seconds, 1), "bits_per_byte": round(bits, 4)}


def row(arm: Arm, seed: int, split: str) -> None:
    """Run it, unless the table has it."""
    key = {
        "model": NAME, "arm": arm.name, "steps": arm.steps, "windows": arm.windows,
        "rate": arm.rate, "split": split, "seed": seed,
    }  # fmt: skip
    write_row(TABLE, key, partial(run, arm, seed, split))


def main() -> None:
    """What the table lacks."""
    torch.set_num_threads(1)
    for arm in (YARDSTICK, *OTHERS):
        row(arm, PILOT_SEED, "validation")
    for seed, arm in product(SEEDS, (WINNER, YARDSTICK)):
        row(arm, seed, "test")


if __name__ == "__main__":
    main()
