"""Checkpoints of ``transformers`` in and out: safetensors and JSON, a folder or a hub name."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from lmcore.checkpoint import write_whole
from lmcore.hf.architectures import ARCHITECTURES
from lmcore.hf.families import FAMILIES
from lmcore.hf.names import from_theirs, to_theirs
from lmcore.hf.wiring import build, family_of, read_config, write_config

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def load_hf(folder_or_name: str | Path, *, revision: str | None = None) -> nn.Module:
    """A model of lmcore with the weights of a ``transformers`` checkpoint, in eval mode.

    A name that is no folder is fetched through ``huggingface_hub`` (its cache, its offline
    switch), safetensors only, at ``revision`` if given.

    Raises ValueError, in one line, for what lmcore does not compute, for missing, unknown or
    mis-shaped tensors, and for files that cannot be read. Nothing is ever loaded in part.
    """
    folder = find_folder(folder_or_name, revision)
    theirs = read_json(folder / CONFIG)
    config = read_config(theirs)
    family, heads = family_of(theirs)
    model = build(config, theirs)
    expected = model.state_dict()
    tensors = from_theirs(family, config, heads, expected, read_tensors(folder / WEIGHTS))
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise ValueError(
                f"{folder / WEIGHTS}: {name} has shape {tuple(tensor.shape)}, the config asks "
                f"for {tuple(expected[name].shape)}"
            )
    model.load_state_dict(tensors)
    return model.eval()


def export_hf(model: nn.Module, folder: str | Path) -> str:
    """Write ``model`` as a folder that ``transformers`` loads with equal logits.

    Returns the name of the architecture. Raises ValueError where no architecture of
    ``transformers`` is wired as the model is.
    """
    folder = Path(folder)
    labels = next((m.out_features for name, m in model.named_modules() if name == "classify"), None)
    reasons = []
    for architecture, (model_type, heads) in ARCHITECTURES.items():
        try:
            theirs = write_config(model.config, architecture, labels)
            if type(build(model.config, theirs)) is not type(model):
                continue
            state = model.state_dict()
            tensors = to_theirs(FAMILIES[model_type], model.config, heads, state)
        except (ValueError, KeyError) as error:
            reasons.append(str(error))
            continue
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
        write_whole(folder / CONFIG, (json.dumps(theirs, indent=1) + "\n").encode())
        return architecture
    raise ValueError(f"no architecture of transformers is wired as this {type(model).__name__} is")


def find_folder(folder_or_name: str | Path, revision: str | None) -> Path:
    """The folder of a checkpoint, fetched if it is only a name."""
    folder = Path(folder_or_name)
    if folder.is_dir():
        return folder
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ValueError(
            f"{folder_or_name} is no folder, and huggingface_hub is not installed to fetch it"
        ) from None
    try:
        found = snapshot_download(
            str(folder_or_name), revision=revision, allow_patterns=[WEIGHTS, CONFIG]
        )
    except Exception as error:  # the hub raises many kinds; to a reader they are one
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"{folder_or_name} is no folder and could not be fetched: {reason}"
        ) from None
    return Path(found)


def read_json(path: Path) -> dict:
    """A JSON object, or ValueError in one line."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: a checkpoint has a {CONFIG}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a JSON object")
    return content


def read_tensors(path: Path) -> dict:
    """The tensors of a safetensors file, in fp32, or ValueError in one line."""
    try:
        return {name: tensor.float() for name, tensor in load_file(path).items()}
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: only safetensors checkpoints are read") from None
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file: {error}") from None
