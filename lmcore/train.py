"""The training loop: one for all models, since it asks them only for ``loss(batch)``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from lmcore.objectives import Batch, Indexed
from lmcore.recipe import Optimizer, Recipe, build_optimizer

LOG_EVERY = 10  # steps between two looks at the loss


class Monitor(Protocol):
    """Who watches a run: a widget in a notebook, a line in a terminal."""

    stop_requested: bool

    def update(
        self, step: int, loss: float, tokens_per_second: float, seconds_left: float
    ) -> None: ...
    def validate(self, step: int, loss: float) -> None: ...
    def finish(self, stopped: bool) -> None: ...


@dataclass
class History:
    """What a run saw: ``losses`` a step each, ``validation`` as (steps done, value) pairs."""

    losses: list[float] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    tokens: int = 0
    stopped: bool = False


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """The given device, else a GPU where there is one, else the CPU.

    Raises ValueError for a device that this machine does not have.
    """
    if device is not None:
        try:
            found = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError):  # AssertionError: a torch without CUDA
            found = torch.device("meta")
        if found.type == "meta":  # holds no data
            raise ValueError(f"device {str(device)!r} is not on this machine")
        return found
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train_step(
    model: nn.Module,
    optimizer: Optimizer,
    batch: Batch,
    recipe: Recipe,
    rate: float,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """One update at learning rate ``rate``; returns the loss, still on its device.

    ``dtype`` is that of the forward pass: bfloat16 under autocast, or float32. None: bfloat16 on
    CUDA, float32 elsewhere.
    """
    device = next(model.parameters()).device
    with precision(device, dtype):
        loss = model.loss(to_device(batch, device))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    update(model, optimizer, recipe, rate)
    return loss.detach()


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The same batch there."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def precision(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager:
    """Autocast to bfloat16 where ``dtype`` says so, or says nothing on CUDA."""
    if dtype is None:
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    half = dtype == torch.bfloat16
    return torch.autocast(device.type, torch.bfloat16) if half else nullcontext()


def update(model: nn.Module, optimizer: Optimizer, recipe: Recipe, rate: float) -> Tensor:
    """One step of the optimizer at learning rate ``rate``, on clipped gradients; returns their
    norm before clipping."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimizer.step()
    return norm


def train(
    model: nn.Module,
    batches: Indexed,
    *,
    steps: int,
    recipe: Recipe,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    evaluate: Callable[[nn.Module], float] | None = None,
    evaluate_every: int | None = None,
    monitor: Monitor | None = None,
) -> History:
    """Train ``model`` in place for ``steps`` batches and say how it went.

    Runs on ``device`` (default: a GPU where there is one), its forward pass in ``dtype`` (default:
    bf16 autocast on CUDA, fp32 elsewhere). ``evaluate(model)`` is asked in eval mode every
    ``evaluate_every`` steps and at the end. A monitor's stop, or Ctrl-C, ends the run early and
    keeps what was learned.

    Raises FloatingPointError, naming the step, where a loss is not a finite number.
    """
    if steps < 1:
        raise ValueError(f"steps {steps} is not allowed: at least 1")
    device = pick_device(device)
    model.to(device).train()
    optimizer = build_optimizer(model, recipe)
    history, pending, begin = History(), [], time.perf_counter()
    try:
        for step in range(steps):
            batch = batches[step]
            rate = recipe.rate(step, steps)
            pending.append(train_step(model, optimizer, batch, recipe, rate, dtype))
            history.tokens += batch["input_ids"].numel()
            done = step + 1
            if done == steps or done % LOG_EVERY == 0:
                _log(history, pending, time.perf_counter() - begin, steps, monitor)
            if evaluate and (done == steps or (evaluate_every and done % evaluate_every == 0)):
                _validate(model, evaluate, done, history, monitor)
            if monitor and monitor.stop_requested:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        history.stopped = True
        _log(history, pending, time.perf_counter() - begin, steps, monitor)
    finally:
        model.eval()
        if monitor:
            monitor.finish(stopped=history.stopped)
    return history


def _log(
    history: History, pending: list[Tensor], seconds: float, steps: int, monitor: Monitor | None
) -> None:
    """Fetch the losses that wait on the device: once every few steps, since each fetch makes
    the CPU wait for a GPU."""
    history.seconds = seconds
    if not pending:
        return
    losses = check_loss(pending, len(history.losses))
    history.losses += losses
    if monitor:
        done = len(history.losses)
        left = seconds / done * (steps - done)
        monitor.update(done, sum(losses) / len(losses), history.tokens / seconds, left)


def _validate(
    model: nn.Module,
    evaluate: Callable[[nn.Module], float],
    done: int,
    history: History,
    monitor: Monitor | None,
) -> None:
    model.eval()
    with torch.no_grad():
        history.validation.append((done, evaluate(model)))
    model.train()
    if monitor:
        monitor.validate(*history.validation[-1])


def check_loss(pending: list[Tensor], done: int) -> list[float]:
    """The losses that wait on the device as numbers, and none waiting any more.

    ``done`` steps came before them. Raises FloatingPointError, naming the step, where one is not
    a finite number.
    """
    losses = torch.stack(pending).float().tolist()
    pending.clear()
    for step, loss in enumerate(losses, done):
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss became {loss} at step {step}: a lower learning rate "
                f"or a longer warm-up may help"
            )
    return losses
