"""Pre-train albert-mini on the shipped Wikipedia leads: minutes of one core, seed 0.

ALBERT's wiring on bert-mini's width, depth and text: a narrow table, one block for four layers.
Left to right first, so that it does not start on the unigram plateau, then masked tokens, by
bert-mini's recipe and for a fraction of its hour; no pairs, whose order such a run does not learn
from these articles (chapter 5). Writes the checkpoint to lmcore/checkpoints/albert-mini: weights in
fp16, config, tokenizer, and metrics.jsonl, a line each time that the validation articles were
looked at. The run lives in runs/albert-mini: one that was cut short goes on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch

from lmcore import MaskedLM, Tokenizer, preset, save_checkpoint, train
from lmcore.measure import masked_scores
from lmcore.run import Run, train_in_folder
from lmcore.warm_start import LeftToRight

sys.path.insert(0, str(Path(__file__).parent))
from bert_mini import CAUSAL_RATE, CAUSAL_STEPS, RECIPE, TRAINING_RATE
from distilbert_mini import load_text

ROOT = Path(__file__).resolve().parents[2]
NAME = "albert-mini"
OUT, RUN = ROOT / "lmcore" / "checkpoints" / NAME, ROOT / "runs" / NAME
STEPS, SIZE, LENGTH, EVERY = 3000, 16, 64, 250


def main() -> None:
    """Train, keep what was seen, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = Tokenizer.load("wordpiece-2048")
    texts, masking = load_text(tokenizer)
    model = MaskedLM(preset(NAME))
    state = RUN / "state.json"
    begun = json.loads(state.read_text())["step"] if state.exists() else 0
    if not begun:
        train(
            LeftToRight(model), texts["train"].batches(16, 1, None, pairs=False),
            steps=CAUSAL_STEPS, device="cpu",
            recipe=RECIPE.replace(learning_rate=CAUSAL_RATE, warmup=0.1, hold=0.9),
        )  # fmt: skip

    def measure(split: str, step: int) -> float:
        held_out = texts[split].batches(64, 0, masking, pairs=False)
        scores = masked_scores(model, (held_out[i] for i in range(16)))
        seconds = round(time.process_time())  # of this process: from 0 again after a cut
        line = {"step": step, "cpu_seconds": seconds, "split": split, "length": LENGTH}
        line |= {"loss": scores.loss, "accuracy": scores.accuracy}
        with (out / "metrics.jsonl").open("a") as metrics:
            metrics.write(json.dumps(line) + "\n")
        return scores.loss

    run = Run(
        steps=STEPS, recipe=RECIPE.replace(warmup=0.02), save_every=EVERY, log_every=EVERY,
        about={"size": SIZE, "length": LENGTH},
    )  # fmt: skip
    looks = iter(range(begun + EVERY, STEPS + EVERY, EVERY))
    rule = masking.replace(rate=TRAINING_RATE)
    train_in_folder(
        model, texts["train"].batches(SIZE, 0, rule, pairs=False), run, RUN, resume=True,
        device="cpu", validate=lambda _: measure("validation", next(looks)),
    )  # fmt: skip
    measure("test", STEPS)
    save_checkpoint(model, out, dtype=torch.float16, tokenizer=tokenizer)


if __name__ == "__main__":
    main()
