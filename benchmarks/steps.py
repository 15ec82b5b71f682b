"""What a training step of each of the book's models costs on this machine, and what the cache of
keys and values saves when a model writes.

Medians over rounds that take the sizes in turn, so that a machine whose speed drifts treats all
of them alike. One thread, like the chapters' own runs.
"""

from __future__ import annotations

import statistics
import time

import torch

from lmcore import Cache, CausalLM, Recipe, count_parameters, preset
from lmcore.train import build_optimizer, pick_device, train_step

SIZES = {"gpt-mini": 8, "gpt-small": 4}  # preset: windows in a batch
ROUNDS, STEPS = 5, 3
WRITING = {"gpt-mini": 63, "gpt-small": 127}  # preset: tokens to write behind the first
WRITING_ROUNDS = 3


def main() -> None:
    """Print a row a size, of each table."""
    torch.set_num_threads(1)
    training_steps()
    print()
    cache_factors()


def training_steps() -> None:
    """Milliseconds and tokens a second of a training step."""
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


@torch.no_grad()
def write(model: CausalLM, tokens: int, *, cached: bool) -> torch.Tensor:
    """The likeliest continuation of token 0, with the cache or reading everything again."""
    ids = torch.zeros(
        1, 1, dtype=torch.long, device=model.transformer.embeddings.token.weight.device
    )
    cache = Cache() if cached else None
    for _ in range(tokens):
        logits = model(ids[:, -1:] if cached else ids, cache=cache)[:, -1:]
        ids = torch.cat([ids, logits.argmax(-1)], 1)
    return ids


def cache_factors() -> None:
    """Milliseconds for each token written, with the cache and without it."""
    device = pick_device()
    print(f"{'preset':12} {'tokens':>12} {'ms cached':>10} {'ms without':>10} {'factor':>8}")
    for name, tokens in WRITING.items():
        torch.manual_seed(0)
        model = CausalLM(preset(name)).to(device).eval()
        times: dict[bool, list[float]] = {True: [], False: []}
        for round_number in range(WRITING_ROUNDS + 1):
            for cached, seconds in times.items():
                begin = time.perf_counter()
                write(model, tokens, cached=cached).tolist()  # waits for a GPU
                if round_number:
                    seconds.append((time.perf_counter() - begin) / tokens)
        fast, slow = (statistics.median(times[cached]) for cached in (True, False))
        print(f"{name:12} {tokens:12} {1000 * fast:10.2f} {1000 * slow:10.2f} {slow / fast:8.1f}")


if __name__ == "__main__":
    main()
