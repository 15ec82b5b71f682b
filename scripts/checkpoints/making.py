"""What every checkpoint that ships is made with: the articles, the way back into a run that was cut
short, and the log beside the weights."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from lmcore import Tokenizer
from lmcore.data import load_wikipedia
from lmcore.objectives import Indexed, Masking, PairPacking, SentencePairs
from lmcore.run import Run, train_in_folder
from lmcore.run.states import find_state

SPLITS = ("train", "validation", "test")


def begin(about: str, out: Path) -> Path:
    """The folder to write to, ``out`` unless told otherwise; one thread, seed 0."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--out", type=Path, default=out)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return out


def masking_of(tokenizer: Tokenizer) -> Masking:
    """The rule that hides 15 % of the tokens."""
    return Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip


def packing_of(tokenizer: Tokenizer, length: int) -> PairPacking:
    """BERT's frame around texts of ``length`` tokens."""
    return PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), length)


def load_articles(tokenizer: Tokenizer, length: int) -> dict[str, SentencePairs]:
    """The articles by split."""
    packing = packing_of(tokenizer, length)
    return {
        split: SentencePairs.encode(
            (d.sentences for d in load_wikipedia(split)), tokenizer, packing
        )
        for split in SPLITS
    }


def steps_done(run: Path) -> int:
    """How far the run in that folder is; 0 where there is none."""
    found = find_state(run, print)
    return found[1]["step"] if found else 0


def train_looking(
    objective: nn.Module, batches: Indexed, run: Run, folder: Path,
    look: Callable[[int], float],
) -> bool:  # fmt: skip
    """Train in ``folder``, or go on there; ``look`` is given each step at which the state is saved.
    Whether no step is left."""
    every = run.save_every
    states = steps_done(folder) // every  # a run that was ended between two of them has one more
    steps = iter(range((states + 1) * every, run.steps + every, every))
    return train_in_folder(
        objective, batches, run, folder, resume=True, device="cpu",
        validate=lambda _: look(next(steps)),
    )  # fmt: skip


def log(out: Path, step: int, split: str, length: int, seen: dict[str, float | None]) -> None:
    """A line more in metrics.jsonl."""
    seconds = round(time.process_time())  # of this process: from 0 again after a cut
    line = {"step": step, "cpu_seconds": seconds, "split": split, "length": length}
    with (out / "metrics.jsonl").open("a") as metrics:
        metrics.write(json.dumps(line | seen) + "\n")
