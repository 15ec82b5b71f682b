"""Pieces of a batch, and processes with a piece each, learn what the whole batch teaches."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from every_model import DISTILLATIONS, MODELS, make_batch
from safetensors.torch import load_file

from lmcore import CausalLM, Electra, MaskedLM, load_checkpoint
from lmcore.objectives import counts, rows_of
from lmcore.parallel import Team, checkpoint_activations
from lmcore.world import World

HERE = World(torch.device("cpu"))
TRAINED = MODELS | DISTILLATIONS
# Nats, over 12 steps in fp32 and read from a log of four digits: sums are rounded in another
# order. Muon orthogonalizes in bf16, which makes more of it.
LOSS_WITHIN = {"adamw": 1e-4, "muon": 5e-4}


def uneven(rows=6):
    """Texts of which each has another number of tokens, and of masks."""
    batch = make_batch(rows=rows)
    length = batch["input_ids"].shape[1]
    masks = [(row, place) for row in range(rows) for place in range(1 + row % 3)]
    batch["masked_positions"] = torch.tensor([row * length + place for row, place in masks])
    ids = torch.randint(1, 41, (len(masks),), generator=torch.Generator().manual_seed(1))
    ids[2] = -100  # a place that a short text left over
    return batch | {"masked_ids": ids}


def test_rows_take_their_masks_along():
    batch = uneven()
    pieces = [rows_of(batch, 0, 2), rows_of(batch, 2, 6)]
    ids = batch["input_ids"].flatten()
    seen = [p["input_ids"].flatten()[p["masked_positions"]] for p in pieces]
    assert torch.equal(torch.cat(seen), ids[batch["masked_positions"]])
    assert torch.equal(torch.cat([p["masked_ids"] for p in pieces]), batch["masked_ids"])
    for name, whole in counts(batch).items():
        assert whole == sum(counts(piece)[name] for piece in pieces)
    with pytest.raises(ValueError, match=r"odd of shape \(5,\) has no row for each text"):
        rows_of(batch | {"odd": torch.zeros(5)}, 0, 2)


def gradients(name, accumulate, prepare=lambda model: None):
    torch.manual_seed(0)
    model = TRAINED[name]().double().train()
    prepare(model)
    loss = Team(model, HERE, accumulate=accumulate).backward(uneven(), None, seed=0)
    return loss, {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("accumulate", [2, 4, 6])
def test_pieces_add_up_to_the_whole_batch(name, accumulate, monkeypatch):
    # ELECTRA's draws depend on those before them, and a piece has fewer: take the likeliest.
    monkeypatch.setattr("lmcore.electra.draw", lambda logits: logits.argmax(-1))
    loss, whole = gradients(name, 1)
    torch.manual_seed(0)
    assert loss.item() == pytest.approx(TRAINED[name]().double().loss(uneven()).item(), abs=1e-12)
    in_pieces, pieces = gradients(name, accumulate)
    assert in_pieces.item() == pytest.approx(loss.item(), abs=1e-12)
    assert whole.keys() == pieces.keys()
    for parameter, gradient in whole.items():
        torch.testing.assert_close(pieces[parameter], gradient, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("kind", [CausalLM, MaskedLM])
def test_a_plain_mean_over_pieces_would_be_wrong(kind):
    """What the weights are for: the masks of a batch do not fall evenly."""
    torch.manual_seed(0)
    name = "CausalLM, GPT-1" if kind is CausalLM else "MaskedLM, BERT"
    model, batch = MODELS[name]().double(), uneven()
    plain = sum(model.loss(rows_of(batch, i, i + 1)).item() for i in range(6)) / 6
    assert abs(plain - model.loss(batch).item()) > 1e-3


def test_checkpointed_activations_change_nothing():
    def with_dropout(model):
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.3
            if hasattr(module, "dropout") and isinstance(module.dropout, float):
                module.dropout = 0.3

    def less_memory(model):
        with_dropout(model)
        checkpoint_activations(model)

    for name in ("CausalLM, GPT-3", "MaskedLM, ALBERT"):
        loss, plain = gradients(name, 2, with_dropout)
        again, recomputed = gradients(name, 2, less_memory)
        assert loss == again
        assert all(torch.equal(plain[n], recomputed[n]) for n in plain)
        assert plain.keys() == recomputed.keys()


def test_a_batch_that_cannot_be_cut_is_refused():
    team = Team(MODELS["MaskedLM, BERT"](), HERE, accumulate=7)
    with pytest.raises(ValueError, match="a batch of 6 texts cannot be cut into 7 pieces"):
        team.backward(uneven(), None, seed=0)
    batch = uneven()
    batch["masked_ids"][0] = -100
    with pytest.raises(ValueError, match="a piece of the batch has no masked to learn from"):
        Team(MODELS["MaskedLM, BERT"](), HERE, accumulate=6).backward(batch, None, seed=0)


def test_sharding_needs_torchrun():
    with pytest.raises(ValueError, match="start them with torchrun"):
        Team(MODELS["CausalLM, GPT-1"](), HERE, shard=True)


WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from test_parallel import LEARNED, TRAINED, Uneven
import lmcore.electra
from lmcore import Recipe
from lmcore.run import Run, train_in_folder

lmcore.electra.draw = lambda logits: logits.argmax(-1)  # a process has dice of its own
for name, optimizer in LEARNED:
    for fsdp in (False, True):
        torch.manual_seed(0)
        recipe = Recipe(learning_rate=3e-3, optimizer=optimizer, eps=1e-4)
        run = Run(steps=12, recipe=recipe, log_every=1, save_every=8, fsdp=fsdp, accumulate=2)
        folder = f"{sys.argv[2]}/{name} {optimizer} {fsdp}"
        validate = lambda model: model.loss(Uneven()[99]).item()
        train_in_folder(TRAINED[name](), Uneven(), run, folder, device="cpu", validate=validate)
"""
LEARNED = [
    ("CausalLM, GPT-3", "adamw"),
    ("MaskedLM, BERT", "adamw"),
    ("MaskedLM, ALBERT", "muon"),
    ("Electra", "adamw"),  # whose two networks share a table
    ("DistilLoss", "adamw"),
    ("TinyBERTLoss", "adamw"),
]


