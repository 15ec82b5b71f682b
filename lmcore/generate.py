"""Sampling from a causal model, token by token, through a cache of keys and values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lmcore.attention import Cache
from lmcore.models import CausalLM

COLDEST, HOTTEST = 0.001, 1000  # beyond, logits divided by it are no numbers, or all alike


@torch.no_grad()
def generate(
    model: CausalLM,
    prompt: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: int | None = None,
    seed: int = 0,
) -> list[int]:
    """Continue ``prompt`` by up to ``max_new_tokens`` token ids; returns the new ones.

    ``temperature``, ``top_k`` and ``top_p`` shape the odds as in ``next_token_probabilities``;
    ``stop`` ends the text and is not returned. Past the position table the oldest tokens are
    dropped and the rest is read again.

    Raises ValueError for an empty prompt or an id that the model does not have, for a negative
    number of tokens, and for a temperature, ``top_k`` or ``top_p`` that is none.
    """
    if not prompt:
        raise ValueError("the prompt is empty: give at least one token to go on from")
    for i in prompt:
        if not 0 <= i < model.config.vocab_size:
            raise ValueError(f"id {i} is not in the vocabulary of {model.config.vocab_size}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens {max_new_tokens} is not allowed: 0 or more")
    _check(temperature, top_k, top_p)
    was_training = model.training
    model.eval()
    device = model.transformer.embeddings.token.weight.device
    generator = torch.Generator().manual_seed(seed)
    ids, cache, unread = list(prompt), Cache(), list(prompt)
    while len(ids) < len(prompt) + max_new_tokens:
        if cache.length + len(unread) > model.config.context_length:
            cache, unread = Cache(), ids[-(model.config.context_length // 2 + 1) :]
        logits = model(torch.tensor([unread], device=device), cache=cache)[0, -1]  # (V,)
        token = pick(logits.float().cpu(), temperature, top_k, generator, top_p)
        if token == stop:
            break
        ids.append(token)
        unread = [token]
    model.train(was_training)
    return ids[len(prompt) :]


def next_token_probabilities(
    logits: Tensor,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """What the next token is drawn from: probabilities (V,) of ``logits`` (V,).

    In this order: ``temperature`` divides the logits (0: all on the likeliest token), ``top_k``
    keeps the k likeliest (Fan et al. 2018; GPT-2's samples use 40), ``top_p`` the fewest that
    together hold that probability (the nucleus: Holtzman et al. 2020). Tokens as likely as the
    last one kept stay too.

    Raises ValueError for a temperature out of range, a ``top_k`` below 1 or a ``top_p`` that is no
    share.
    """
    _check(temperature, top_k, top_p)
    if temperature == 0:
        return torch.zeros_like(logits).index_fill(0, logits.argmax(), 1.0)
    if top_k is not None and top_k < len(logits):
        floor = logits.topk(top_k).values[-1]
        logits = logits.masked_fill(logits < floor, float("-inf"))
    probabilities = (logits / temperature).softmax(-1)
    if top_p is None or top_p >= 1:
        return probabilities
    falling = probabilities.sort(descending=True).values
    before = falling.cumsum(0) - falling  # what the likelier ones hold together
    least = falling[before < top_p][-1]
    kept = probabilities.masked_fill(probabilities < least, 0.0)
    return kept / kept.sum()


def pick(
    logits: Tensor,
    temperature: float,
    top_k: int | None,
    generator: torch.Generator,
    top_p: float | None = None,
) -> int:
    """Draw one token id from ``logits`` (V,)."""
    if temperature == 0:
        return int(logits.argmax())
    probabilities = next_token_probabilities(
        logits, temperature=temperature, top_k=top_k, top_p=top_p
    )
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _check(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if temperature != 0 and not COLDEST <= temperature <= HOTTEST:
        raise ValueError(
            f"temperature {temperature} is not allowed: 0, or from {COLDEST} to {HOTTEST:,}"
        )
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k {top_k} is not allowed: at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p {top_p} is not allowed: above 0, at most 1")
