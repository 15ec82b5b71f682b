"""The chosen recipe against plain AdamW, by ``lmcore train`` on a text file: five seeds.

byte_recipe.py chose on validation articles. Here both train the model of four layers, 128 wide, on
the training articles as one text file, byte by byte, on one thread: the tutorial's recipe 2,000
steps of 12 windows in fp32, the book's 560 steps of 24 windows in bf16, which take less than half.
Both commands are timed whole, with their imports and their reading of the text. Writes
byte_recipe_confirm.csv: CPU seconds, and the loss on test articles in nats a byte.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from itertools import product
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import torch
from byte_recipe import packed

from lmcore import load_checkpoint
from lmcore.data import load_wikipedia
from lmcore.measure import held_out_loss

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

HERE = Path(__file__)
SEEDS = range(5)
ARMS = {
    "plain AdamW": "--recipe plain-adamw --steps 2000 --batch-size 12",
    "the book's": "--recipe book --steps 560 --batch-size 24 --dtype bfloat16",
}


def run(arm: str, seed: int, text: Path, out: Path) -> dict:
    """What one command costs, and what it learned."""
    command = [sys.executable, "-m", "lmcore", "train", "--preset=gpt2-bytes", "--objective=clm"]
    command += [f"--corpus={text}", f"--out={out}", f"--seed={seed}", "--device=cpu"]
    before = getrusage(RUSAGE_CHILDREN)
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    subprocess.run([*command, *ARMS[arm].split()], check=True, env=one_thread, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    seconds = sum(getattr(after, n) - getattr(before, n) for n in ("ru_utime", "ru_stime"))
    loss = held_out_loss(load_checkpoint(out).eval(), packed("test"), most_windows=4096)
    return {"cpu_seconds": round(seconds, 1), "loss": round(loss, 4)}


def main() -> None:
    """Seed after seed."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        text = Path(place) / "articles.txt"
        text.write_text("\n\n".join(d.text for d in load_wikipedia("train")), "utf-8")
        for number, (seed, arm) in enumerate(product(SEEDS, ARMS)):
            measure = partial(run, arm, seed, text, Path(place) / str(number))
            write_row(HERE.with_suffix(".csv"), {"arm": arm, "seed": seed}, measure)


if __name__ == "__main__":
    main()
