"""Distill bert-mini into distilbert-mini, half its layers: minutes of one core, seed 0.

DistilBERT's recipe (section 3) on the text that the teacher read: the student starts from the
teacher's layers 0 and 2 and learns from soft targets, masked tokens and the direction of the last
hidden state. Writes the checkpoint to lmcore/checkpoints/distilbert-mini: weights in fp16, config,
tokenizer, and metrics.jsonl, a line each time that the validation articles were looked at. The run
lives in runs/distilbert-mini: one that was cut short goes on from there.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from making import begin, load_articles, log, masking_of, train_looking

from lmcore import MaskedLM, Recipe, Tokenizer, load_checkpoint, preset, save_checkpoint
from lmcore.checkpoint import shipped_checkpoint
from lmcore.distill import DistilLoss, init_student
from lmcore.measure import masked_scores
from lmcore.run import Run

ROOT = Path(__file__).resolve().parents[2]
NAME = "distilbert-mini"
OUT, RUN = ROOT / "lmcore" / "checkpoints" / NAME, ROOT / "runs" / NAME
LAYERS, STEPS, SIZE, LENGTH = (0, 2), 2000, 32, 64
RECIPE = Recipe(learning_rate=4e-3, warmup=0.03, hold=0.37, decay="linear", betas=(0.9, 0.98))
TRAINING_RATE = 0.3  # share of tokens to hide, as for the teacher; 15 % to measure


def main() -> None:
    """Distill, keep what was seen, and write the checkpoint."""
    out = begin(__doc__, OUT)
    tokenizer = Tokenizer.load("wordpiece-2048")
    texts, masking = load_articles(tokenizer, LENGTH), masking_of(tokenizer)
    teacher = load_checkpoint(shipped_checkpoint("bert-mini"))
    student = MaskedLM(preset(NAME))
    init_student(student, teacher, LAYERS)

    def measure(split: str, step: int) -> float:
        held_out = texts[split].batches(64, 0, masking, pairs=False)
        scores = masked_scores(student, (held_out[i] for i in range(16)))
        log(out, step, split, LENGTH, {"loss": scores.loss, "accuracy": scores.accuracy})
        return scores.loss

    about = {"teacher": "bert-mini", "layers": LAYERS, "size": SIZE, "length": LENGTH}
    run = Run(steps=STEPS, recipe=RECIPE, save_every=250, log_every=250, about=about)
    rule = masking.replace(rate=TRAINING_RATE)
    objective = DistilLoss(student, teacher, masked_only=True)
    batches = texts["train"].batches(SIZE, 0, rule, pairs=False)
    if not train_looking(objective, batches, run, RUN, partial(measure, "validation")):
        return
    measure("test", run.steps)
    save_checkpoint(student, out, dtype=torch.float16, tokenizer=tokenizer)


if __name__ == "__main__":
    main()
