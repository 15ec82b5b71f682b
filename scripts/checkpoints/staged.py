"""Pre-training in stages, one optimizer and one schedule through all of them.

What bert_mini.py and albert_mini.py share: stages, a log of looks at held-out articles, a run
that goes on where it was cut short.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from lmcore import Recipe, Tokenizer, save_checkpoint
from lmcore.encoders import MaskedLM
from lmcore.measure import masked_scores
from lmcore.objectives import Batch, Batches, Masking
from lmcore.run import Run, train_in_folder

ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY, LOOKS = 500, 16  # steps between two looks, batches of 64 texts in each


@dataclass(frozen=True)
class Stage:
    """So many steps of so many texts of so many tokens, with labeled pairs or without."""

    steps: int
    size: int
    length: int
    pairs: bool


class Staged:
    """Batches of one stage after another, by step."""

    def __init__(self, stages: tuple[Stage, ...], batches: list[Batches]) -> None:
        self.ends = torch.tensor([stage.steps for stage in stages]).cumsum(0)
        self.batches = batches

    def __getitem__(self, step: int) -> Batch:
        stage = int((self.ends <= step).sum())
        return self.batches[stage][step]


def masking_of(tokenizer: Tokenizer) -> Masking:
    """The papers' rule, 15 % of the tokens, in ``tokenizer``'s ids."""
    return Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip


def pretrain(
    name: str,
    model: MaskedLM,
    start: Callable[[], None],
    stages: tuple[Stage, ...],
    batches: Callable[[Stage], Batches],
    held_out: Callable[[str, int], Batches],
    recipe: Recipe,
    tokenizer: Tokenizer,
    out: Path,
) -> None:
    """``start()``, then train ``model`` through ``stages`` and write its checkpoint to ``out``.

    The run lives in runs/``name``. ``held_out(split, length)`` are the batches of a look: on
    validation articles along the way, at the first stage's length; on test articles in the end,
    at the first's and the last's. Each is a line of out/metrics.jsonl.
    """
    out.mkdir(parents=True, exist_ok=True)
    folder = ROOT / "runs" / name
    state = folder / "state.json"
    begun = json.loads(state.read_text())["step"] if state.exists() else 0
    log = out / "metrics.jsonl"
    spent = 0  # CPU seconds of the processes before this one, up to their last look
    if not begun:
        log.unlink(missing_ok=True)
        start()
    elif log.exists():
        spent = json.loads(log.read_text().splitlines()[-1])["cpu_seconds"]

    def measure(split: str, length: int, step: int) -> float:
        looks = held_out(split, length)
        scores = masked_scores(model, (looks[i] for i in range(LOOKS)))
        seconds = spent + round(time.process_time())
        line = {"step": step, "cpu_seconds": seconds, "split": split, "length": length}
        with log.open("a") as metrics:
            metrics.write(json.dumps(line | asdict(scores)) + "\n")
        return scores.loss

    run = Run(
        steps=sum(stage.steps for stage in stages), recipe=recipe, save_every=LOOK_EVERY,
        log_every=LOOK_EVERY, about={"stages": [asdict(stage) for stage in stages]},
    )  # fmt: skip
    steps = iter(range(begun // LOOK_EVERY * LOOK_EVERY + LOOK_EVERY, run.steps + 1, LOOK_EVERY))
    ended = train_in_folder(
        model, Staged(stages, [batches(stage) for stage in stages]), run, folder, resume=True,
        device="cpu", validate=lambda model: measure("validation", stages[0].length, next(steps)),
    )  # fmt: skip
    if ended:
        for length in sorted({stages[0].length, stages[-1].length}):
            measure("test", length, run.steps)
        save_checkpoint(model, out, dtype=torch.float16, tokenizer=tokenizer)
