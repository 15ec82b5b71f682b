"""What a training step of each of the book's models costs on this machine.

Medians over rounds that take the sizes in turn, so that a machine whose speed drifts treats all
of them alike. One thread, like the chapters' own runs.
"""

from __future__ import annotations

import statistics
import time

import torch

from lmcore import CausalLM, Recipe, count_parameters, preset
from lmcore.train import build_optimizer, pick_device, train_step

SIZES = {"gpt-mini": 8, "gpt-small": 4}  # preset: windows in a batch
ROUNDS, STEPS = 5, 3


def main() -> None:
    """Print a row a size."""
    torch.set_num_threads(1)
    device, recipe = pick_device(), Recipe(learning_rate=1e-4)
    runs = {}
    for name, batch_size in SIZES.items():
        config = preset(name)
        model = CausalLM(config).to(device)
        ids = torch.randint(config.vocab_size, (batch_size, config.context_length + 1))
        runs[name] = (model, build_optimizer(model, recipe), {"input_ids": ids}, [])
    for round_number in range(ROUNDS + 1):
        for model, optimizer, batch, times in runs.values():
            begin = time.perf_counter()
            for _ in range(STEPS):
                loss = train_step(model, optimizer, batch, recipe, 1e-4)
            loss.item()  # waits for a GPU
            if round_number:  # the first round warms up
                times.append((time.perf_counter() - begin) / STEPS)
    print(f"{'preset':12} {'parameters':>12} {'ms a step':>10} {'tokens/s':>10}   ({device})")
    for name, (model, _, batch, times) in runs.items():
        step = statistics.median(times)
        pace = batch["input_ids"][:, 1:].numel() / step
        print(f"{name:12} {count_parameters(model):12,} {1000 * step:10.1f} {pace:10,.0f}")


if __name__ == "__main__":
    main()
