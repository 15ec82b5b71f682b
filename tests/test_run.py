"""A run in a folder: killed at any moment, it ends where an undisturbed one does."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lmcore import CausalLM, Config, PackedText, Recipe, load_checkpoint
from lmcore.cli import main
from lmcore.run import Run, train_in_folder

CONFIG = Config(
    vocab_size=50, context_length=12, hidden_size=32, num_layers=2, num_heads=2, causal=True,
    dropout=0.1,
)  # fmt: skip
TEXT = PackedText(torch.randint(50, (600,), generator=torch.Generator().manual_seed(0)), 12)
ADAMW = Recipe(learning_rate=1e-2)


def start(folder, steps=30, model=None, recipe=ADAMW, resume=False, batches=None, **changes):
    torch.manual_seed(1)
    run = Run(steps=steps, recipe=recipe, log_every=5, save_every=10, **changes)
    said = []
    ended = train_in_folder(
        model or CausalLM(CONFIG), batches or TEXT.batches(4, 0), run, folder, resume=resume,
        device="cpu", say=said.append,
    )  # fmt: skip
    return ended, said


def weights(folder):
    return load_file(folder / "model.safetensors")


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


class Breaks:
    """Batches that run into a wall, as a machine without current does."""

    def __init__(self, at):
        self.at, self.batches = at, TEXT.batches(4, 0)

    def __getitem__(self, step):
        if step == self.at:
            raise SystemExit("no current")
        return self.batches[step]


@pytest.mark.parametrize("recipe", [ADAMW, Recipe(learning_rate=1e-2, optimizer="muon")])
@pytest.mark.parametrize("at", [3, 10, 27])
def test_a_killed_run_ends_where_an_undisturbed_one_does(tmp_path, recipe, at):
    start(tmp_path / "whole", recipe=recipe)
    with pytest.raises(SystemExit):
        start(tmp_path / "killed", recipe=recipe, batches=Breaks(at))
    ended, _ = start(tmp_path / "killed", recipe=recipe, resume=True)
    assert ended
    whole, killed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(whole[name], killed[name]) for name in whole)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "killed")
    assert load_checkpoint(tmp_path / "killed").config == CONFIG


def test_a_run_that_is_over_has_nothing_left_to_do(tmp_path):
    start(tmp_path)
    before = weights(tmp_path)
    ended, said = start(tmp_path, resume=True, batches=Breaks(0))
    assert ended
    assert "going on at step 30 of 30" in said[0]
    assert all(torch.equal(before[name], weights(tmp_path)[name]) for name in before)
    assert [step for step, _ in metrics(tmp_path)] == [5, 10, 15, 20, 25, 30]


def test_the_last_two_states_are_kept_and_nothing_half_written(tmp_path):
    start(tmp_path)
    assert {path.name for path in tmp_path.glob("state*")} == {"state-20", "state-30"}
    assert load_checkpoint(tmp_path / "state-20").config == CONFIG


def refused(message, folder, **changes):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        start(folder, **changes)
    assert "\n" not in str(caught.value)


def test_another_run_is_never_overwritten_or_mixed_in(tmp_path):
    start(tmp_path)
    before = weights(tmp_path)
    refused("holds a run at step 30", tmp_path)
    refused("its steps is 30, not 40", tmp_path, steps=40, resume=True)
    refused("in learning_rate: 0.01, not 0.02", tmp_path, resume=True,
            recipe=Recipe(learning_rate=2e-2))  # fmt: skip
    refused("in batch: None, not 8", tmp_path, resume=True, about={"batch": 8})
    narrow = CausalLM(CONFIG.replace(hidden_size=16, embedding_size=16, project=False))
    refused("in hidden_size: 32, not 16", tmp_path, resume=True, model=narrow)
    assert all(torch.equal(before[name], weights(tmp_path)[name]) for name in before)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    with pytest.raises(FloatingPointError, match="at step"):
        start(tmp_path, recipe=Recipe(learning_rate=1e9, clip=1e9))


BASE = ["--preset", "gpt-mini", "--objective", "clm", "--length", "16", "--batch-size", "2"]


def train(folder, corpus, *more):
    return ["train", *BASE, "--corpus", str(corpus), "--out", str(folder), *map(str, more)]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    lines = [f"Paragraph {n} tells of a king. He was born in {1500 + n}." for n in range(60)]
    path.write_text("\n\n".join(lines))
    return path


@pytest.mark.parametrize("objective", ["clm", "mlm", "mlm+nsp", "mlm+sop"])
def test_each_objective_trains_on_a_text_file_and_leaves_a_checkpoint(tmp_path, corpus, objective):
    name = "gpt-mini" if objective == "clm" else "bert-mini"
    arguments = train(tmp_path / "run", corpus, "--steps", 4, "--save-every", 4, "--log-every", 2)
    arguments[2], arguments[4] = name, objective
    if objective == "mlm+sop":  # two whole sentences need room
        arguments += ["--length", "64"]
    assert main([*arguments, "--optimizer", "muon", "--dtype", "bfloat16"]) == 0
    model = load_checkpoint(tmp_path / "run")
    assert (getattr(model, "pair", None) is not None) == ("+" in objective)
    lines = [json.loads(x) for x in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"step", "loss", "rate", "tokens", "tokens_per_s"} <= lines[0].keys()
    assert lines[-1].keys() == {"step", "validation_loss"}


def test_the_trained_model_answers_on_the_command_line(tmp_path, corpus, capsys):
    assert main(train(tmp_path / "run", corpus, "--steps", 3)) == 0
    assert main(["generate", str(tmp_path / "run"), "--prompt", "A king", "--tokens", "4"]) == 0
    assert "A king" in capsys.readouterr().out.splitlines()[-1]


def test_a_run_that_blows_up_says_so_in_one_line(tmp_path, corpus, capsys):
    arguments = train(tmp_path / "run", corpus, "--steps", 50, "--learning-rate", "1e30")
    assert main(arguments) == 1
    assert "a lower learning rate" in capsys.readouterr().err


class Signals:
    """Batches that send this process a signal on the way to a step."""

    def __init__(self, at, number):
        self.at, self.number, self.batches = at, number, TEXT.batches(4, 0)

    def __getitem__(self, step):
        if step == self.at:
            os.kill(os.getpid(), self.number)
        return self.batches[step]


def same_end(tmp_path):
    start(tmp_path / "whole")
    whole, stopped = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    return all(torch.equal(whole[name], stopped[name]) for name in whole)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_stop_ends_its_step_and_goes_on_later(tmp_path, number):
    old = signal.getsignal(number)
    ended, said = start(tmp_path / "stopped", batches=Signals(13, number))
    assert not ended
    assert said[-1] == "stopped at step 14 of 30: resume it to go on from here"
    assert signal.getsignal(number) is old
    ended, said = start(tmp_path / "stopped", resume=True)
    assert ended
    assert said[0] == "going on at step 14 of 30"
    assert same_end(tmp_path)


def test_a_process_killed_without_a_word_goes_on(tmp_path):
    code = (
        "import pathlib, signal, sys, torch; sys.path.insert(0, sys.argv[1]);"
        "torch.set_num_threads(int(sys.argv[3]));"  # sums over threads round by their number
        "from test_run import Signals, start;"
        "start(pathlib.Path(sys.argv[2]), batches=Signals(13, signal.SIGKILL))"
    )
    here, folder = str(Path(__file__).parent), tmp_path / "stopped"
    arguments = [here, str(folder), str(torch.get_num_threads())]
    killed = subprocess.run([sys.executable, "-c", code, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    ended, said = start(folder, resume=True)
    assert ended
    assert said[0] == "going on at step 10 of 30"
    assert same_end(tmp_path)


def test_an_unfinished_run_says_so_by_its_exit_code(tmp_path, corpus, monkeypatch):
    monkeypatch.setattr("lmcore.cli.training.train_in_folder", lambda *a, **k: False)
    assert main(train(tmp_path / "run", corpus, "--steps", 3)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--steps", "0"], "--steps 0 is not allowed"),
        (["--length", "65"], "--length 65 is not allowed: from 8 to the preset's 64"),
        (["--preset", "gpt1"], "no tokenizer of 40478 tokens is shipped for gpt1"),
        (["--preset", "bert-mini"], "CausalLM needs causal=True"),
        (["--corpus", "nowhere.txt"], "nowhere.txt is no text file; the shipped corpora are"),
        (["--tokenizer", "bpe-9"], "unknown tokenizer 'bpe-9'"),
        (["--mask-rate", "0", "--objective", "mlm", "--preset", "bert-mini"], "rate 0.0"),
    ],
)
def test_bad_input_gets_one_line(tmp_path, corpus, capsys, changes, message):
    arguments = train(tmp_path / "run", corpus, "--steps", 2)
    if "--preset" in changes and "bert-mini" in changes and "--objective" not in changes:
        changes = [*changes, "--tokenizer", "bpe-1024"]
    assert main([*arguments, *changes]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()
