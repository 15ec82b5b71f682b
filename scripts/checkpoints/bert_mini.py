"""Pre-train bert-mini on the shipped Wikipedia leads: an hour of one core, seed 0.

Writes the checkpoint to lmcore/checkpoints/bert-mini: weights in fp16, config, tokenizer, and
metrics.jsonl, a line each time that the validation articles were looked at. Four stages, one
optimizer and one schedule through the last three:

1. left to right, as GPT-1, so that the masked model does not start on the unigram plateau;
2. masked language modeling on true continuations of 64 tokens;
3. with next-sentence pairs;
4. the same on 128 tokens, as BERT went from 128 to 512 (appendix A.2).

The last three live in runs/bert-mini: a run that was cut short goes on from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from making import SPLITS, begin, log, masking_of, packing_of, steps_done, train_looking

from lmcore import CausalLM, Recipe, Tokenizer, preset, save_checkpoint, train
from lmcore.data import load_wikipedia
from lmcore.encoders import MaskedLM
from lmcore.measure import masked_scores
from lmcore.objectives import Batch, Batches, SentencePairs
from lmcore.run import Run

ROOT = Path(__file__).resolve().parents[2]
OUT, RUN = ROOT / "lmcore" / "checkpoints" / "bert-mini", ROOT / "runs" / "bert-mini"
CAUSAL_STEPS, CAUSAL_RATE = 400, 4e-3
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.004, hold=0.45, decay="linear", betas=(0.9, 0.98),
    optimizer="muon",
)  # fmt: skip
TRAINING_RATE, PAPER_RATE = 0.3, 0.15  # shares of tokens to hide: in training, and to measure


@dataclass(frozen=True)
class Stage:
    """So many steps of so many texts of so many tokens, with next-sentence pairs or without."""

    steps: int
    size: int
    length: int
    pairs: bool


STAGES = (
    Stage(steps=4_000, size=16, length=64, pairs=False),
    Stage(steps=7_000, size=32, length=64, pairs=False),
    Stage(steps=6_500, size=32, length=64, pairs=True),
    Stage(steps=2_000, size=16, length=128, pairs=True),
)


class Staged:
    """Batches of one stage after another, by step."""

    def __init__(self, stages: tuple[Stage, ...], batches: list[Batches]) -> None:
        self.ends = torch.tensor([stage.steps for stage in stages]).cumsum(0)
        self.batches = batches

    def __getitem__(self, step: int) -> Batch:
        stage = int((self.ends <= step).sum())
        return self.batches[stage][step]


def main() -> None:
    """Train, keep what was seen, and write the checkpoint."""
    out = begin(__doc__, OUT)
    tokenizer = Tokenizer.load("wordpiece-2048")
    masking = masking_of(tokenizer)
    encoded = {
        split: [[tokenizer.encode(s) for s in d.sentences] for d in load_wikipedia(split)]
        for split in SPLITS
    }

    def pairs(split: str, length: int) -> SentencePairs:
        return SentencePairs(encoded[split], packing_of(tokenizer, length))

    model = MaskedLM(preset("bert-mini"), pair_head=True)
    if not steps_done(RUN):
        left_to_right = CausalLM(model.config.replace(causal=True, pooler=False))
        train(
            left_to_right, pairs("train", 64).batches(16, 1, None, pairs=False),
            steps=CAUSAL_STEPS, device="cpu",
            recipe=RECIPE.replace(learning_rate=CAUSAL_RATE, warmup=0.1, hold=0.9),
        )  # fmt: skip
        learned = left_to_right.transformer.state_dict()
        model.transformer.load_state_dict(learned, strict=False)  # all but the pooler

    def measure(split: str, length: int, step: int) -> float:
        held_out = pairs(split, length).batches(64, 0, masking)
        scores = masked_scores(model, (held_out[i] for i in range(16)))
        log(out, step, split, length, asdict(scores))
        return scores.loss

    rule = masking.replace(rate=TRAINING_RATE)
    batches = [
        pairs("train", stage.length).batches(stage.size, 0, rule, pairs=stage.pairs)
        for stage in STAGES
    ]
    run = Run(
        steps=sum(stage.steps for stage in STAGES), recipe=RECIPE, save_every=500, log_every=500,
        about={"stages": [asdict(stage) for stage in STAGES]},
    )  # fmt: skip
    look = partial(measure, "validation", 64)
    if not train_looking(model, Staged(STAGES, batches), run, RUN, look):
        return
    for length in (64, 128):
        measure("test", length, run.steps)
    save_checkpoint(model, out, dtype=torch.float16, tokenizer=tokenizer)


if __name__ == "__main__":
    main()
