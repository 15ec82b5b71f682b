"""A training run that lives in a folder: killed at any moment, it goes on where it was."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from lmcore.checkpoint import load_weights, save_checkpoint, write_whole
from lmcore.recipe import Optimizer, Recipe, build_optimizer
from lmcore.tokenizer import Tokenizer
from lmcore.train import Indexed, check_loss, pick_device, train_step

STATE, METRICS, OPTIMIZER = "state.json", "metrics.jsonl", "optimizer.safetensors"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run does: so many ``steps`` of a ``recipe``. ``about`` says in words or numbers what
    else must be the same for the run to be the same (data, batch size); with ``seed`` and the
    step it fixes every draw, so that an interrupted run ends where an undisturbed one does: bit
    for bit on the same kind of device with as many threads, which set the order of sums.

    A line of metrics is written every ``log_every`` steps and a state to resume from every
    ``save_every``. ``dtype`` bfloat16 runs the forward pass in autocast.
    """

    steps: int
    recipe: Recipe
    seed: int = 0
    about: dict | None = None
    log_every: int = 50
    save_every: int = 500
    dtype: torch.dtype | None = None

    def fingerprint(self, model: nn.Module) -> dict:
        """What a state must share with the run that wants to go on from it."""
        fixed = {"steps": self.steps, "seed": self.seed, "recipe": asdict(self.recipe)}
        fixed |= {"config": asdict(model.config), "about": self.about or {}}
        return json.loads(json.dumps(fixed))


def train_in_folder(
    model: nn.Module,
    batches: Indexed,
    run: Run,
    folder: str | Path,
    *,
    resume: bool = False,
    device: str | torch.device | None = None,
    tokenizer: Tokenizer | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Train ``model`` and leave a checkpoint in ``folder``, with metrics.jsonl beside it.

    ``resume`` goes on from the folder's last state where there is one, else starts. Ctrl-C, or a
    polite kill, ends the run behind the step under way and keeps a state. ``validate(model)`` is
    asked at every state. Returns whether the run came to its end.

    Raises ValueError, in one line, where the folder holds a run and ``resume`` is not asked for,
    or holds another run than this one; FloatingPointError where a loss is not a finite number.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.to(pick_device(device)).train()
    optimizer = build_optimizer(model, run.recipe)
    begun = _restore(folder, run, model, optimizer, resume)
    _keep_metrics(folder / METRICS, begun["step"])
    if begun["step"]:
        say(f"going on at step {begun['step']} of {run.steps}")
    clock = time.perf_counter() - begun["seconds"]
    step, tokens, waiting = begun["step"], begun["tokens"], []
    with _stop_signals() as asked, open(folder / METRICS, "a") as metrics:
        while step < run.steps and not asked:
            torch.manual_seed(run.seed * 1_000_003 + step)  # dropout, too, depends on the step
            batch, rate = batches[step], run.recipe.rate(step, run.steps)
            waiting.append(train_step(model, optimizer, batch, run.recipe, rate, run.dtype))
            step, tokens = step + 1, tokens + batch["input_ids"].numel()
            last = step == run.steps
            if last or step % run.log_every == 0:
                losses = check_loss(waiting, step - len(waiting))
                speed = round(tokens / (time.perf_counter() - clock))
                line = {"step": step, "loss": round(sum(losses) / len(losses), 4), "rate": rate}
                _write_line(metrics, line | {"tokens": tokens, "tokens_per_s": speed})
                say(f"step {step} of {run.steps}  loss {line['loss']:.4f}  {speed:,} tokens/s")
            if last or step % run.save_every == 0 or asked:
                if validate is not None and not asked:
                    loss = _validated(model, validate)
                    _write_line(metrics, {"step": step, "validation_loss": round(loss, 4)})
                    say(f"step {step} of {run.steps}  validation loss {loss:.4f}")
                _keep(folder, run, model, optimizer, step, tokens, clock)
    if step < run.steps:
        say(f"stopped at step {step} of {run.steps}: resume it to go on from here")
        return False
    save_checkpoint(model.eval(), folder, tokenizer=tokenizer)
    say(f"{folder}: {type(model).__name__} after {step} steps")
    return True


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that a first Ctrl-C or polite kill fills, so that no step is torn; the second one
    acts at once."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():  # handlers live there alone
        yield asked
        return
    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _write_line(file: object, line: dict) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()


@torch.no_grad()
def _validated(model: nn.Module, validate: Callable[[nn.Module], float]) -> float:
    model.eval()
    loss = validate(model)
    model.train()
    return loss


def _keep(
    folder: Path, run: Run, model: nn.Module, optimizer: Optimizer, step: int, tokens: int,
    clock: float,
) -> None:  # fmt: skip
    """Write a whole state beside the last one, point to it, and only then drop the last one."""
    place = folder / f"state-{step}"
    save_checkpoint(model, place)
    write_whole(place / OPTIMIZER, save(_optimizer_tensors(optimizer)))
    state = {"step": step, "tokens": tokens, "seconds": time.perf_counter() - clock}
    state |= {"folder": place.name, "run": run.fingerprint(model)}
    write_whole(folder / STATE, (json.dumps(state, indent=1) + "\n").encode())
    for old in folder.glob("state-*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)


def _restore(folder: Path, run: Run, model: nn.Module, optimizer: Optimizer, resume: bool) -> dict:
    path = folder / STATE
    if not path.is_file():
        return {"step": 0, "tokens": 0, "seconds": 0.0}
    try:
        state = json.loads(path.read_text("utf-8"))
        step, place = state["step"], folder / state["folder"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is not the state of a run") from None
    if not resume:
        raise ValueError(f"{folder} holds a run at step {step}: resume it, or give another folder")
    ours = run.fingerprint(model)
    for name, value in ours.items():
        if (other := state["run"].get(name)) != value:
            raise ValueError(
                f"{folder} holds another run: its {name} is {_differing(other, value)}"
            )
    load_weights(model, place)
    try:
        _fill_optimizer(optimizer, load_file(place / OPTIMIZER))
    except (FileNotFoundError, SafetensorError) as error:
        raise ValueError(f"{place / OPTIMIZER} is not whole: {error}") from None
    return state


def _differing(theirs: object, ours: object) -> str:
    """What differs, in few words."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        name = next(n for n in ours | theirs if ours.get(n) != theirs.get(n))
        return f"unlike this one's in {name}: {theirs.get(name)!r}, not {ours.get(name)!r}"
    return f"{theirs!r}, not {ours!r}"


def _keep_metrics(path: Path, step: int) -> None:
    """Drop what was written of steps behind the state that the run goes on from."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if _step_of(line) <= step]
    write_whole(path, "".join(line + "\n" for line in kept).encode())


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"]
    except (json.JSONDecodeError, KeyError, TypeError):  # a line cut short by a kill
        return float("inf")


def _parts(optimizer: Optimizer) -> list[torch.optim.Optimizer]:
    return list(getattr(optimizer, "parts", [optimizer]))


def _optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The state as named tensors: "part.parameter.name"."""
    return {
        f"{p}.{index}.{name}": value.detach().cpu().contiguous()
        for p, part in enumerate(_parts(optimizer))
        for index, values in part.state_dict()["state"].items()
        for name, value in values.items()
    }


def _fill_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    for p, part in enumerate(_parts(optimizer)):
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            owner, index, name = key.split(".", 2)
            if int(owner) == p:
                state.setdefault(int(index), {})[name] = tensor
        part.load_state_dict(part.state_dict() | {"state": state})
