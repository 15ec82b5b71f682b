"""ELECTRA against masked language modeling on the Wikipedia leads, at equal compute: pre-training.

Arms with the encoder of electra-mini, all behind the same steps left to right, which count
for each (without them a masked model of this size sits on the unigram plateau, bert_plateau.py):

- MLM: masked language modeling;
- ELECTRA: the pair from there, as in the paper, both networks at once;
- ELECTRA behind MLM: 700 steps of masked language modeling, then the pair. Section 3.2 of the
  paper reports that a discriminator which does not start from a masked model's weights "would
  sometimes fail to learn at all beyond the majority class". The arm behind 380 masked steps is
  what we tried first: one seed of three left the majority class. It is not tuned.

The generator is new in both and learns beside the discriminator. Steps are chosen so that all arms
take about the same CPU seconds (ELECTRA behind MLM came out a tenth higher). The models are kept
in runs/electra-wikipedia, for electra_wikipedia_tuning.py; what was seen on validation articles on
the way stands in electra_wikipedia_curve.csv. A run that was cut short begins with the arm it was
at.

Recipes were chosen by pilots, one run each of 450 steps of the pair, judged on validation articles
(how far the loss is below the entropy of the share replaced, and the area under the curve):

    before the pair                      generator      optimizer     CPU s  below   AUC
    300 left to right                    new            AdamW 1e-3      34    4 %    .62
    300 left to right                    new            Muon  4e-3      43    3 %    .56
    300 left to right, 700 masked        new            AdamW 1e-3      32   20 %    .81
    300 left to right, 700 masked        new            Muon  1e-3      41   17 %    .79
    300 left to right, 700 masked        new            Muon  4e-3      41   24 %    .83
    300 left to right, 700 masked        left to right  Muon  4e-3      45   15 %    .76

(The 700 masked steps took another 41 CPU s.) A generator that is soon good makes it worse: by Muon
at 4e-3 for 1,000 steps behind 1,500 masked ones, its loss fell to 4.5 and the area under the
discriminator's curve from .80 at step 500 to .70. All these are in electra_wikipedia_pilots.csv.
With both networks from one left-to-right start, Muon at 4e-3, 1,860 steps, the discriminator found
nothing, at a loss within .01 of the entropy.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rows import write_row
from torch import nn

from lmcore import (
    Electra,
    MaskedLM,
    Recipe,
    Tokenizer,
    load_checkpoint,
    preset,
    save_checkpoint,
    train,
)
from lmcore.data import load_wikipedia
from lmcore.measure import detection_scores, masked_scores
from lmcore.objectives import Batches, Masking, PairPacking, SentencePairs
from lmcore.warm_start import LeftToRight

HERE = Path(__file__)
RUNS = HERE.parents[2] / "runs" / "electra-wikipedia"
CURVE = HERE.with_name("electra_wikipedia_curve.csv")
SEEDS, CAUSAL_STEPS, EVERY, SIZE = range(3), 300, 150, 16
RECIPE = Recipe(
    learning_rate=4e-3, warmup=0.05, hold=0.45, decay="linear", betas=(0.9, 0.98),
    optimizer="muon",
)  # fmt: skip
START = RECIPE.replace(warmup=0.1, hold=0.9)  # no decay: another objective goes on from there


@dataclass(frozen=True)
class Arm:
    """Steps of masked language modeling, then of the pair by a recipe of its own."""

    masked: int
    joint: int = 0
    recipe: Recipe = RECIPE


SLOWER = RECIPE.replace(learning_rate=1e-3, optimizer="adamw")
ARMS = {
    "MLM": Arm(masked=1100),
    "ELECTRA": Arm(masked=0, joint=870, recipe=SLOWER),
    "ELECTRA behind 380 masked": Arm(masked=380, joint=460),
    "ELECTRA behind MLM": Arm(masked=700, joint=430, recipe=SLOWER),
}


class Texts:
    """The articles as texts of 64 tokens, hidden by BERT's rule or by ELECTRA's."""

    def __init__(self, length: int = 64) -> None:
        tokenizer = Tokenizer.load("wordpiece-2048")
        self.packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), length)
        self.masking = Masking(
            mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
            special_ids=tuple(tokenizer.special_ids.values()),
        )  # fmt: skip
        # every hidden token is [MASK] (ELECTRA, section 2)
        self.all_masked = self.masking.replace(share_masked=1.0, share_random=0.0)
        self.splits = {
            split: SentencePairs.encode(
                (d.sentences for d in load_wikipedia(split)), tokenizer, self.packing
            )
            for split in ("train", "validation")
        }

    def batches(self, seed: int, rule: Masking | None) -> Batches:
        """What there is to train on."""
        return self.splits["train"].batches(SIZE, seed, rule, pairs=False)

    def held_out(self, rule: Masking, count: int = 4) -> list[dict]:
        """Validation texts, 64 to a batch."""
        batches = self.splits["validation"].batches(64, 0, rule, pairs=False)
        return [batches[i] for i in range(count)]


def left_to_right(texts: Texts, seed: int) -> MaskedLM:
    """A masked model behind its left-to-right steps."""
    torch.manual_seed(seed)
    model = MaskedLM(preset("electra-mini"))
    batches = texts.batches(seed + 100, None)
    train(LeftToRight(model), batches, steps=CAUSAL_STEPS, recipe=START, device="cpu")
    return model


def pair_from(masked: MaskedLM, weight: float = 50.0) -> Electra:
    """A pair whose discriminator reads as ``masked`` does; its generator is new."""
    pair = Electra(preset("electra-mini"), preset("electra-mini-generator"), weight=weight)
    pair.discriminator.transformer.load_state_dict(masked.transformer.state_dict())
    return pair


def masked_row(model: MaskedLM, looks: list[dict]) -> dict:
    """What the table says of a masked model."""
    seen = masked_scores(model, looks)
    return {
        "masked_loss": round(seen.loss, 4), "accuracy": round(seen.accuracy, 4), "replaced": "",
        "discriminator": "", "majority": "", "auc": "", "detected": "", "false_alarms": "",
    }  # fmt: skip


def pair_row(model: Electra, looks: list[dict]) -> dict:
    """What the table says of a pair: the masked loss is its generator's."""
    seen = detection_scores(model, looks)
    names = ("replaced", "discriminator", "majority", "auc", "detected", "false_alarms")
    found = {name: round(getattr(seen, name), 4) for name in names}
    return {"masked_loss": round(seen.generator, 4), "accuracy": ""} | found


