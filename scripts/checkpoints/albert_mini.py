"""Pre-train albert-mini on the shipped Wikipedia leads: minutes of one core, seed 0.

ALBERT's wiring on bert-mini's width, depth and text: a narrow table, one block for four layers.
Left to right first, so that it does not start on the unigram plateau, then masked tokens, by
bert-mini's recipe and for a fraction of its hour; no pairs, whose order such a run does not learn
from these articles (chapter 5). Writes the checkpoint to lmcore/checkpoints/albert-mini: weights in
fp16, config, tokenizer, and metrics.jsonl, a line each time that the validation articles were
looked at. The run lives in runs/albert-mini: one that was cut short goes on from there.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from bert_mini import CAUSAL_RATE, CAUSAL_STEPS, RECIPE, TRAINING_RATE
from making import begin, load_articles, log, masking_of, steps_done, train_looking

from lmcore import MaskedLM, Tokenizer, preset, save_checkpoint, train
from lmcore.measure import masked_scores
from lmcore.run import Run
from lmcore.warm_start import LeftToRight

ROOT = Path(__file__).resolve().parents[2]
NAME = "albert-mini"
OUT, RUN = ROOT / "lmcore" / "checkpoints" / NAME, ROOT / "runs" / NAME
STEPS, SIZE, LENGTH = 8_000, 16, 64


def without_pooler(model: MaskedLM) -> MaskedLM:
    """The same without the pooler, which only pairs would have trained."""
    bare = MaskedLM(model.config.replace(pooler=False))
    bare.load_state_dict({n: w for n, w in model.state_dict().items() if "pooler" not in n})
    return bare


def main() -> None:
    """Train, keep what was seen, and write the checkpoint."""
    out = begin(__doc__, OUT)
    tokenizer = Tokenizer.load("wordpiece-2048")
    texts, masking = load_articles(tokenizer, LENGTH), masking_of(tokenizer)
    model = MaskedLM(preset(NAME))
    if not steps_done(RUN):
        train(
            LeftToRight(model), texts["train"].batches(SIZE, 1, None, pairs=False),
            steps=CAUSAL_STEPS, device="cpu",
            recipe=RECIPE.replace(learning_rate=CAUSAL_RATE, warmup=0.1, hold=0.9),
        )  # fmt: skip

    def measure(split: str, step: int) -> float:
        held_out = texts[split].batches(64, 0, masking, pairs=False)
        scores = masked_scores(model, (held_out[i] for i in range(16)))
        log(out, step, split, LENGTH, {"loss": scores.loss, "accuracy": scores.accuracy})
        return scores.loss

    run = Run(
        steps=STEPS, recipe=RECIPE.replace(warmup=0.0125), save_every=250, log_every=250,
        about={"causal": CAUSAL_STEPS, "size": SIZE, "length": LENGTH},
    )  # fmt: skip
    rule = masking.replace(rate=TRAINING_RATE)
    batches = texts["train"].batches(SIZE, 0, rule, pairs=False)
    if not train_looking(model, batches, run, RUN, partial(measure, "validation")):
        return
    measure("test", run.steps)
    save_checkpoint(without_pooler(model), out, dtype=torch.float16, tokenizer=tokenizer)


if __name__ == "__main__":
    main()
