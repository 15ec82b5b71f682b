"""Whatever befalls a run, the last good state stands, and one line says what happened."""

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from test_run import ADAMW, CONFIG, TEXT, metrics, start, weights

from lmcore import CausalLM, Recipe, load_checkpoint
from lmcore.cli import main
from lmcore.run.states import locked


def same_end(tmp_path, folder="run"):
    start(tmp_path / "whole")
    whole, ours = weights(tmp_path / "whole"), weights(tmp_path / folder)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / folder)
    return all(torch.equal(whole[name], ours[name]) for name in whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("trials", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_bit_for_bit(trials):
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, script, str(trials)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "bit for bit" in done.stdout
    assert int(re.search(r"(\d+) kills", done.stdout)[1]) > 0


def half_way(folder):
    """A run whose states are at 10 and 20, as if killed behind step 20."""
    start(folder)
    (folder / "model.safetensors").unlink()
    for path in (folder / "state-30").iterdir():
        path.unlink()
    (folder / "state-30").rmdir()
    start_at_10 = folder.with_name("at-10")
    with pytest.raises(SystemExit):
        start(start_at_10, batches=At(17, SystemExit))
    os.rename(start_at_10 / "state-10", folder / "state-10")


class At:
    """Batches that do something on the way to a step: raise, or call."""

    def __init__(self, step, action):
        self.step, self.action, self.batches = step, action, TEXT.batches(4, 0)

    def __getitem__(self, step):
        if step == self.step:
            if isinstance(self.action, type):
                raise self.action("no current")
            self.action()
        return self.batches[step]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "config.json"])
@pytest.mark.parametrize(
    "harm", [flip, lambda path: os.truncate(path, 100), lambda path: path.unlink()]
)
def test_a_broken_state_gives_way_to_the_one_before(tmp_path, name, harm):
    folder = tmp_path / "run"
    half_way(folder)
    harm(folder / "state-20" / name)
    ended, said = start(folder, resume=True)
    assert ended
    assert f"state-20/{name} is not what was written: falling back on state-10" in said[0]
    assert said[1] == "going on at step 10 of 30"
    assert same_end(tmp_path)
    assert {path.name for path in folder.glob("state*")} == {"state-20", "state-30"}


def test_a_state_without_its_word_is_none(tmp_path):
    half_way(tmp_path / "run")
    (tmp_path / "run" / "state-20" / "state.json").write_text("{")
    _, said = start(tmp_path / "run", resume=True)
    assert "state-20/state.json is not the state of a run: falling back" in said[0]
    assert same_end(tmp_path)


def test_where_no_state_stands_nothing_is_overwritten(tmp_path):
    half_way(tmp_path / "run")
    for number in (10, 20):
        flip(tmp_path / "run" / f"state-{number}" / "model.safetensors")
    message = "state-20/model.safetensors is not what was written, and no state before it stands"
    with pytest.raises(ValueError, match=re.escape(message)):
        start(tmp_path / "run", resume=True)
    assert {path.name for path in (tmp_path / "run").glob("state-*")} == {"state-10", "state-20"}


