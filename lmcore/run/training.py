"""The loop that does a run, from whatever stands in its folder to the model itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from lmcore.checkpoint import load_weights, save_description, save_tensors
from lmcore.objectives import Batch, Indexed
from lmcore.objectives.batches import seed_of_step
from lmcore.parallel import Team, checkpoint_activations, whole_tensor
from lmcore.recipe import build_optimizer, fill_optimizer, optimizer_tensors
from lmcore.run.metrics import append_line, keep_until
from lmcore.run.plan import Run
from lmcore.run.signals import stop_signals
from lmcore.run.states import differing, find_state, locked, standing, write_state
from lmcore.tokenizer import Tokenizer
from lmcore.train import update
from lmcore.world import join
from lmcore.writing import write_whole

METRICS, OPTIMIZER = "metrics.jsonl", "optimizer.safetensors"
EXPLODED = 10  # times the first step's loss: no run comes back from there
PROGRESS = ("step", "tokens", "seconds", "first_loss", "seen")  # what a state says of a run


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

    Where ``model`` is a distillation, the checkpoint is its student's.
    ``resume`` goes on from the folder's last whole state where there is one, else starts. Ctrl-C,
    or a polite kill, ends the run behind the step under way and keeps a state. ``validate(model)``
    is asked at every state. Under ``torchrun`` each process calls this with the same arguments;
    the first one writes and speaks. Returns whether the run came to its end.

    Raises ValueError, in one line, where the folder is in use, holds a run and ``resume`` is not
    asked for, or holds another run than this one; OSError where the disk refuses, the last state
    left standing; FloatingPointError where a loss is no number or ten times the first one, its
    batch left in the folder.
    """
    folder = Path(folder)
    world = join(device)
    with ExitStack() as until_the_end:
        world.first(lambda: until_the_end.enter_context(locked(folder)))
        if run.checkpoint_activations:
            checkpoint_activations(model)
        team = Team(model.train(), world, accumulate=run.accumulate, shard=run.fsdp)
        say = say if world.is_first else _silence
        training = _Training(run, folder, team, tokenizer, say)
        training.restore(resume)
        with stop_signals() as asked:
            training.go(batches, validate, asked)
        return training.end()


