"""The processes that a run is spread over, and what they tell one another."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from lmcore.train import pick_device

Result = TypeVar("Result")


@dataclass(frozen=True)
class World:
    """The processes of a run: this is number ``rank`` of ``size``, on ``device``."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        return flag if self.size == 1 else bool(self.sum(torch.tensor(float(flag))))

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over the processes."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def first(self, work: Callable[[], Result]) -> Result:
        """What ``work`` returns on the first process, on all of them; what it raises as well, so
        that none waits for one that has left."""
        if self.size == 1:
            return work()
        outcome: list[object] = [None, None]
        if self.is_first:
            try:
                outcome[0] = work()
            except (ValueError, OSError, FloatingPointError) as error:
                outcome[1] = error
        dist.broadcast_object_list(outcome)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]


def join(device: str | torch.device | None = None) -> World:
    """The world that ``torchrun`` started this process into, else a world of one.

    Tensors on a GPU travel by nccl, those on the CPU by gloo. The processes stay joined until
    they end.
    """
    found = pick_device(device)
    if "WORLD_SIZE" not in os.environ:
        return World(found)
    on_gpu = found.type == "cuda"
    if on_gpu:
        found = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(found)
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
        atexit.register(dist.destroy_process_group)
    return World(found, dist.get_rank(), dist.get_world_size())