def allow(most):
    """Files of at most so many bytes: a disk that is nearly full."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if most is None else most, hard))


@pytest.mark.parametrize(
    ("most", "message"),
    [
        (20_000, "state 20 could not be written ([Errno 27] File too large); state-10 stands"),
        (200, "metrics.jsonl could not be written ([Errno 27] File too large); state-10 stands"),
    ],
)
def test_a_full_disk_leaves_the_last_state(tmp_path, most, message):
    folder = tmp_path / "run"
    try:
        with pytest.raises(OSError, match=re.escape(message)) as caught:
            start(folder, batches=At(12, lambda: allow(most)))
    finally:
        allow(None)
    assert "\n" not in str(caught.value)
    assert {path.name for path in folder.glob("state*")} == {"state-10"}
    ended, said = start(folder, resume=True)
    assert (ended, said[0]) == (True, "going on at step 10 of 30")
    assert same_end(tmp_path)


def test_a_disk_without_room_for_a_first_state_says_so(tmp_path):
    try:
        with pytest.raises(OSError, match=r"state 10 could not be written .*; no state was kept"):
            start(tmp_path / "run", batches=At(0, lambda: allow(20_000)))
    finally:
        allow(None)


@pytest.mark.parametrize("out", ["/proc/run", "/dev/null/run"])
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, out, capsys):
    (tmp_path / "a.txt").write_text("\n\n".join(["A king was born in 1500."] * 40))
    code = main(["train", "--preset", "gpt-mini", "--objective", "clm", "--length", "16",
                 "--corpus", str(tmp_path / "a.txt"), "--steps", "2", "--out", out])  # fmt: skip
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (2, 1)
    assert out in err


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with locked(tmp_path), pytest.raises(ValueError, match="is in use: another run is writing"):
        start(tmp_path)
    ended, _ = start(tmp_path)  # the lock goes with the run
    assert ended


class Scaled(CausalLM):
    """A model whose loss is multiplied by what the batch says."""

    def loss(self, batch):
        return super().loss(batch) * batch["scale"].mean()


class Scales:
    def __init__(self, at, scale):
        self.at, self.scale, self.batches = at, scale, TEXT.batches(4, 0)

    def __getitem__(self, step):
        scale = torch.full((4,), self.scale if step == self.at else 1.0)
        return self.batches[step] | {"scale": scale}


@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        (float("nan"), "the loss became nan"),
        (1e3, "the loss became "),
        (float("inf"), "became inf"),
    ],
)
def test_a_loss_gone_wrong_stops_with_its_step_and_batch(tmp_path, scale, reason):
    batches = Scales(18, scale)
    with pytest.raises(FloatingPointError, match=reason) as caught:
        start(tmp_path, model=Scaled(CONFIG), batches=batches)
    assert "at step 18, whose batch is in" in str(caught.value)
    kept = load_file(tmp_path / "batch-18.safetensors")
    assert all(torch.equal(kept[n], t) or t.isnan().all() for n, t in batches[18].items())
    assert {path.name for path in tmp_path.glob("state*")} == {"state-10"}  # none behind step 18


def test_a_gradient_gone_wrong_is_noticed_before_a_state_is_kept(tmp_path):
    class Steep(CausalLM):
        """A finite loss with an infinite gradient: a root at 0."""

        def loss(self, batch):
            loss = super().loss(batch)
            flat = batch["scale"].mean() == 1
            return loss if flat else loss + (loss - loss.detach()).sqrt()

    with pytest.raises(FloatingPointError, match="the gradient became nan at step 9"):
        start(tmp_path, model=Steep(CONFIG), batches=Scales(9, 2.0))
    assert not list(tmp_path.glob("state*"))


def test_ctrl_c_keeps_what_was_learned_as_a_checkpoint(tmp_path):
    ended, said = start(
        tmp_path / "run", batches=At(13, lambda: os.kill(os.getpid(), signal.SIGINT))
    )
    assert not ended
    assert said[-1] == "stopped at step 14 of 30: resume it to go on from here"
    assert load_checkpoint(tmp_path / "run" / "state-14").config == CONFIG
    start(tmp_path / "run", resume=True)
    assert same_end(tmp_path)


def test_a_second_ctrl_c_acts_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("lmcore.run.signals.SAME_WORD", -1.0)

    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "run", batches=At(13, twice))
    start(tmp_path / "run", resume=True)
    assert same_end(tmp_path)


def test_an_interrupted_command_says_so(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("lmcore.cli.counting._presets", interrupted)
    assert main(["presets"]) == 130
    assert capsys.readouterr().err == "lmcore presets: interrupted\n"


@pytest.mark.parametrize("recipe", [ADAMW, Recipe(learning_rate=1e-2, optimizer="muon")])
def test_pieces_and_checkpointed_activations_resume_alike(tmp_path, recipe):
    more = dict(recipe=recipe, accumulate=2, checkpoint_activations=True)
    start(tmp_path / "whole", **more)
    with pytest.raises(SystemExit):
        start(tmp_path / "run", batches=At(27, SystemExit), **more)
    start(tmp_path / "run", resume=True, **more)
    whole, ours = weights(tmp_path / "whole"), weights(tmp_path / "run")
    assert all(torch.equal(whole[name], ours[name]) for name in whole)
