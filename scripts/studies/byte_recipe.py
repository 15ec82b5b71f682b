"""Which recipe learns most in a given time? A byte-level GPT-2 of 4 layers, 128 wide, context 64.

The yardstick is the recipe that small-GPT tutorials print: plain AdamW at 1e-3 (100 steps of
warm-up, a cosine to a tenth, betas 0.9 and 0.99, decay 0.1), 2,000 steps of 12 windows, from
N(0, 0.02). Every other arm has *half* the yardstick's CPU seconds, one thread, and as many steps as
its own step time allows, by step times that were measured in turn (``--clock``).

Arms differ in optimizer, peak rate, precision, batch, schedule and initialization, one thing at a
time from the best so far; ``byte_recipe.csv`` has the loss of each on validation articles, in nats
a byte, with a seed of its own. What won is confirmed by byte_recipe_confirm.py, by ``lmcore train``
on test articles with five seeds. A row that is there already is not run again.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import median

import torch

from lmcore import CausalLM, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.measure import held_out_loss
from lmcore.objectives import PackedText
from lmcore.recipe import build_optimizer
from lmcore.train import train_step

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

HERE = Path(__file__)
CLOCK = HERE.with_name("byte_recipe_clock.csv")
LENGTH, SEED, YARDSTICK_STEPS, SHARE = 64, 100, 2000, 0.5
PLAIN = Recipe(
    learning_rate=1e-3, warmup=0.05, floor=0.1, weight_decay=0.1, betas=(0.9, 0.99),
)  # fmt: skip
ADAMW = PLAIN.replace(floor=0.0, decay="linear")
MUON = ADAMW.replace(optimizer="muon", weight_decay=0.01)


@dataclass(frozen=True)
class Arm:
    """A way to train: ``init`` is "papers" for N(0, 0.02), or "preset" for gpt2-bytes' own."""

    recipe: Recipe
    batch: int = 12
    dtype: str = "float32"
    init: str = "preset"

    @property
    def clock(self) -> str:
        """What its step time depends on."""
        return f"{self.recipe.optimizer} {self.batch} {self.dtype}"

    @property
    def name(self) -> str:
        """What tells it from the others."""
        r = self.recipe
        return (
            f"{self.clock} {self.init} {r.learning_rate:g} {r.decay} hold {r.hold:g} "
            f"decay {r.weight_decay:g} beta2 {r.betas[1]:g}"
        )


def rates(arm: Arm, *values: float) -> list[Arm]:
    """The arm at several peak rates."""
    return [replace(arm, recipe=arm.recipe.replace(learning_rate=value)) for value in values]


YARDSTICK = Arm(PLAIN, init="papers")
FP32, BF16 = Arm(MUON), Arm(MUON, dtype="bfloat16")
BEST = Arm(MUON.replace(learning_rate=8e-3), batch=24, dtype="bfloat16")
ARMS = [
    *rates(Arm(ADAMW), 2e-3, 4e-3, 8e-3),
    *rates(Arm(ADAMW, dtype="bfloat16"), 4e-3),
    *rates(FP32, 4e-3, 8e-3, 1.6e-2),
    *(replace(BEST, batch=batch) for batch in (8, 12, 24, 48)),
    *rates(BEST, 1.2e-2),
    replace(BEST, init="papers"),
    *(
        replace(BEST, recipe=BEST.recipe.replace(**change))
        for change in ({"hold": 0.4}, {"weight_decay": 0.1}, {"betas": (0.9, 0.95)})
    ),
]  # fmt: skip


@cache
def packed(split: str) -> PackedText:
    """A split's articles as bytes."""
    tokenizer = Tokenizer.load("bytes")
    end = tokenizer.id_of("<|endoftext|>")
    return PackedText.encode((d.text for d in load_wikipedia(split)), tokenizer, end, LENGTH)


def fresh(arm: Arm, seed: int) -> CausalLM:
    """Weights drawn as the arm says."""
    torch.manual_seed(seed)
    config = preset("gpt2-bytes")
    if arm.init == "papers":
        config = config.replace(init_std=0.02, embedding_init_std=0.02)
    return CausalLM(config)


def milliseconds(rounds: int = 40) -> dict[str, float]:
    """CPU milliseconds of a training step of each kind, by steps taken in turn."""
    kinds = {arm.clock: arm for arm in (YARDSTICK, *ARMS)}
    steps, took = {}, {name: [] for name in kinds}
    for name, arm in kinds.items():
        model = fresh(arm, 0).train()
        batch, dtype = packed("train").batches(arm.batch, 0)[0], getattr(torch, arm.dtype)
        optimizer = build_optimizer(model, arm.recipe)
        steps[name] = partial(train_step, model, optimizer, batch, arm.recipe, 1e-3, dtype)
    for number in range(rounds + 5):
        for name, step in steps.items():
            begin = time.process_time()
            step()
            if number >= 5:  # the first ones allocate
                took[name].append(1000 * (time.process_time() - begin))
    return {name: round(median(values), 2) for name, values in took.items()}


def clock() -> dict[str, float]:
    """The committed step times."""
    with CLOCK.open(newline="") as file:
        return {row["step"]: float(row["cpu_ms"]) for row in csv.DictReader(file)}


def steps_of(arm: Arm) -> int:
    """Steps in the arm's time."""
    if arm == YARDSTICK:
        return YARDSTICK_STEPS
    times = clock()
    return round(SHARE * YARDSTICK_STEPS * times[YARDSTICK.clock] / times[arm.clock])


def run(arm: Arm, seed: int, split: str) -> dict:
    """Steps, CPU seconds and the loss on 1,024 windows of ``split``."""
    model, steps, begin = fresh(arm, seed), steps_of(arm), time.process_time()
    batches = packed("train").batches(arm.batch, seed)
    dtype = getattr(torch, arm.dtype)
    train(model, batches, steps=steps, recipe=arm.recipe, device="cpu", dtype=dtype)
    seconds = time.process_time() - begin
    loss = held_out_loss(model, packed(split), most_windows=1024)
    return {"steps": steps, "cpu_seconds": round(seconds, 1), "loss": round(loss, 4)}


def main() -> None:
    """The clock, or what the table lacks."""
    torch.set_num_threads(1)
    if "--clock" in sys.argv:
        lines = [f"{name},{value}" for name, value in milliseconds().items()]
        CLOCK.write_text("\n".join(["step,cpu_ms", *lines]) + "\n")
        return
    for arm in (YARDSTICK, *ARMS):
        write_row(
            HERE.with_suffix(".csv"), {"arm": arm.name}, partial(run, arm, SEED, "validation")
        )


if __name__ == "__main__":
    main()
