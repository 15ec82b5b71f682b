"""Model, config or tokenizer out of a folder of either kind: ours or ``transformers``."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from lmcore.checkpoint import (
    CONFIG,
    TOKENIZER,
    load_checkpoint,
    load_config,
    shipped_checkpoint,
)
from lmcore.config import Config
from lmcore.hf import load_hf
from lmcore.hf.files import find_folder, read_json
from lmcore.hf.wiring import read_config
from lmcore.tokenizer import Tokenizer


def is_theirs(folder: Path) -> bool:
    """Whether ``transformers`` wrote the config.json in ``folder``."""
    config = read_json(folder / CONFIG)
    return "architectures" in config or "model_type" in config


def read_any_config(folder: Path) -> Config:
    """The wiring of a checkpoint of either kind."""
    if is_theirs(folder):
        return read_config(read_json(folder / CONFIG))
    return load_config(folder)


def load_any(folder_or_name: str) -> tuple[nn.Module, Path]:
    """The model of a checkpoint of either kind, in eval mode, and its folder.

    A name that is no folder is one of the shipped checkpoints, else one on the hub. Raises
    ValueError, in one line, where there is none.
    """
    folder = Path(folder_or_name)
    if not folder.is_dir():
        try:
            folder = shipped_checkpoint(folder_or_name)
        except ValueError:
            folder = find_folder(folder_or_name)
    return (load_hf(folder) if is_theirs(folder) else load_checkpoint(folder)), folder


def load_with_tokenizer(
    folder_or_name: str, kind: type[nn.Module], command: str
) -> tuple[nn.Module, Tokenizer]:
    """A model of class ``kind`` and the tokenizer that stands beside it; a part of that class will
    do, such as the discriminator of ELECTRA's pair.

    Raises ValueError, in one line, where the folder holds another model, or no tokenizer of it.
    """
    whole, folder = load_any(folder_or_name)
    model = next((m for m in (whole, *whole.children()) if isinstance(m, kind)), None)
    if model is None:
        raise ValueError(
            f"{folder} holds a {type(whole).__name__}: {command} needs a {kind.__name__}"
        )
    if not (folder / TOKENIZER).is_file():
        raise ValueError(f"{folder / TOKENIZER} is missing: text needs the model's tokenizer")
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ValueError(
            f"{folder / TOKENIZER} has {tokenizer.vocab_size} tokens, the model has only "
            f"{model.config.vocab_size}: it is another model's"
        )
    return model, tokenizer