def pretrain(texts: Texts, start: MaskedLM, spent: float, name: str, seed: int) -> nn.Module:
    """An arm's model, from ``start``, which took ``spent`` CPU seconds; what was seen on the way
    goes into the table."""
    begin, looking = time.process_time(), 0.0

    def run(model: nn.Module, steps: int, done: int, rule: Masking, recipe: Recipe) -> None:
        looks = texts.held_out(rule)
        step = done

        def look(model: nn.Module) -> float:
            nonlocal step, looking
            now, step = time.process_time(), min(step + EVERY, done + steps)
            row = masked_row if isinstance(model, MaskedLM) else pair_row
            used = {"cpu_seconds": round(spent + now - begin - looking, 1)}
            key = {"seed": seed, "arm": name, "step": step}
            write_row(CURVE, key, lambda: used | row(model, looks))
            looking += time.process_time() - now
            return 0.0

        train(
            model, texts.batches(seed + done, rule), steps=steps, recipe=recipe, device="cpu",
            evaluate=look, evaluate_every=EVERY,
        )  # fmt: skip

    torch.manual_seed(seed)
    arm, model = ARMS[name], start
    if arm.masked:
        recipe = START if arm.joint else RECIPE
        run(model, arm.masked, 0, texts.masking, recipe)
    if arm.joint:
        model = pair_from(model)
        run(model, arm.joint, arm.masked, texts.all_masked, arm.recipe)
    return model


def main() -> None:
    """Every arm and seed whose model is not kept yet."""
    torch.set_num_threads(1)
    texts = Texts()
    for seed in SEEDS:
        wanted = [name for name in ARMS if not (RUNS / f"{name}-{seed}" / "config.json").exists()]
        if not wanted:
            continue
        begin = time.process_time()
        save_checkpoint(left_to_right(texts, seed), RUNS / f"start-{seed}")
        spent = time.process_time() - begin
        for name in wanted:
            start = load_checkpoint(RUNS / f"start-{seed}")
            save_checkpoint(pretrain(texts, start, spent, name, seed), RUNS / f"{name}-{seed}")


if __name__ == "__main__":
    main()