class _Training:
    """A run under way: what it has learned, how far it is, and what it leaves in its folder."""

    def __init__(
        self, run: Run, folder: Path, team: Team, tokenizer: Tokenizer | None,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.run, self.folder, self.team = run, folder, team
        self.tokenizer, self.say, self.world = tokenizer, say, team.world
        self.optimizer = build_optimizer(team.model, run.recipe)
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.first_loss: float | None = None
        self.seen: list[list[float]] = []  # loss and gradient norm of each step not logged yet
        self.waiting: list[Tensor] = []  # the same, still on the device

    def restore(self, resume: bool) -> None:
        """Take up the folder's last whole state, if there is one."""
        found = self.world.first(lambda: find_state(self.folder, self.say))
        if found is not None:
            place, state = found
            if not resume:
                raise ValueError(
                    f"{self.folder} holds a run at step {state['step']}: resume it, or give "
                    f"another folder"
                )
            if difference := differing(state["run"], self.run.fingerprint(self.team.model)):
                raise ValueError(f"{self.folder} holds another run: its {difference}")
            self._load(place)
            for name in PROGRESS:
                setattr(self, name, state[name])
            self.say(f"going on at step {self.step} of {self.run.steps}")
        self.world.first(lambda: keep_until(self.folder / METRICS, self.step))

    def go(
        self, batches: Indexed, validate: Callable[[nn.Module], float] | None, asked: list[float]
    ) -> None:
        """Step after step, until the last one or until asked to stop."""
        run, clock, stop = self.run, time.perf_counter() - self.seconds, False
        while self.step < run.steps and not stop:
            self._take_step(batches[self.step])
            self.seconds = time.perf_counter() - clock
            stop, last = self.world.any(bool(asked)), self.step == run.steps
            log, keep = (last or self.step % n == 0 for n in (run.log_every, run.save_every))
            if log or keep or stop:
                self._look(batches)
            if log:
                self._log()
            if keep and validate is not None:
                with self.team.at_rest() as model:
                    loss = validate(model)
                self._write({"step": self.step, "validation_loss": round(loss, 4)})
                self._report(f"validation loss {loss:.4f}")
            if keep or stop:
                self._keep()

    def end(self) -> bool:
        """Leave the model itself in the folder, if the run has come to its end."""
        if self.step < self.run.steps:
            self.say(
                f"stopped at step {self.step} of {self.run.steps}: resume it to go on from here"
            )
            return False
        learned = getattr(self.team.model, "student", self.team.model)
        self._save(learned, self.folder)
        self.team.model.eval()
        self.say(f"{self.folder}: {type(learned).__name__} after {self.step} steps")
        return True

    def _take_step(self, batch: Batch) -> None:
        run = self.run
        seed, rate = seed_of_step(run.seed, self.step), run.recipe.rate(self.step, run.steps)
        loss = self.team.backward(batch, run.dtype, seed)
        norm = update(self.team.model, self.optimizer, run.recipe, rate)
        self.waiting.append(torch.stack([loss, whole_tensor(norm)]))
        self.step, self.tokens = self.step + 1, self.tokens + batch["input_ids"].numel()

    def _look(self, batches: Indexed) -> None:
        """Fetch what waits on the device: no state may be kept behind a step gone wrong."""
        losses, norms = torch.stack(self.waiting).float().unbind(1)
        losses, before = self.world.sum(losses.contiguous()), self.step - len(self.waiting)
        self.waiting.clear()
        for step, (loss, norm) in enumerate(zip(losses.tolist(), norms.tolist(), strict=True)):
            self.first_loss = loss if self.first_loss is None else self.first_loss
            if not math.isfinite(loss) or loss > EXPLODED * self.first_loss:
                self._give_up(f"the loss became {loss:.4g}", before + step, batches)
            if not math.isfinite(norm):
                self._give_up(f"the gradient became {norm}", before + step, batches)
            self.seen.append([loss, norm])

    def _give_up(self, reason: str, step: int, batches: Indexed) -> NoReturn:
        path = self.folder / f"batch-{step}.safetensors"
        batch = {name: tensor.contiguous() for name, tensor in batches[step].items()}
        self.world.first(lambda: write_whole(path, save(batch)))
        raise FloatingPointError(
            f"{reason} at step {step}, whose batch is in {path}: a lower learning rate or a longer "
            f"warm-up may help"
        )

    def _log(self) -> None:
        loss, norm = (sum(column) / len(self.seen) for column in zip(*self.seen, strict=True))
        rate = self.run.recipe.rate(self.step - 1, self.run.steps)
        speed = round(self.tokens / self.seconds)
        self.seen.clear()
        line = {"step": self.step, "loss": round(loss, 4), "gradient_norm": round(norm, 4)}
        self._write(line | {"rate": rate, "tokens": self.tokens, "tokens_per_s": speed})
        self._report(f"loss {loss:.4f}  {speed:,} tokens/s")

    def _report(self, what: str) -> None:
        self.say(f"step {self.step} of {self.run.steps}  {what}")

    def _write(self, line: dict) -> None:
        try:
            self.world.first(lambda: append_line(self.folder / METRICS, line))
        except OSError as error:
            raise OSError(
                f"{self.folder / METRICS} could not be written ({error}); {standing(self.folder)}"
            ) from None

    def _keep(self) -> None:
        content = {name: getattr(self, name) for name in PROGRESS}
        content["run"] = self.run.fingerprint(self.team.model)
        write_state(self.folder, self.step, content, self._fill, self.world)

    def _fill(self, place: Path) -> None:
        """Put everything that ``_load`` reads into the place of a state."""
        if self.run.fsdp:
            from lmcore.run.sharded import save_parts  # seconds to import

            save_parts(self.team, self.optimizer, place)
        else:
            self._save(self.team.model, place)
            memory = {n: t.cpu().contiguous() for n, t in optimizer_tensors(self.optimizer).items()}
            self.world.first(lambda: write_whole(place / OPTIMIZER, save(memory)))

    def _load(self, place: Path) -> None:
        if self.run.fsdp:
            from lmcore.run.sharded import load_parts

            load_parts(self.team, self.optimizer, place)
            return
        load_weights(self.team.model, place)
        try:
            fill_optimizer(self.optimizer, load_file(place / OPTIMIZER))
        except (FileNotFoundError, SafetensorError) as error:
            raise ValueError(f"{place / OPTIMIZER} is not whole: {error}") from None

    def _save(self, part: nn.Module, place: Path) -> None:
        tensors = self.team.gather(part)

        def write() -> None:
            save_tensors(tensors, place)
            save_description(part, place, self.tokenizer)

        self.world.first(write)


def _silence(line: str) -> None:
    """What every process but the first one says."""
