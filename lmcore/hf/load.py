"""Checkpoints of ``transformers`` in and out: safetensors and JSON, a folder or a hub name."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from lmcore.hf.architectures import ARCHITECTURES
from lmcore.hf.families import FAMILIES
from lmcore.hf.files import CONFIG, WEIGHTS, find_folder, read_json, read_tensors
from lmcore.hf.names import from_theirs, to_theirs
from lmcore.hf.wiring import build, differences, family_of, read_config, write_config
from lmcore.writing import write_whole


def load_hf(folder_or_name: str | Path, *, revision: str | None = None) -> nn.Module:
    """A model of lmcore with the weights of a ``transformers`` checkpoint, in eval mode.

    OpenAI GPT, GPT-2, BERT, ALBERT, ELECTRA and DistilBERT, bare or with the heads that the book
    teaches; weights become fp32. A name that is no folder is fetched through
    ``huggingface_hub`` (its cache, its offline switch), safetensors only, at ``revision`` if
    given. Tensors of heads that the named architecture does not have are left out, as
    ``transformers`` does.

    Raises ValueError, in one line, for what lmcore does not compute, for missing, unknown or
    mis-shaped tensors, and for files that cannot be read. Nothing is ever loaded in part.
    """
    folder = find_folder(folder_or_name, revision)
    theirs = read_json(folder / CONFIG)
    try:
        config = read_config(theirs)
        family, heads = family_of(theirs)
        with torch.device("meta"):  # weights come from the file, none are drawn
            model = build(config, theirs)
    except ValueError as error:
        raise ValueError(f"{folder / CONFIG}: {error}") from None
    tensors = read_tensors(folder)
    try:
        shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
        found = from_theirs(family, config, heads, shapes, tensors)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None
    weights = {name: tensor.to(torch.float32, copy=True) for name, tensor in found.items()}
    model.load_state_dict(weights, assign=True)
    return model.eval()


def export_hf(model: nn.Module, folder: str | Path) -> str:
    """Write ``model`` as a folder that ``transformers`` loads with equal logits.

    Returns the name of the architecture. Raises ValueError, in one line, where no architecture
    of ``transformers`` is wired as the model is; then nothing is written.
    """
    folder = Path(folder)
    labels = next((m.out_features for name, m in model.named_modules() if name == "classify"), None)
    nearest: tuple[list[str], str] | None = None
    for architecture, (model_type, heads) in ARCHITECTURES.items():
        theirs = write_config(model.config, architecture, labels)
        try:
            with torch.device("meta"):
                candidate = build(read_config(theirs), theirs)
        except ValueError:  # sizes that this architecture cannot have
            continue
        if not _same_kind(candidate, model):
            continue
        different = differences(model.config, read_config(theirs))
        if different:
            if nearest is None or len(different) < len(nearest[0]):
                nearest = (different, architecture)
            continue
        try:
            tensors = to_theirs(FAMILIES[model_type], model.config, heads, model.state_dict())
        except KeyError:  # such as the dense layer of another family's classifier
            continue
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
        write_whole(folder / CONFIG, (json.dumps(theirs, indent=1) + "\n").encode())
        return architecture
    kind = type(model).__name__
    why = f": {nearest[1]} cannot have {', '.join(nearest[0])}" if nearest else ""
    raise ValueError(f"no architecture of transformers is wired as this {kind} is{why}")


def _same_kind(one: nn.Module, other: nn.Module) -> bool:
    """Of the same class, with the same head."""
    heads = [(type(m), getattr(m, "activation", None)) for m in (one, other)]
    pairs = [getattr(m, "pair", None) is not None for m in (one, other)]
    return heads[0] == heads[1] and pairs[0] == pairs[1]
