"""Where the parameters are: counted on a model built on the meta device, which holds no data."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from lmcore.config import Config
from lmcore.model import Transformer


@dataclass(frozen=True)
class LedgerRow:
    """One part of a model: its name, how its size follows from the config, its parameters."""

    part: str
    formula: str
    parameters: int


def ledger(config: Config) -> list[LedgerRow]:
    """The parameters of the bare model, part by part (with the pooler, where it has one).

    A causal model's head is tied to the token table and adds nothing. Formulas use the book's
    letters. Takes no memory for weights: GPT-3's 175 billion are counted in about a second.
    """
    with torch.device("meta"):
        trunk = Transformer(config)
    blocks = trunk.blocks
    sets = "" if len(blocks) == 1 else f"{len(blocks)} · "
    parts: list[tuple[str, str, list[nn.Module | None]]] = [
        ("token embeddings", "V·E", [trunk.embeddings.token]),
        ("position embeddings", "C·E", [trunk.embeddings.position]),
        ("segment embeddings", "S·E", [trunk.embeddings.segment]),
        ("embedding LayerNorm", "2·E", [trunk.embeddings.norm]),
        ("projection E → H", "E·H + H", [trunk.project]),
        ("attention", f"{sets}(4·H² + 4·H)", [block.attention for block in blocks]),
        (
            "feed-forward",
            f"{sets}(2·H·F + F + H)",
            [block.feed_forward for block in blocks],
        ),
        ("LayerNorms", f"{sets}4·H", [m for b in blocks for m in (b.norm1, b.norm2)]),
        ("final LayerNorm", "2·H", [trunk.final_norm]),
        ("pooler", "H² + H", [trunk.pooler]),
    ]
    rows = []
    for part, formula, modules in parts:
        parameters = sum(count_parameters(m) for m in modules if m is not None)
        if parameters:
            rows.append(LedgerRow(part, formula, parameters))
    return rows


def count_parameters(model: nn.Module) -> int:
    """How many numbers a model holds; a tied table counts once."""
    return sum(parameter.numel() for parameter in model.parameters())
