"""Pre-train albert-mini on the shipped Wikipedia leads: some 20 minutes of one core, seed 0.

Writes the checkpoint to lmcore/checkpoints/albert-mini: weights in fp16, config, tokenizer, and
metrics.jsonl, a line each time that the validation articles were looked at. Four stages, one
optimizer and one schedule through the last three:

1. left to right, so that the masked model does not start on the unigram plateau;
2. masked language modeling on true continuations of 64 tokens;
3. the same in batches twice as large;
4. on 128 tokens, with sentence order: two neighboring texts of whole sentences, swapped or not.

The last three live in runs/albert-mini: a run that was cut short goes on from there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from staged import ROOT, Stage, masking_of, pretrain

from lmcore import Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.encoders import MaskedLM
from lmcore.objectives import Batches, PairPacking, SentencePairs, WholeSentencePairs
from lmcore.warm_start import LeftToRight

OUT = ROOT / "lmcore" / "checkpoints" / "albert-mini"
CAUSAL_STEPS = 400
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.004, hold=0.45, decay="linear", betas=(0.9, 0.98),
    optimizer="muon",
)  # fmt: skip
TRAINING_RATE = 0.3  # share of tokens to hide in training; measured at the paper's 0.15
STAGES = (
    Stage(steps=3_000, size=16, length=64, pairs=False),
    Stage(steps=1_000, size=32, length=64, pairs=False),
    Stage(steps=2_000, size=16, length=128, pairs=True),
)


def main() -> None:
    """Train, keep what was seen, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = Tokenizer.load("wordpiece-2048")
    masking = masking_of(tokenizer)
    encoded = {
        split: [[tokenizer.encode(s) for s in d.sentences] for d in load_wikipedia(split)]
        for split in ("train", "validation", "test")
    }

    def packing(length: int) -> PairPacking:
        return PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), length)

    def texts(split: str, length: int, size: int, rule: object, seed: int = 0) -> Batches:
        continuations = SentencePairs(encoded[split], packing(length))
        return continuations.batches(size, seed, rule, pairs=False)

    def ordered(split: str, length: int, size: int, rule: object) -> Batches:
        return WholeSentencePairs(encoded[split], packing(length)).batches(size, 0, rule, "order")

    model = MaskedLM(preset("albert-mini"), pair_head=True)

    def left_to_right() -> None:
        recipe = RECIPE.replace(warmup=0.1, hold=0.9)
        batches = texts("train", 64, 16, None, seed=1)
        train(LeftToRight(model), batches, steps=CAUSAL_STEPS, recipe=recipe, device="cpu")

    rule = masking.replace(rate=TRAINING_RATE)
    pretrain(
        "albert-mini", model, left_to_right, STAGES,
        lambda s: (ordered if s.pairs else texts)("train", s.length, s.size, rule),
        lambda split, length: (ordered if length > 64 else texts)(split, length, 64, masking),
        RECIPE, tokenizer, out,
    )  # fmt: skip


if __name__ == "__main__":
    main()