class Uneven:
    def __getitem__(self, step):
        generator = torch.Generator().manual_seed(step)
        batch = uneven(rows=8)
        return batch | {
            "input_ids": batch["input_ids"].roll(step % 5, 0),
            "pair_labels": torch.randint(2, (8,), generator=generator),
        }


def torchrun(processes, *arguments, **more):
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    command += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line.get("loss", line.get("validation_loss")) for line in lines]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same runs by 1, 2 and 4 processes."""
    root = tmp_path_factory.mktemp("runs")
    (root / "worker.py").write_text(WORKER)
    here = Path(__file__).parent
    for count in (1, 2, 4):
        done = torchrun(count, root / "worker.py", here, root / str(count))
        _, err = done.communicate(timeout=600)
        assert done.returncode == 0, err[-3000:]
    return root


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("fsdp", [False, True])
@pytest.mark.parametrize(("name", "optimizer"), LEARNED)
def test_as_many_processes_as_you_like_learn_the_same(runs, name, optimizer, fsdp, count):
    one, many = (
        runs / folder
        for folder in (f"1/{name} {optimizer} False", f"{count}/{name} {optimizer} {fsdp}")
    )
    assert len(metrics(one)) == len(metrics(many)) == 14
    assert metrics(many) == pytest.approx(metrics(one), abs=LOSS_WITHIN[optimizer])
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (one, many))
    assert ours.keys() == theirs.keys()
    left = load_checkpoint(many)
    assert left.config == load_checkpoint(one).config
    assert type(left) in (CausalLM, MaskedLM, Electra)  # of a distillation, the student


def command(folder, corpus, *more):
    return [
        "-m", "lmcore", "train", "--preset", "gpt-mini", "--objective", "clm", "--length", "16",
        "--batch-size", "4", "--steps", "40", "--save-every", "5", "--log-every", "5", "--device",
        "cpu", "--corpus", corpus, "--out", folder, *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text(
        "\n\n".join(f"Paragraph {n}: a king was born in {1500 + n}." for n in range(90))
    )
    return path


def children_of(process):
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(number) for number in found]


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers in /proc")
@pytest.mark.parametrize("flags", [[], ["--fsdp"]])
def test_a_killed_worker_takes_nothing_with_it(tmp_path, corpus, flags):
    whole = torchrun(2, *command(tmp_path / "whole", corpus, *flags))
    out, err = whole.communicate(timeout=500)
    assert whole.returncode == 0, err[-2000:]
    assert out.count("step 40 of 40  loss") == 1  # one of the two speaks

    killed = torchrun(2, *command(tmp_path / "killed", corpus, *flags))
    for line in killed.stdout:
        if line.startswith("step 10 of 40  validation"):
            os.kill(children_of(killed)[-1], signal.SIGKILL)
            break
    killed.communicate(timeout=500)
    assert killed.returncode != 0
    assert not (tmp_path / "killed" / "model.safetensors").exists()

    again = torchrun(2, *command(tmp_path / "killed", corpus, *flags, "--resume"))
    out, err = again.communicate(timeout=500)
    assert again.returncode == 0, err[-2000:]
    assert out.startswith("going on at step ")
    one, two = (load_file(tmp_path / n / "model.safetensors") for n in ("whole", "killed"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "killed")


@pytest.mark.timeout(600)
def test_what_one_process_finds_wrong_is_said_once_and_ends_all(tmp_path, corpus):
    (tmp_path / "run").write_text("a file stands where the folder should be")
    refused = torchrun(2, *command(tmp_path / "run", corpus))
    _, err = refused.communicate(timeout=500)
    assert refused.returncode != 0
    assert sum(line.startswith("lmcore train: ") for line in err.splitlines()) == 1
