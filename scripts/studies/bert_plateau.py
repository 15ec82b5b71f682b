"""How does a small masked language model leave the unigram plateau? Two starts, three seeds.

Each arm takes 1,500 steps of 16 texts; the second spends the first 400 of them left to right, as
GPT-1. Writes bert_plateau.csv: the mean training loss of every 25 steps (for the masked steps, in
nats a hidden token), and the loss of knowing only how frequent each token is.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from lmcore import CausalLM, Recipe, Tokenizer, preset, train
from lmcore.data import load_wikipedia
from lmcore.encoders import MaskedLM
from lmcore.objectives import Masking, PairPacking, SentencePairs
from lmcore.study import run_grid

STEPS, EVERY = 1500, 25
CAUSAL_STEPS = {"masks from the start": 0, "left to right first": 400}
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.1, hold=0.9, betas=(0.9, 0.98), optimizer="muon"
)  # fmt: skip


def load_text(split: str) -> tuple[SentencePairs, Masking]:
    """The articles as pairs of 64 tokens, and the rule that hides 15 % of them."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)
    documents = [d.sentences for d in load_wikipedia(split)]
    masking = Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip
    return SentencePairs.encode(documents, tokenizer, packing), masking


def run(arm: str, seed: int) -> list[float]:
    """Mean loss of every 25 steps; NaN where a step was not a masked one."""
    pairs, masking = load_text("train")
    torch.manual_seed(seed)
    model = MaskedLM(preset("bert-mini"))
    causal = CAUSAL_STEPS[arm]
    if causal:
        first = CausalLM(model.config.replace(causal=True, pooler=False))
        batches = pairs.batches(16, seed + 100, None, pairs=False)
        train(first, batches, steps=causal, recipe=RECIPE, device="cpu")
        model.transformer.load_state_dict(first.transformer.state_dict(), strict=False)
    batches = pairs.batches(16, seed, masking, pairs=False)
    losses = train(model, batches, steps=STEPS - causal, recipe=RECIPE, device="cpu").losses
    table = np.array([float("nan")] * causal + losses).reshape(-1, EVERY)
    return table.mean(1).tolist()


def unigram_loss() -> float:
    """The loss of guessing each token's frequency among those that may be hidden."""
    pairs, masking = load_text("train")
    ids = torch.tensor([i for d in pairs.documents for sentence in d for i in sentence])
    counts = torch.bincount(ids, minlength=masking.vocab_size).float()
    counts[list(masking.special_ids)] = 0
    share = counts[counts > 0] / counts.sum()
    return -(share * share.log()).sum().item()


def main() -> None:
    """Run all arms and write the table."""
    found = run_grid(run, arm=CAUSAL_STEPS, seed=range(3))
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["arm", "seed", "step", "loss"])
        writer.writerow(["unigram", "", "", round(unigram_loss(), 3)])
        for a, seed, point in np.ndindex(found.shape):
            loss = round(found[a, seed, point], 3)
            if not np.isnan(loss):
                writer.writerow([list(CAUSAL_STEPS)[a], seed, (point + 1) * EVERY, loss])


if __name__ == "__main__":
    main()
