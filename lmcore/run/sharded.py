"""A state whose tensors lie in parts with many processes: each writes and reads its own.

torch.distributed.checkpoint in its safetensors format, so that here, too, no pickle is read. As
many or another number of processes may read the parts.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
import torch.distributed.checkpoint as parts
from torch import Tensor
from torch.distributed.checkpoint import HuggingFaceStorageReader, HuggingFaceStorageWriter

from lmcore.parallel import Team
from lmcore.recipe import Optimizer, fill_optimizer, optimizer_tensors, parameter_of

MODEL, OPTIMIZER = "model.", "optimizer."


def save_parts(team: Team, optimizer: Optimizer, folder: Path) -> None:
    """Write this process's parts of model and optimizer. Raises OSError where one could not."""
    tensors = _named(MODEL, team.model.state_dict())
    tensors |= _named(OPTIMIZER, optimizer_tensors(optimizer))
    writer = HuggingFaceStorageWriter(str(folder), save_distributed=True)
    try:
        parts.save(tensors, storage_writer=writer)
    except parts.CheckpointException as error:
        raise OSError(_first_cause(error)) from None


def load_parts(team: Team, optimizer: Optimizer, folder: Path) -> None:
    """Read this process's parts of model and optimizer, in place.

    Raises ValueError where the folder's tensors are not those of this model.
    """
    reader = HuggingFaceStorageReader(str(folder))
    stored = reader.read_metadata().state_dict_metadata
    memory = {
        name: _place_for(parameter_of(optimizer, name), stored[OPTIMIZER + name].size)
        for name in (n.removeprefix(OPTIMIZER) for n in stored if n.startswith(OPTIMIZER))
    }
    tensors = _named(MODEL, team.model.state_dict()) | _named(OPTIMIZER, memory)
    try:
        with warnings.catch_warnings():  # of a name inside torch
            warnings.simplefilter("ignore")
            parts.load(tensors, storage_reader=reader)
    except parts.CheckpointException as error:
        raise ValueError(f"{folder} cannot be read: {_first_cause(error)}") from None
    fill_optimizer(optimizer, memory)


def _named(kind: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {kind + name: tensor for name, tensor in tensors.items()}


def _place_for(parameter: Tensor, shape: torch.Size) -> Tensor:
    """Room for a tensor of the optimizer: laid out as its parameter, or a number by itself."""
    alike = shape == parameter.shape
    return torch.zeros_like(parameter.detach()) if alike else torch.zeros(shape)


def _first_cause(error: parts.CheckpointException) -> str:
    return "; ".join(str(failure) for failure, _ in list(error.failures.values())[:1])
