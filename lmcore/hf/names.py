"""Between ``transformers`` tensors and ours, both ways: names, fused queries, transposed matrices.

The conversion is linear, so it serves gradients as well as weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from lmcore.config import Config
from lmcore.hf.family import Family

# Constants that old checkpoints hold as tensors.
_CONSTANTS = (".position_ids", ".token_type_ids", ".attn.bias", ".attn.masked_bias")
# Names that a checkpoint may hold of a tensor that is tied: the head's matrix, and its bias.
_TABLES = ("lm_head.weight", "vocab_projector.weight", "predictions.decoder.weight")
_BIASES = ("predictions.decoder.bias", "predictions.bias", "generator_lm_head.bias")


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
    family: Family,
    config: Config,
    heads: tuple[str, ...],
    ours: Mapping[str, torch.Size],
    theirs: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Our tensors (or gradients), named and shaped as ``ours`` says, out of theirs.

    Raises ValueError, in one line, where one of theirs is missing, is of another shape or type,
    has no place here, or differs from what it is tied to.
    """
    theirs = {_modern(name): tensor for name, tensor in theirs.items()}
    found, used = {}, set()
    for name, shape in ours.items():
        parts = their_names(family, config, heads, name)
        if parts[0] not in theirs and parts[0].removeprefix(family.prefix) in theirs:
            parts = [part.removeprefix(family.prefix) for part in parts]  # the hub's oldest GPTs
        asked = (shape[0] // len(parts), *shape[1:])
        transposed = _is_transposed(family, name, len(shape))
        for part in parts:
            _check(part, theirs.get(part), asked[::-1] if transposed else asked)
        used.update(parts)
        tensor = torch.cat([theirs[part] for part in parts])
        found[name] = tensor.T.contiguous() if transposed else tensor
    for name in sorted(set(theirs) - used):
        _check_unused(family, config, name, theirs[name], found)
    return found


def _check(name: str, tensor: Tensor | None, shape: tuple[int, ...]) -> None:
    if tensor is None:
        raise ValueError(f"the checkpoint lacks the tensor {name}")
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}, the config asks for {shape}")
    if not tensor.is_floating_point():
        raise ValueError(f"{name} is {tensor.dtype}: only floating-point weights are read")


def _check_unused(
    family: Family, config: Config, name: str, tensor: Tensor, found: dict[str, Tensor]
) -> None:
    """A tensor without a place here is a constant, tied to another, or of another head."""
    if name.endswith(_CONSTANTS):
        return
    if name.endswith(_TABLES) and config.tied_head:
        table = found.get("transformer.embeddings.token.weight")
        if table is not None and not torch.equal(tensor, table):
            raise ValueError(
                f"{name} differs from the token table, but tie_word_embeddings is True: "
                f"a tied head is the table itself"
            )
        return
    if name.endswith(_BIASES):
        bias = found.get("head.bias")
        if config.tied_head and bias is not None and not torch.equal(tensor, bias):
            raise ValueError(f"{name} differs from the bias that it is tied to")
        return
    others = [m for table in family.heads.values() for m in table.values()] + ["lm_head"]
    pooler = family.tensors.get("pooler")
    others += [pooler, f"{family.prefix}{pooler}"] if pooler else []
    module = name.rpartition(".")[0]
    if module not in others and name not in others:
        raise ValueError(f"the checkpoint has a tensor {name} that this model has no place for")


def to_theirs(
    family: Family, config: Config, heads: tuple[str, ...], ours: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Their tensors out of ours: the inverse of ``from_theirs``."""
    theirs = {}
    for name, tensor in ours.items():
        if _is_transposed(family, name, tensor.ndim):
            tensor = tensor.T
        parts = their_names(family, config, heads, name)
        for part, piece in zip(parts, tensor.chunk(len(parts)), strict=True):
            theirs[part] = piece.contiguous()
    return theirs


def _is_transposed(family: Family, ours: str, dimensions: int) -> bool:
    return family.transposed and "blocks." in ours and dimensions == 2


def _modern(name: str) -> str:
    """TensorFlow's names for a LayerNorm's gain and bias stand in old checkpoints."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
