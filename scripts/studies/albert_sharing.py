"""What do sharing and factorizing cost? Eight wirings at equal steps, five seeds.

Four layers, 96 wide, read 300 batches of 8 texts of 48 tokens of the Wikipedia leads, left to
right: a masked model of this size spends so few steps on the unigram plateau (bert_plateau.py),
where no wiring differs from another. The head is a masked language model's, since it fits E ≠ H.
The token tables are drawn so that the logits of all wirings start with the same spread. Every
wiring gets the learning rate that ends best on validation articles with a seed of its own, a lower
and a higher one tried beside it (``--rates``); then five seeds are measured on test articles.

Two wirings share half a block, as in ALBERT's table 4: all layers have one attention, or one
feed-forward layer, and LayerNorms of their own. A ``Config`` shares whole blocks, so these are
tied here, module by module.

Writes a row a run to albert_sharing.csv as it ends, every trial of a rate to
albert_sharing_rates.csv, and ``--clock`` the CPU milliseconds of a training step to
albert_sharing_clock.csv: a step of each wiring in turn, so that whatever else the machine does
slows all of them.
"""

from __future__ import annotations

import csv
import sys
import time
from functools import partial
from pathlib import Path

import torch

from lmcore import Config, MaskedLM, Recipe, Tokenizer, count_parameters, preset, train
from lmcore.data import load_wikipedia
from lmcore.objectives import PairPacking, SentencePairs
from lmcore.recipe import build_optimizer
from lmcore.train import train_step
from lmcore.warm_start import LeftToRight

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

HERE = Path(__file__)
WIDTH, STEPS, BATCH, LENGTH = 96, 300, 8, 48
ARMS = {
    "full": {},
    "factorized, E = 24": dict(embedding_size=24),
    "shared": dict(num_groups=1),
    "shared, E = 48": dict(num_groups=1, embedding_size=48),
    "shared, E = 24": dict(num_groups=1, embedding_size=24),
    "shared, E = 24, twice as wide": dict(
        num_groups=1, embedding_size=24, hidden_size=2 * WIDTH, init_std=0.1 * 0.5**0.5
    ),
    "attention shared": {},
    "feed-forward shared": {},
}
TIED = {"attention shared": "attention", "feed-forward shared": "feed_forward"}
RATES, TRIAL_SEED, SEEDS = (1e-3, 2e-3, 4e-3, 8e-3), 100, range(5)


def wiring(arm: str) -> Config:
    """bert-mini, 96 wide, with the arm's values."""
    values = dict(hidden_size=WIDTH, embedding_size=WIDTH, init_std=0.1) | ARMS[arm]
    values["embedding_init_std"] = 0.1 * (WIDTH / values["embedding_size"]) ** 0.5
    return preset("bert-mini").replace(
        feed_forward_size=4 * values["hidden_size"], context_length=LENGTH,
        project=values["embedding_size"] != values["hidden_size"], pooler=False, **values,
    )  # fmt: skip


def build(arm: str) -> MaskedLM:
    """A fresh model; where half a block is shared, all blocks hold the first one's."""
    model = MaskedLM(wiring(arm))
    first, *others = model.transformer.blocks
    for block in others if arm in TIED else ():
        setattr(block, TIED[arm], getattr(first, TIED[arm]))
    return model


def load_text(split: str) -> SentencePairs:
    """The articles of a split, to be cut into texts of 48 tokens."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), LENGTH)
    documents = (d.sentences for d in load_wikipedia(split))
    return SentencePairs.encode(documents, tokenizer, packing)


@torch.no_grad()
def held_out(model: LeftToRight, text: SentencePairs) -> float:
    """Mean loss over 1,024 texts, in nats a token."""
    looks = text.batches(64, 0, None, pairs=False)
    return sum(model.loss(looks[i]).item() for i in range(16)) / 16


def run(arm: str, rate: float, seed: int, text: SentencePairs, judge: SentencePairs) -> dict:
    """Parameters, those of the blocks, CPU seconds, loss before and after."""
    torch.manual_seed(seed)
    model = build(arm)
    reader = LeftToRight(model)
    before, begin = held_out(reader, judge), time.process_time()
    recipe = Recipe(learning_rate=rate, warmup=0.1, betas=(0.9, 0.98))
    train(
        reader, text.batches(BATCH, seed, None, pairs=False), steps=STEPS, recipe=recipe,
        device="cpu",
    )  # fmt: skip
    return {
        "parameters": count_parameters(model.transformer),
        "in blocks": count_parameters(model.transformer.blocks),
        "cpu seconds": round(time.process_time() - begin, 1),
        "loss before": round(before, 3),
        "loss": round(held_out(reader, judge), 4),
    }


def clock(rounds: int = 60) -> dict[str, list[float]]:
    """CPU milliseconds of ``rounds`` training steps of each arm, one arm after another."""
    batches = load_text("validation").batches(BATCH, 0, None, pairs=False)
    recipe = Recipe(learning_rate=1e-3)
    readers = {arm: LeftToRight(build(arm)) for arm in ARMS}
    optimizers = {arm: build_optimizer(reader, recipe) for arm, reader in readers.items()}
    found: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for number in range(rounds + 5):
        for arm, reader in readers.items():
            begin = time.process_time()
            train_step(reader, optimizers[arm], batches[number], recipe, 1e-3)
            if number >= 5:  # the first ones allocate
                found[arm].append(1000 * (time.process_time() - begin))
    return found


def trials(arm: str) -> dict[float, float]:
    """Rates tried for an arm, and the validation loss of each."""
    path = HERE.with_name("albert_sharing_rates.csv")
    known = csv.DictReader(path.read_text().splitlines()) if path.exists() else ()
    return {
        float(r["learning_rate"]): float(r["validation loss"]) for r in known if r["arm"] == arm
    }


def best_rate(arm: str) -> float:
    """The rate that ended lowest."""
    return min(trials(arm), key=trials(arm).get)


def choose_rate(arm: str, text: SentencePairs, validation: SentencePairs) -> None:
    """Try rates until the best one has a neighbor on each side."""

    def attempt(rate: float) -> None:
        key = {"arm": arm, "learning_rate": rate}
        write_row(
            HERE.with_name("albert_sharing_rates.csv"), key,
            lambda: {"validation loss": run(arm, rate, TRIAL_SEED, text, validation)["loss"]},
        )  # fmt: skip

    for rate in RATES:
        attempt(rate)
    while best_rate(arm) == min(trials(arm)):
        attempt(min(trials(arm)) / 2)


def main() -> None:
    """Choose the rates, or run what is not yet in the table."""
    torch.set_num_threads(1)
    if "--clock" in sys.argv:
        for number, steps in enumerate(zip(*clock().values(), strict=True)):
            times = {arm: round(ms, 2) for arm, ms in zip(ARMS, steps, strict=True)}
            write_row(
                HERE.with_name("albert_sharing_clock.csv"), {"round": number}, partial(dict, times)
            )
        return
    text, validation, test = (load_text(split) for split in ("train", "validation", "test"))
    for arm in ARMS:
        choose_rate(arm, text, validation)
    if "--rates" in sys.argv:
        return
    for seed in SEEDS:
        for arm in ARMS:
            rate = best_rate(arm)
            key = {"arm": arm, "seed": seed, "rate": rate}
            write_row(HERE.with_suffix(".csv"), key, partial(run, arm, rate, seed, text, test))


if __name__ == "__main__":
    main()
