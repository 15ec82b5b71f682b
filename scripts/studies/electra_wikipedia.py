"""ELECTRA against masked language modeling on the Wikipedia leads, at equal compute: pre-training.

Two arms with the encoder of electra-mini, from the same left-to-right start (without one a masked
model of this size sits on the unigram plateau, bert_plateau.py; ELECTRA's generator is one too).
The masked arm takes more steps, in about the same CPU seconds. Models are kept in
runs/electra-wikipedia, for electra_wikipedia_tuning.py; what was seen on validation articles on the
way stands in electra_wikipedia_curve.csv. A run that was cut short begins with the arm it was at.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from joblib import Parallel, delayed
from torch import Tensor, nn

from lmcore import (
    Config,
    Electra,
    MaskedLM,
    Recipe,
    Tokenizer,
    Transformer,
    preset,
    save_checkpoint,
    train,
)
from lmcore.data import load_wikipedia
from lmcore.encoders import MaskedLMHead
from lmcore.measure import detection_scores, masked_scores
from lmcore.model import initialize
from lmcore.models import next_token_loss
from lmcore.objectives import Batch, Masking, PairPacking, SentencePairs

HERE = Path(__file__)
RUNS = HERE.parents[2] / "runs" / "electra-wikipedia"
SEEDS, CAUSAL_STEPS, EVERY = range(1), 400, 200
STEPS = {"MLM": 3000, "ELECTRA": 1860}
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.02, hold=0.4, decay="linear", betas=(0.9, 0.98),
    optimizer="muon",
)  # fmt: skip
START = RECIPE.replace(warmup=0.1, hold=0.9)


class LeftToRight(nn.Module):
    """Trunks with a masked language model's heads, on one set of embeddings, as causal models:
    the start of a masked model, or of ELECTRA's pair."""

    def __init__(self, *configs: Config) -> None:
        super().__init__()
        self.trunks = nn.ModuleList(Transformer(c.replace(causal=True)) for c in configs)
        self.heads = nn.ModuleList(MaskedLMHead(c) for c in configs)
        for trunk, head, config in zip(self.trunks, self.heads, configs, strict=True):
            initialize(trunk, config)
            initialize(head, config)
            trunk.embeddings = self.trunks[0].embeddings

    def loss(self, batch: Batch) -> Tensor:
        """The sum of the trunks' mean losses, each token given those before it."""
        input_ids, real = batch["input_ids"], batch["attention_mask"]
        table = self.trunks[0].embeddings.token.weight
        losses = [
            next_token_loss(head(trunk(input_ids[:, :-1]), table), input_ids[:, 1:], real[:, 1:])
            for trunk, head in zip(self.trunks, self.heads, strict=True)
        ]
        return torch.stack(losses).sum()


def load_text(split: str, length: int = 64) -> tuple[SentencePairs, Masking]:
    """The articles as texts of 64 tokens, and the rule that hides 15 % of them."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), length)
    masking = Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip
    documents = (d.sentences for d in load_wikipedia(split))
    return SentencePairs.encode(documents, tokenizer, packing), masking


def all_masked(masking: Masking) -> Masking:
    """ELECTRA's rule: every hidden token is [MASK] (section 2)."""
    return masking.replace(share_masked=1.0, share_random=0.0)


def started(arm: str, seed: int, pairs: SentencePairs) -> MaskedLM | Electra:
    """The arm's model behind its left-to-right steps."""
    torch.manual_seed(seed)
    config, small = preset("electra-mini"), preset("electra-mini-generator")
    model = MaskedLM(config) if arm == "MLM" else Electra(config, small)
    first = LeftToRight(config) if arm == "MLM" else LeftToRight(config, small)
    batches = pairs.batches(16, seed + 100, None, pairs=False)
    train(first, batches, steps=CAUSAL_STEPS, recipe=START, device="cpu")
    if arm == "MLM":
        parts = [model.transformer]
        model.head.load_state_dict(first.heads[0].state_dict())
    else:
        parts = [model.discriminator.transformer, model.generator.transformer]
        model.generator.head.load_state_dict(first.heads[1].state_dict())
    for part, trunk in zip(parts, first.trunks, strict=True):
        part.load_state_dict(trunk.state_dict())
    return model


def pretrain(arm: str, seed: int) -> None:
    """Train an arm, keep its model, and write down what was seen on the way."""
    torch.set_num_threads(1)
    folder = RUNS / f"{arm}-{seed}"
    if (folder / "config.json").exists():
        return
    pairs, masking = load_text("train")
    held_out, _ = load_text("validation")
    rule = masking if arm == "MLM" else all_masked(masking)
    looks = [held_out.batches(64, 0, rule, pairs=False)[i] for i in range(4)]
    begin, looking = time.process_time(), 0.0
    model, step = started(arm, seed, pairs), 0

    def look(model: nn.Module) -> float:
        nonlocal looking, step
        now, step = time.process_time(), min(step + EVERY, STEPS[arm])
        if arm == "MLM":
            seen = masked_scores(model, looks)
            values = [seen.loss, seen.accuracy, "", ""]
        else:
            seen = detection_scores(model, looks)
            values = [seen.generator, seen.replaced, seen.discriminator, seen.detected]
        line = [arm, seed, step, round(now - begin - looking, 1)]
        append("electra_wikipedia_curve.csv", CURVE, line + [v and round(v, 4) for v in values])
        looking += time.process_time() - now
        return values[0]

    batches = pairs.batches(16, seed, rule, pairs=False)
    train(
        model, batches, steps=STEPS[arm], recipe=RECIPE, device="cpu", evaluate=look,
        evaluate_every=EVERY,
    )  # fmt: skip
    save_checkpoint(model, folder)


CURVE = [
    "arm", "seed", "step", "cpu_seconds", "masked_loss", "accuracy_or_replaced",
    "discriminator_loss", "detected",
]  # fmt: skip


def append(name: str, header: list[str], row: list) -> None:
    """A row more in the table beside this file."""
    path = HERE.with_name(name)
    new = not path.exists()
    with path.open("a", newline="") as file:
        csv.writer(file).writerows([header, row] if new else [row])


def main() -> None:
    """Both arms, a process each."""
    Parallel(n_jobs=2)(delayed(pretrain)(arm, seed) for seed in SEEDS for arm in STEPS)


if __name__ == "__main__":
    main()
