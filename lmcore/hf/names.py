"""Between ``transformers`` tensors and ours, both ways: names, fused queries, transposed matrices.

The conversion is linear, so it serves gradients as well as weights.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lmcore.config import Config
from lmcore.hf.family import Family

# Copies that a checkpoint may hold of a tensor that is tied or derived.
_COPIES = (
    ".position_ids", "embeddings.token_type_ids", ".attn.bias", ".attn.masked_bias",
    "lm_head.weight", "vocab_projector.weight", "predictions.decoder.weight",
    "predictions.decoder.bias", "predictions.bias",
)  # fmt: skip


def their_names(family: Family, config: Config, heads: tuple[str, ...], ours: str) -> list[str]:
    """What ``transformers`` calls our tensor: one name, or three where we fuse."""
    tables = [family.heads[head] for head in heads]
    name = ours.removeprefix("lm.")
    inside = name.startswith("transformer.") or not heads
    name = name.removeprefix("transformer.")
    if not inside:
        for table in tables:
            if name == "head.bias" and not config.tied_head:
                return [f"{table['head.output']}.bias"]  # its own there; the other goes unused
            if name in table:  # a parameter of its own, such as a bias
                return [table[name]]
            module, _, kind = name.rpartition(".")
            if module in table:
                return [f"{table[module]}.{kind}"]
        if name == "output.weight":
            return ["lm_head.weight"]
        raise KeyError(f"{ours} has no name in {family.model_type}")
    module, _, kind = name.rpartition(".")
    block = module.split(".")[1] if module.startswith("blocks.") else None
    if block is not None:
        module = module.replace(f"blocks.{block}.", "blocks.{i}.", 1)
        inner = config.layers_per_group
        slots = {"i": block, "g": int(block) // inner, "j": int(block) % inner}
    else:
        slots = {}
    found = family.tensors[module]
    prefix = family.prefix if heads else ""
    parts = found if isinstance(found, list) else [found]
    return [f"{prefix}{part.format(**slots)}.{kind}" for part in parts]


def from_theirs(
    family: Family, config: Config, heads: tuple[str, ...], ours: Iterable[str], theirs: dict
) -> dict[str, Tensor]:
    """Our tensors (or gradients) out of theirs.

    Raises ValueError, in one line, where one of theirs is missing or has no place here.
    """
    theirs = {_modern(name): tensor for name, tensor in theirs.items()}
    found, used = {}, set()
    for name in ours:
        parts = their_names(family, config, heads, name)
        for part in parts:
            if part not in theirs:
                raise ValueError(f"the checkpoint lacks the tensor {part}")
        used.update(parts)
        tensor = torch.cat([theirs[part] for part in parts])
        found[name] = tensor.T.contiguous() if _is_transposed(family, name, tensor) else tensor
    for name in sorted(set(theirs) - used):
        if not name.endswith(_COPIES):
            raise ValueError(f"the checkpoint has a tensor {name} that this model has no place for")
    return found


def to_theirs(
    family: Family, config: Config, heads: tuple[str, ...], ours: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Their tensors out of ours: the inverse of ``from_theirs``."""
    theirs = {}
    for name, tensor in ours.items():
        if _is_transposed(family, name, tensor):
            tensor = tensor.T
        parts = their_names(family, config, heads, name)
        for part, piece in zip(parts, tensor.chunk(len(parts)), strict=True):
            theirs[part] = piece.contiguous()
    return theirs


def _is_transposed(family: Family, ours: str, tensor: Tensor) -> bool:
    return family.transposed and "blocks." in ours and tensor.ndim == 2


def _modern(name: str) -> str:
    """TensorFlow's names for a LayerNorm's gain and bias stand in old checkpoints."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
