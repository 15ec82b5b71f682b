"""One run on many processes, or in many pieces on one: gradients that add up to the whole batch's.

Every process draws the same batch, a pure function of seed and step, and keeps its own rows; each
mean of a loss is weighed by how much of the whole batch's count fell to the piece. So what is
learned depends neither on the number of processes nor on that of the pieces, beyond the order in
which a sum is rounded. Dropout is drawn for each piece: a run with it repeats itself with as many
pieces, however they are spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from lmcore.model import Block
from lmcore.objectives import Batch, counts, rows_of
from lmcore.train import precision, to_device
from lmcore.world import World

PIECE_SEED = 999_983  # between the seeds of two pieces of a step


class Team:
    """A model in the hands of a world's processes.

    Each batch is cut into ``accumulate`` pieces for each process. ``shard`` keeps parameters,
    gradients and the optimizer's state in parts, one with each process, and gathers a block's
    only while it computes (FSDP2; Zhao et al. 2023, Rajbhandari et al. 2020); without, each has
    them whole and only gradients travel (DDP).

    Raises ValueError for sharding outside ``torchrun``.
    """

    def __init__(
        self, model: nn.Module, world: World, *, accumulate: int = 1, shard: bool = False
    ) -> None:
        if shard and not dist.is_initialized():
            raise ValueError("--fsdp shards over processes: start them with torchrun")
        self.model, self.world = model.to(world.device), world
        self.accumulate, self.sharded = accumulate, shard
        self.wrapped: nn.Module | None = None
        if shard:
            self.wrapped = _shard(model, world)

    def backward(self, batch: Batch, dtype: torch.dtype | None, seed: int) -> Tensor:
        """Fill the parameters' gradients with the whole batch's; returns this process's part of
        the loss, and the parts of all add up to it."""
        pieces, whole = self._pieces(batch), counts(batch)
        self._wrap(rows_of(batch, 0, 1), dtype)
        self.model.zero_grad(set_to_none=True)
        losses = []
        for number, piece in pieces:
            torch.manual_seed(seed + PIECE_SEED * number)  # dropout, too, depends on the step
            self._exchange_gradients(number == pieces[-1][0])
            part = counts(piece)
            with precision(self.world.device, dtype):
                terms = self.wrapped(to_device(piece, self.world.device))
                loss = sum(term * (_some(part, name) / whole[name]) for name, term in terms.items())
            (loss * self.world.size).backward()  # the exchange takes the mean over processes
            losses.append(loss.detach())
        return torch.stack(losses).sum()

    @contextmanager
    def at_rest(self) -> Iterator[nn.Module]:
        """The model to be looked at in eval mode, on every process alike."""
        self.model.eval()
        if self.sharded:
            self.wrapped.unshard()
        with torch.no_grad():
            yield self.model
        if self.sharded:
            self.wrapped.reshard()
        self.model.train()

    def gather(self, part: nn.Module | None = None) -> dict[str, Tensor]:
        """The tensors of a ``part`` of the model, by default all of it, on the CPU of the first
        process, none on the others; what two modules share comes once."""
        part = self.model if part is None else part
        tensors, state = {}, part.state_dict()
        for name, _ in part.named_parameters():
            found = whole_tensor(state[name])  # all take part
            if self.world.is_first:
                tensors[name] = found.detach().cpu()
        return tensors

    def _pieces(self, batch: Batch) -> list[tuple[int, Batch]]:
        """This process's share of the batch, each piece with its number among all."""
        rows, many = len(batch["input_ids"]), self.world.size * self.accumulate
        if rows < many:
            raise ValueError(
                f"a batch of {rows} texts cannot be cut into {many} pieces: {self.world.size} "
                f"processes × {self.accumulate} to accumulate"
            )
        first = self.world.rank * self.accumulate
        return [
            (n, rows_of(batch, rows * n // many, rows * (n + 1) // many) if many > 1 else batch)
            for n in range(first, first + self.accumulate)
        ]

    def _wrap(self, text: Batch, dtype: torch.dtype | None) -> None:
        """DDP waits for a gradient of every parameter, so those that an objective leaves out (a
        pooler without a pair head) have to be found first: by one text."""
        if self.wrapped is not None:
            return
        self.wrapped = _Terms(self.model)
        if self.world.size == 1:
            return
        with precision(self.world.device, dtype):
            sum(self.wrapped(to_device(text, self.world.device)).values()).backward()
        for parameter in self.model.parameters():
            parameter.requires_grad_(parameter.grad is not None)
        self.model.zero_grad(set_to_none=True)
        self.wrapped = DistributedDataParallel(self.wrapped)

    def _exchange_gradients(self, wanted: bool) -> None:
        """Once a batch is enough, behind its last piece."""
        if self.sharded:
            self.wrapped.set_requires_gradient_sync(wanted)
        elif self.world.size > 1:
            self.wrapped.require_backward_grad_sync = wanted


def _shard(model: nn.Module, world: World) -> nn.Module:
    """Each block is gathered by itself, what is left of the model together."""
    from torch.distributed.device_mesh import init_device_mesh  # seconds to import
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(world.device.type, (world.size,))
    for block in _blocks(model):
        fully_shard(block, mesh=mesh)
    return fully_shard(_Terms(model), mesh=mesh)


class _Terms(nn.Module):
    """A model's loss in terms as a ``forward``, which is where DDP and FSDP listen."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        if hasattr(self.model, "terms"):
            return self.model.terms(batch)
        return {"texts": self.model.loss(batch)}


def checkpoint_activations(model: nn.Module) -> None:
    """Keep only each block's input for the backward pass, and compute the rest again there
    (Chen et al. 2016): less memory, a third more arithmetic, the same gradients."""
    for block in _blocks(model):
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)


def whole_tensor(tensor: Tensor) -> Tensor:
    """The tensor, gathered where processes have parts of it."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def _blocks(model: nn.Module) -> list[Block]:
    return [module for module in model.modules() if isinstance(module, Block)]


def _some(part: dict[str, int], name: str) -> int:
    if not part[name]:
        raise ValueError(f"a piece of the batch has no {name} to learn from: cut it into fewer")
    return part[name]
