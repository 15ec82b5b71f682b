"""Pre-train electra-mini's pair on the shipped Wikipedia leads: a quarter of an hour of one core.

Writes generator and discriminator to lmcore/checkpoints/electra-mini: weights in fp16, config,
tokenizer, and metrics.jsonl, a line each time that the validation articles were looked at. Both
networks begin left to right on their common embeddings, since the generator is a masked language
model and would sit on the unigram plateau; then the pair is trained as in the paper, seed 0. The
pair lives in runs/electra-mini: a run that was cut short goes on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch

from lmcore import Electra, Tokenizer, preset, save_checkpoint
from lmcore.measure import detection_scores
from lmcore.run import Run, train_in_folder

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "studies"))
from electra_wikipedia import RECIPE, all_masked, load_text, started

ROOT = Path(__file__).resolve().parents[2]
OUT, RUN = ROOT / "lmcore" / "checkpoints" / "electra-mini", ROOT / "runs" / "electra-mini"
STEPS, EVERY = 4_000, 250


def main() -> None:
    """Train, keep what was seen, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    texts = {split: load_text(split) for split in ("train", "validation", "test")}
    rule = all_masked(texts["train"][1])
    state = RUN / "state.json"
    begun = json.loads(state.read_text())["step"] if state.exists() else 0
    if begun:
        model = Electra(preset("electra-mini"), preset("electra-mini-generator"))
    else:
        model = started("ELECTRA", 0, texts["train"][0])

    def measure(split: str, step: int) -> float:
        held_out = texts[split][0].batches(64, 0, rule, pairs=False)
        scores = detection_scores(model, (held_out[i] for i in range(8)))
        seconds = round(time.process_time())  # of this process: from 0 again after a cut
        line = {"step": step, "cpu_seconds": seconds, "split": split} | asdict(scores)
        with (out / "metrics.jsonl").open("a") as metrics:
            metrics.write(json.dumps(line) + "\n")
        return scores.loss

    run = Run(steps=STEPS, recipe=RECIPE, save_every=EVERY, log_every=EVERY)
    looks = iter(range(begun + EVERY, STEPS + EVERY, EVERY))
    train_in_folder(
        model, texts["train"][0].batches(16, 0, rule, pairs=False), run, RUN, resume=True,
        device="cpu", validate=lambda model: measure("validation", next(looks)),
    )  # fmt: skip
    measure("test", STEPS)
    save_checkpoint(model, out, dtype=torch.float16, tokenizer=Tokenizer.load("wordpiece-2048"))


if __name__ == "__main__":
    main()
