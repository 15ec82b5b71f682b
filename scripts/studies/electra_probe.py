"""Replaced tokens against masked tokens at equal compute, in a generated language: five seeds.

Four trunks of one shape: masked language modeling, ELECTRA, ELECTRA that counts only the hidden
15 % of the tokens, and random weights. The masked model takes more steps, so that no arm has more
CPU seconds than it. Each trunk is then fine-tuned on a few labels, at the learning rate of two
that does better on validation sentences:

- acceptability: does a sentence have a verb that disagrees with its subject? (as in CoLA)
- topic: which of four is it about?
- roles: is a noun a subject, an attractor or an object?

Writes electra_probe.csv, a row a fine-tuning, as they come; a run that was cut short goes on.
"""

from __future__ import annotations

import csv
import random
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from joblib import Parallel, delayed
from torch import Tensor, nn

from lmcore import Config, Electra, MaskedLM, Recipe, Transformer, train
from lmcore.data import AGREEMENT_VOCABULARY, agreement_sentences, with_wrong_verb
from lmcore.model import initialize
from lmcore.objectives import Batch, Batches, Masking, PairPacking, mask_tokens

OUT = Path(__file__).with_suffix(".csv")
COLUMNS = ["seed", "arm", "cpu_seconds", "task", "labels", "learning_rate", "accuracy"]
LENGTH, SENTENCES, TEST = 24, 30_000, 600
STEPS = {"MLM": 2030, "RTD": 1400, "RTD, 15 %": 1400, "random": 0}
SIZES = {"acceptability": (100, 400, 1000, 3000), "topic": (30,), "roles": (10,)}
NUM_LABELS = {"acceptability": 2, "topic": 4, "roles": 3}
SEEDS, RATES = range(5), (5e-4, 2e-3)

ENCODER = Config(
    vocab_size=len(AGREEMENT_VOCABULARY), context_length=LENGTH, hidden_size=64, num_layers=2,
    num_heads=4, causal=False, pre_norm=True, embedding_init_std=0.1,
)  # fmt: skip
GENERATOR = ENCODER.replace(
    hidden_size=16, feed_forward_size=64, num_layers=1, num_groups=1, embedding_size=64,
    project=True,
)  # fmt: skip
RECIPE = Recipe(learning_rate=2e-3, warmup=0.05, decay="linear", optimizer="muon")
PACKING = PairPacking(cls_id=1, sep_id=2, length=LENGTH)
MASKING = Masking(mask_id=3, special_ids=(0, 1, 2, 3), vocab_size=ENCODER.vocab_size)
ALL_MASKED = MASKING.replace(share_masked=1.0, share_random=0.0)  # ELECTRA's section 2


class HiddenOnly(Electra):
    """ELECTRA 15 % of the paper's table 5: the discriminator's loss is that of the tokens that
    were hidden, and of no others."""

    def detection_loss(self, judged: Batch) -> Tensor:
        asked = judged["masked_ids"] >= 0
        positions = judged["masked_positions"][asked]
        logits, replaced = self.discriminator(judged), judged["replaced"].to(torch.float32)
        return F.binary_cross_entropy_with_logits(
            logits.flatten()[positions], replaced.flatten()[positions]
        )


def text_batches(seed: int, masking: Masking) -> Batches:
    """Masked batches of 32 out of 30,000 sentences."""
    encoded = [s.encode() for s in agreement_sentences(SENTENCES, seed)]
    everything = PACKING.batch(encoded, LENGTH)

    def draw(generator: torch.Generator) -> Batch:
        rows = torch.randint(SENTENCES, (32,), generator=generator)
        return mask_tokens({k: v[rows] for k, v in everything.items()}, masking, generator)

    return Batches(draw, seed)


def pretrain(arm: str, seed: int) -> tuple[Transformer, float]:
    """The trunk of one arm, and the CPU seconds that it took."""
    torch.manual_seed(seed)
    kind = {"RTD": Electra, "RTD, 15 %": HiddenOnly}.get(arm)
    model = MaskedLM(ENCODER) if kind is None else kind(ENCODER, GENERATOR)
    batches = text_batches(seed, MASKING if kind is None else ALL_MASKED)
    begin = time.process_time()
    if STEPS[arm]:
        train(model, batches, steps=STEPS[arm], recipe=RECIPE, device="cpu")
    seconds = time.process_time() - begin
    return (model if kind is None else model.discriminator).transformer, seconds


