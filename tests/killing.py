"""Kill a run without a word, again and again, and see that it ends as if nobody had.

By hand: ``python tests/killing.py 30``. Each trial kills one run at up to four random moments,
writing of states included: there is one behind every other step.
"""

import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch

from lmcore import CausalLM, Config, PackedText, Recipe
from lmcore.run import Run, train_in_folder

CONFIG = Config(
    vocab_size=50, context_length=12, hidden_size=32, num_layers=2, num_heads=2, causal=True,
    dropout=0.1,
)  # fmt: skip
TEXT = PackedText(torch.randint(50, (600,), generator=torch.Generator().manual_seed(0)), 12)
RUN = Run(
    steps=60, recipe=Recipe(learning_rate=1e-2, optimizer="muon"), log_every=5, save_every=2
)  # fmt: skip


def learn(folder, resume=True):
    torch.manual_seed(1)
    train_in_folder(
        CausalLM(CONFIG), TEXT.batches(4, 0), RUN, folder, resume=resume, device="cpu",
        say=lambda line: None,
    )  # fmt: skip


def child(folder):
    """A process of its own that learns; its number."""
    number = os.fork()
    if number == 0:
        code = 1
        try:
            learn(folder)
            code = 0
        finally:
            os._exit(code)
    return number


def killed(folder, moments):
    """Kill the run after each of ``moments`` seconds, go on, and let it end; how often it was
    under way when it was killed, and how often a state was half written."""
    struck = torn = 0
    for moment in moments:
        number = child(folder)
        time.sleep(moment)
        os.kill(number, signal.SIGKILL)
        _, status = os.waitpid(number, 0)
        struck += os.WIFSIGNALED(status)
        torn += (folder / "state.partial").exists()
    _, status = os.waitpid(child(folder), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return struck, torn


def ending(folder):
    """All that a run leaves that no clock has a part in, byte for byte."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    metrics = [line.split(', "tokens_per_s"')[0] for line in lines]
    names = ["model.safetensors", f"state-{RUN.steps}/optimizer.safetensors"]
    return metrics, [(folder / name).read_bytes() for name in names]


def main(trials, seed=0):
    """Returns how many kills struck, and how many tore a state; raises where an ending differs."""
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lots, struck, torn = random.Random(seed), 0, 0
    with tempfile.TemporaryDirectory() as root:
        begin = time.perf_counter()
        os.waitpid(child(Path(root, "whole")), 0)
        seconds = time.perf_counter() - begin
        whole = ending(Path(root, "whole"))
        for trial in range(trials):
            folder = Path(root, str(trial))
            moments = [lots.uniform(0, 0.7 * seconds) for _ in range(lots.randint(1, 4))]
            hits = killed(folder, moments)
            struck, torn = struck + hits[0], torn + hits[1]
            assert ending(folder) == whole, f"trial {trial} of seed {seed} ends otherwise"
    return struck, torn


if __name__ == "__main__":
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    struck, torn = main(trials, seed)
    print(f"{trials} runs, {struck} kills, {torn} of them while a state was written: bit for bit")
