"""Self-attention, and what travels with it: who may look at whom, a cache, a trace.

Shapes in comments use the book's letters: B texts, T new tokens, P positions already in the
cache, H hidden size, A heads, D = H/A head size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.config import Config

# Keys up to which a CPU attends faster in bf16 without PyTorch's fused kernel (measured at 64 to
# 1024: 2.2 to 2.9 times as fast up to 256, level or slower at 1024; benchmarks/README.md).
SPELLED_OUT_ON_CPU = 512


class Trace:
    """What went on inside: ``hidden`` L+1 states (B, T, H), the embeddings' first; ``scores``
    L attention scores (B, A, T, T) before the softmax, -inf where masked."""

    # No dataclass: FSDP hands a block a copy of each of those, and a copy's scores would be lost.
    def __init__(self) -> None:
        self.hidden: list[Tensor] = []
        self.scores: list[Tensor] = []


@dataclass
class Cache:
    """Keys and values of the positions already read, a pair (B, A, P, D) for each layer."""

    layers: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """P, the positions held."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append new keys and values (B, A, T, D) to a layer's; returns all (B, A, P+T, D)."""
        if layer == len(self.layers):
            self.layers.append((key, value))
        else:
            old_key, old_value = self.layers[layer]
            self.layers[layer] = torch.cat([old_key, key], 2), torch.cat([old_value, value], 2)
        return self.layers[layer]


@dataclass
class Mask:
    """Who may look at whom. ``allowed`` is a bool (B or 1, 1, T, P+T), or None where
    ``is_causal`` (or nothing) says it all: the fused kernels are fastest without a tensor."""

    allowed: Tensor | None
    is_causal: bool

    def explicit(self, scores: Tensor) -> Tensor:
        """The same mask as a bool tensor that broadcasts over ``scores`` (B, A, T, P+T)."""
        if self.allowed is not None:
            return self.allowed
        every = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device)
        return every.tril() if self.is_causal else every


def build_mask(
    config: Config,
    window: int | None,
    start: int,
    length: int,
    real: Tensor | None,
    device: torch.device,
) -> Mask:
    """The mask for queries at positions ``start``…``length``-1 over all ``length`` keys.

    ``window`` None sees everything that causality leaves; w only the nearest w positions on
    each side that is left (GPT-3, section 2.1). ``real`` (B, length) is False at padding.
    """
    sees_all = length - start == 1 or not config.causal
    if real is None and (window is None or window >= length) and (start == 0 or sees_all):
        return Mask(None, is_causal=config.causal and start == 0)
    query = torch.arange(start, length, device=device)[:, None]
    key = torch.arange(length, device=device)[None, :]
    allowed = torch.ones(length - start, length, dtype=torch.bool, device=device)
    if config.causal:
        allowed = key <= query
    if window is not None:
        allowed = allowed & ((query - key).abs() < window)
    allowed = allowed[None, None]  # (1, 1, T, P+T)
    if real is not None:
        allowed = allowed & real[:, None, None, :]  # (B, 1, T, P+T)
    return Mask(allowed, is_causal=False)


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017, section 3.2.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.num_heads, self.head_size = config.num_heads, config.head_size
        self.dropout = config.dropout
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.out = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(
        self, x: Tensor, mask: Mask, layer: int, cache: Cache | None, trace: Trace | None
    ) -> Tensor:
        batch, length, hidden_size = x.shape
        heads = self.qkv(x).view(batch, length, 3, self.num_heads, self.head_size)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (B, A, T, D)
        if cache is not None:
            key, value = cache.extend(layer, key, value)  # (B, A, P+T, D)
        dropout = self.dropout if self.training else 0.0
        fused = trace is None and not _slow_when_fused(query, key)
        if fused:
            mixed = F.scaled_dot_product_attention(
                query, key, value, mask.allowed, dropout, is_causal=mask.is_causal
            )
        else:  # the fused kernel keeps its scores to itself, so a trace spells them out
            scores = query @ key.transpose(-2, -1) / self.head_size**0.5  # (B, A, T, P+T)
            hidden = ~mask.explicit(scores)
            scores = scores.masked_fill(hidden, float("-inf"))
            if trace is not None:
                trace.scores.append(scores)
            shares = scores.softmax(-1).masked_fill(hidden, 0.0)  # no number where none is seen
            mixed = F.dropout(shares, dropout) @ value
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden_size)  # (B, T, H)
        return self.out(mixed)


def _slow_when_fused(query: Tensor, key: Tensor) -> bool:
    """Short texts in bf16 on a CPU, whose fused kernel converts every tile it touches."""
    half_on_cpu = query.device.type == "cpu" and query.dtype == torch.bfloat16
    return half_on_cpu and key.shape[2] <= SPELLED_OUT_ON_CPU
