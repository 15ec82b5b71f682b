"""Ways to attend in bf16 on a CPU, forward and backward: ``python -m benchmarks.attention_ways``.

Milliseconds a call, medians of rounds in which each way takes its turn.
"""

from __future__ import annotations

import statistics
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.timing import in_turn

SHAPES = ((8, 4, 64, 16), (16, 4, 128, 64), (4, 8, 256, 64), (4, 8, 512, 64), (4, 8, 1024, 64))


def fused(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """PyTorch's fused kernel."""
    return F.scaled_dot_product_attention(q, k, v, allowed)


def fused_in_fp32(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """The same on numbers cast up, and cast down behind it."""
    return fused(q.float(), k.float(), v.float(), allowed).to(q.dtype)


def unfused(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """PyTorch's own plain way."""
    with sdpa_kernel(SDPBackend.MATH):
        return fused(q, k, v, allowed)


def three_steps(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """As in lmcore.attention."""
    scores = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).masked_fill(~allowed, float("-inf"))
    return scores.softmax(-1).masked_fill(~allowed, 0.0) @ v


def one_bias(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """Scores, scale and mask in one product."""
    b, a, t, d = q.shape
    bias = torch.zeros(allowed.shape, dtype=q.dtype).masked_fill(~allowed, float("-inf"))
    q, k, v = (x.reshape(b * a, t, d) for x in (q * d**-0.5, k, v))
    scores = torch.baddbmm(bias.expand(b, a, t, t).reshape(b * a, t, t), q, k.transpose(1, 2))
    return torch.bmm(scores.softmax(-1), v).view(b, a, t, d)


WAYS = (fused, fused_in_fp32, unfused, three_steps, one_bias)


def call(way: object, heads: Tensor, allowed: Tensor) -> None:
    """Forward and backward, as a layer does it."""
    with torch.autocast("cpu", torch.bfloat16):
        mixed = way(*heads.permute(2, 0, 3, 1, 4), allowed).transpose(1, 2)
    mixed.backward(torch.ones_like(mixed))
    heads.grad = None


def main() -> None:
    """A line a shape."""
    for b, a, t, d in SHAPES:
        heads = torch.randn(b, t, 3, a, d, dtype=torch.bfloat16).requires_grad_()
        allowed = torch.ones(b, 1, t, t, dtype=torch.bool)
        times = in_turn({w.__name__: partial(call, w, heads, allowed) for w in WAYS}, seconds=4)
        told = (f"{name} {1000 * statistics.median(seen):.2f}" for name, seen in times.items())
        print(f"B {b} A {a} T {t} D {d} ms:", " · ".join(told), flush=True)


if __name__ == "__main__":
    main()
