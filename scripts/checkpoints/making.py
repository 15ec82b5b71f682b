"""What every checkpoint that ships is made with: the articles, the way back into a run that was cut
short, and the log beside the weights."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from lmcore import Tokenizer
from lmcore.data import load_wikipedia
from lmcore.objectives import Masking, PairPacking, SentencePairs
from lmcore.run import Run
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


def looks(done: int, run: Run) -> Iterator[int]:
    """The steps at which a run that has ``done`` some looks at the validation articles."""
    return iter(range(done + run.save_every, run.steps + run.save_every, run.save_every))


def log(out: Path, step: int, split: str, length: int, seen: dict[str, float | None]) -> None:
    """A line more in metrics.jsonl."""
    seconds = round(time.process_time())  # of this process: from 0 again after a cut
    line = {"step": step, "cpu_seconds": seconds, "split": split, "length": length}
    with (out / "metrics.jsonl").open("a") as metrics:
        metrics.write(json.dumps(line | seen) + "\n")
