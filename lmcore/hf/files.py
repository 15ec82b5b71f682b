"""The files of a ``transformers`` checkpoint: find them, read them, refuse the unreadable."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

WEIGHTS, INDEX, CONFIG = "model.safetensors", "model.safetensors.index.json", "config.json"
_WANTED = [
    WEIGHTS, INDEX, "model-*.safetensors", CONFIG, "tokenizer.json", "tokenizer_config.json",
]  # fmt: skip


def find_folder(folder_or_name: str | Path, revision: str | None = None) -> Path:
    """The folder of a checkpoint, fetched if it is only a name on the hub.

    Raises ValueError, in one line, where there is no such folder and nothing can be fetched.
    """
    folder, name = Path(folder_or_name), str(folder_or_name)
    if folder.is_dir():
        return folder
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise ValueError(f"{name} is no folder")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ValueError(f"{name} is no folder, and huggingface_hub is not installed") from None
    try:
        found = snapshot_download(name, revision=revision, allow_patterns=_WANTED)
    except Exception as error:  # the hub raises many kinds; to a reader they are one
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{name} is no folder and could not be fetched: {reason}") from None
    return Path(found)


def read_json(path: Path) -> dict:
    """A JSON object, or ValueError in one line."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: a checkpoint has a {path.name}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a JSON object")
    return content


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a checkpoint, from one safetensors file or from the shards of an index.

    Raises ValueError, in one line, where a file is missing or broken, or is no safetensors.
    """
    if (folder / WEIGHTS).exists() or not (folder / INDEX).exists():
        return _read_file(folder / WEIGHTS)
    places = read_json(folder / INDEX).get("weight_map")
    names = set(places.values()) if isinstance(places, dict) else {None}
    if not all(isinstance(name, str) and name == Path(name).name for name in names):
        raise ValueError(f"{folder / INDEX} has no weight_map of tensors to files beside it")
    tensors: dict[str, Tensor] = {}
    for name in sorted(names):
        tensors |= _read_file(folder / name)
    for name in sorted(set(places) - set(tensors)):
        raise ValueError(f"{folder / places[name]} lacks {name}, which the index places there")
    return tensors


def _read_file(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError:
        others = [p.name for p in path.parent.glob("*.bin")]
        instead = f", and {others[0]} is a pickle" if others else ""
        raise ValueError(f"{path} is missing{instead}: only safetensors weights are read") from None
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file: {error}") from None
