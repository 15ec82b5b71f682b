"""Checkpoints: ``model.safetensors`` and ``config.json`` in a folder. No pickle is ever read."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from lmcore.config import Config

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def save_checkpoint(model: nn.Module, folder: str | Path, dtype: torch.dtype | None = None) -> None:
    """Write ``model`` and its ``config`` to ``folder``, each file whole or not at all.

    ``dtype`` casts the floating-point weights on their way out (fp16 halves what a book ships).
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.detach().cpu().to(dtype or tensor.dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    write_whole(folder / WEIGHTS, save(tensors))
    write_whole(folder / CONFIG, (json.dumps(asdict(model.config), indent=1) + "\n").encode())


def load_config(folder: str | Path) -> Config:
    """The wiring of a checkpoint.

    Raises ValueError, in one line, where there is none or it is not a config of ours.
    """
    path = Path(folder) / CONFIG
    try:
        return Config(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: a checkpoint is a folder with {CONFIG}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ValueError(f"{path} is not a lmcore config: {error}") from None


def load_weights(model: nn.Module, folder: str | Path) -> None:
    """Read a checkpoint's weights into ``model``, which must have just those tensors.

    Raises ValueError, in one line, where a tensor is missing, unknown or of another shape, or
    the file cannot be read.
    """
    path = Path(folder) / WEIGHTS
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: a checkpoint is a folder with {WEIGHTS}") from None
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file: {error}") from None
    expected = model.state_dict()
    for name in sorted(expected.keys() ^ tensors.keys()):
        raise ValueError(f"{path}: {name} is {'missing' if name in expected else 'unknown'}")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise ValueError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, "
                f"the model needs {tuple(expected[name].shape)}"
            )
    model.load_state_dict(tensors)


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: whoever reads ``path`` sees the old file or the new one."""
    beside = path.with_name(path.name + ".partial")
    with open(beside, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
