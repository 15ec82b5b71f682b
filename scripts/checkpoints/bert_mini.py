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

import argparse
from pathlib import Path

import torch
from staged import ROOT, Stage, masking_of, pretrain

from lmcore import CausalLM, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.encoders import MaskedLM
from lmcore.objectives import PairPacking, SentencePairs

OUT = ROOT / "lmcore" / "checkpoints" / "bert-mini"
CAUSAL_STEPS, CAUSAL_RATE = 400, 4e-3
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.004, hold=0.45, decay="linear", betas=(0.9, 0.98),
    optimizer="muon",
)  # fmt: skip
TRAINING_RATE = 0.3  # share of tokens to hide in training; measured at the paper's 0.15
STAGES = (
    Stage(steps=4_000, size=16, length=64, pairs=False),
    Stage(steps=7_000, size=32, length=64, pairs=False),
    Stage(steps=6_500, size=32, length=64, pairs=True),
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

    def pairs(split: str, length: int) -> SentencePairs:
        packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), length)
        return SentencePairs(encoded[split], packing)

    model = MaskedLM(preset("bert-mini"), pair_head=True)

    def left_to_right() -> None:
        first = CausalLM(model.config.replace(causal=True, pooler=False))
        train(
            first, pairs("train", 64).batches(16, 1, None, pairs=False),
            steps=CAUSAL_STEPS, device="cpu",
            recipe=RECIPE.replace(learning_rate=CAUSAL_RATE, warmup=0.1, hold=0.9),
        )  # fmt: skip
        learned = first.transformer.state_dict()
        model.transformer.load_state_dict(learned, strict=False)  # all but the pooler

    rule = masking.replace(rate=TRAINING_RATE)
    pretrain(
        "bert-mini", model, left_to_right, STAGES,
        lambda s: pairs("train", s.length).batches(s.size, 0, rule, pairs=s.pairs),
        lambda split, length: pairs(split, length).batches(64, 0, masking),
        RECIPE, tokenizer, out,
    )  # fmt: skip


if __name__ == "__main__":
    main()
