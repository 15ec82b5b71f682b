"""Sampling from a causal model, token by token, through a cache of keys and values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lmcore.attention import Cache
from lmcore.models import CausalLM


@torch.no_grad()
def generate(
    model: CausalLM,
    prompt: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    stop: int | None = None,
    seed: int = 0,
) -> list[int]:
    """Continue ``prompt`` by up to ``max_new_tokens`` token ids; returns the new ones.

    ``temperature`` divides the logits (0: always the likeliest token), ``top_k`` keeps only the
    k likeliest, ``stop`` ends the text and is not returned. Past the position table the oldest
    tokens are dropped and the rest is read again.

    Raises ValueError for an empty prompt, a negative temperature or a ``top_k`` below 1.
    """
    if not prompt:
        raise ValueError("the prompt is empty: give at least one token to go on from")
    if temperature < 0:
        raise ValueError(f"temperature {temperature} is not allowed: 0 or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k {top_k} is not allowed: at least 1")
    was_training = model.training
    model.eval()
    device = model.transformer.embeddings.token.weight.device
    generator = torch.Generator().manual_seed(seed)
    ids, cache, unread = list(prompt), Cache(), list(prompt)
    while len(ids) < len(prompt) + max_new_tokens:
        if cache.length + len(unread) > model.config.context_length:
            cache, unread = Cache(), ids[-(model.config.context_length // 2 + 1) :]
        logits = model(torch.tensor([unread], device=device), cache=cache)[0, -1]  # (V,)
        token = pick(logits.float().cpu(), temperature, top_k, generator)
        if token == stop:
            break
        ids.append(token)
        unread = [token]
    model.train(was_training)
    return ids[len(prompt) :]


def pick(logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator) -> int:
    """Draw one token id from ``logits`` (V,)."""
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None and top_k < len(logits):
        floor = logits.topk(top_k).values[-1]
        logits = logits.masked_fill(logits < floor, float("-inf"))
    probabilities = (logits / temperature).softmax(-1)
    return int(torch.multinomial(probabilities, 1, generator=generator))
