"""Checkpoints: ``model.safetensors``, ``config.json`` and, for models of text, ``tokenizer.json``
in a folder. No pickle is ever read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from lmcore.config import Config
from lmcore.electra import Electra
from lmcore.encoders import Discriminator, MaskedLM, SequenceClassifier, SpanExtractor
from lmcore.model import Transformer
from lmcore.models import CausalClassifier, CausalLM
from lmcore.tokenizer import Tokenizer
from lmcore.writing import write_whole

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"

# What each class needs beside a config, read off a model, and how it is built from that.
_ARGUMENTS: dict[type[nn.Module], Callable[[nn.Module], dict[str, object]]] = {
    Transformer: lambda model: {},
    CausalLM: lambda model: {},
    CausalClassifier: lambda model: {
        "num_labels": model.classify.out_features,
        "auxiliary_weight": model.auxiliary_weight,
    },
    MaskedLM: lambda model: {"pair_head": model.pair is not None},
    Discriminator: lambda model: {},
    SequenceClassifier: lambda model: {
        "num_labels": model.classify.out_features,
        "summary": model.summary_kind,
    },
    SpanExtractor: lambda model: {},
    Electra: lambda model: {
        "generator": asdict(model.generator.config),
        "weight": model.weight,
    },
}
# How a class is built from a config and those, where that is not ``kind(config, **arguments)``.
_BUILDERS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    CausalClassifier: lambda config, **more: CausalClassifier(CausalLM(config), **more),
    Electra: lambda config, generator, **more: Electra(config, Config(**generator), **more),
}
_CLASSES = {kind.__name__: kind for kind in _ARGUMENTS}


def save_checkpoint(
    model: nn.Module,
    folder: str | Path,
    dtype: torch.dtype | None = None,
    tokenizer: Tokenizer | None = None,
) -> None:
    """Write ``model`` and its ``config`` to ``folder``, each file whole or not at all.

    ``dtype`` casts the floating-point weights on their way out (fp16 halves what a book ships).
    A ``tokenizer`` goes beside them: with it, the command line can put questions to the model.
    """
    save_tensors(model.state_dict(), folder, dtype)
    save_description(model, folder, tokenizer)


def save_tensors(
    tensors: Mapping[str, Tensor], folder: str | Path, dtype: torch.dtype | None = None
) -> None:
    """A checkpoint's weights."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cast = {
        name: tensor.detach().cpu().to(dtype or tensor.dtype).contiguous()
        for name, tensor in tensors.items()
    }
    write_whole(folder / WEIGHTS, save(cast))


def save_description(model: nn.Module, folder: str | Path, tokenizer: Tokenizer | None) -> None:
    """What stands beside a checkpoint's weights: how it is wired, and its tokenizer."""
    folder = Path(folder)
    content = asdict(model.config)
    if type(model) in _ARGUMENTS:
        content["model"] = {"class": type(model).__name__, **_ARGUMENTS[type(model)](model)}
    write_whole(folder / CONFIG, (json.dumps(content, indent=1) + "\n").encode())
    if tokenizer is not None:
        write_whole(folder / TOKENIZER, (tokenizer.to_json() + "\n").encode())


def load_checkpoint(folder: str | Path) -> nn.Module:
    """The model that ``save_checkpoint`` wrote, in fp32 and eval mode.

    Raises ValueError, in one line, where a file is missing or broken, or where config.json does
    not say which model it is (a causal one without an entry is a ``CausalLM``).
    """
    path = Path(folder) / CONFIG
    config, entry = load_config(folder), _read(folder).get("model")
    if entry is None and config.causal:
        entry = {"class": "CausalLM"}
    if not isinstance(entry, dict) or entry.get("class") not in _CLASSES:
        raise ValueError(f"{path}: model {entry!r} is unknown: one of {', '.join(_CLASSES)}")
    arguments = {name: value for name, value in entry.items() if name != "class"}
    kind = _CLASSES[entry["class"]]
    try:
        with torch.device("meta"):  # no weights are drawn only to be overwritten
            model = _BUILDERS.get(kind, kind)(config, **arguments)
    except TypeError as error:
        raise ValueError(f"{path}: model {entry!r} cannot be built: {error}") from None
    tensors = read_weights(model, folder)
    model.to_empty(device="cpu")
    model.load_state_dict(tensors)
    return model.eval()


def shipped_checkpoint(name: str) -> Path:
    """The folder of a checkpoint that comes with the package, such as "bert-mini".

    Raises ValueError naming those there are where it is none of them.
    """
    home = Path(__file__).parent / "checkpoints"
    names = sorted(path.parent.name for path in home.glob(f"*/{CONFIG}"))
    if name not in names:
        raise ValueError(f"no checkpoint {name!r} is shipped: {', '.join(names) or 'none is'}")
    return home / name


def load_config(folder: str | Path) -> Config:
    """The wiring of a checkpoint.

    Raises ValueError, in one line, where there is none or it is not a config of ours.
    """
    content = _read(folder)
    content.pop("model", None)
    try:
        return Config(**content)
    except TypeError as error:
        raise ValueError(f"{Path(folder) / CONFIG} is not a lmcore config: {error}") from None


def _read(folder: str | Path) -> dict:
    path = Path(folder) / CONFIG
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: a checkpoint is a folder with {CONFIG}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a lmcore config: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a lmcore config: not a JSON object")
    return content


def load_weights(model: nn.Module, folder: str | Path) -> None:
    """Read a checkpoint's weights into ``model``, which must have just those tensors.

    Raises ValueError as ``read_weights`` does.
    """
    model.load_state_dict(read_weights(model, folder))


def read_weights(model: nn.Module, folder: str | Path) -> dict[str, Tensor]:
    """A checkpoint's weights, if they are those of ``model``, which may be on the meta device.

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
    return tensors