class Probe(nn.Module):
    """A trunk and a small head: off the largest value of each feature over the sentence, or off
    each token by itself where labels are of tokens."""

    def __init__(self, trunk: Transformer, num_labels: int, each_token: bool) -> None:
        super().__init__()
        size = trunk.config.hidden_size
        self.each_token = each_token
        self.head = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.Linear(size, num_labels))
        initialize(self.head, trunk.config)
        self.trunk = Transformer(trunk.config)
        self.trunk.load_state_dict(trunk.state_dict())

    def forward(self, batch: Batch) -> Tensor:
        hidden = self.trunk(batch["input_ids"], attention_mask=batch["attention_mask"])
        if not self.each_token:
            hidden = hidden.masked_fill(~batch["attention_mask"][..., None], -1e4).amax(1)
        return self.head(hidden)  # (B, labels) or (B, T, labels)

    def loss(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self(batch).flatten(0, -2), batch["labels"].flatten())


def labeled(task: str, size: int, seed: int) -> Batch:
    """``size`` sentences with labels: (size,), or (size, T) with -100 where there is none."""
    chosen, sentences = random.Random(seed), agreement_sentences(size, seed)
    labels = torch.tensor([number % 2 for number in range(size)])
    if task == "acceptability":
        sentences = [with_wrong_verb(s, chosen) if n % 2 else s for n, s in enumerate(sentences)]
    elif task == "topic":
        labels = torch.tensor([s.topic for s in sentences])
    else:
        labels = torch.full((size, LENGTH), -100)
        for row, sentence in enumerate(sentences):
            for place, role in sentence.nouns:
                labels[row, place + 1] = role  # behind [CLS]
    return PACKING.batch([s.encode() for s in sentences], LENGTH) | {"labels": labels}


@torch.no_grad()
def right(probe: Probe, data: Batch) -> float:
    """The share of labels that the probe gets right."""
    asked = data["labels"] >= 0
    return (probe(data).argmax(-1) == data["labels"])[asked].float().mean().item()


def finetune(trunk: Transformer, task: str, size: int, seed: int) -> tuple[float, float]:
    """The better learning rate by validation sentences, and its accuracy on the test's."""
    data = labeled(task, size, 1000 + seed)
    validation, test = labeled(task, TEST, 2000 + seed), labeled(task, TEST, 3000)

    def draw(generator: torch.Generator) -> Batch:
        rows = torch.randperm(size, generator=generator)[:32]
        return {name: tensor[rows] for name, tensor in data.items()}

    found = []
    for rate in RATES:
        torch.manual_seed(seed)
        probe = Probe(trunk, NUM_LABELS[task], each_token=task == "roles")
        recipe = replace(RECIPE, learning_rate=rate, optimizer="adamw")
        steps = 300 if size >= 1000 else 150
        train(probe, Batches(draw, seed), steps=steps, recipe=recipe, device="cpu")
        found.append((right(probe, validation), rate, right(probe, test)))
    _, rate, accuracy = max(found)
    return rate, accuracy


def rows_of_seed(seed: int) -> None:
    """What this seed lacks in the table, a row as soon as it is there."""
    torch.set_num_threads(1)
    with OUT.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["seed"] == str(seed)]
    done = {(row["arm"], row["task"], int(row["labels"])) for row in rows}
    for arm in STEPS:
        wanted = [(t, n) for t, sizes in SIZES.items() for n in sizes if (arm, t, n) not in done]
        if not wanted:
            continue
        trunk, seconds = pretrain(arm, seed)
        for task, size in wanted:
            rate, accuracy = finetune(trunk, task, size, seed)
            row = [seed, arm, round(seconds, 1), task, size, rate, round(accuracy, 4)]
            with OUT.open("a", newline="") as file:
                csv.writer(file).writerow(row)


def main() -> None:
    """Every arm and seed that is not in the table yet."""
    if not OUT.exists():
        OUT.write_text(",".join(COLUMNS) + "\r\n", newline="")
    Parallel(n_jobs=2)(delayed(rows_of_seed)(seed) for seed in SEEDS)


if __name__ == "__main__":
    main()
