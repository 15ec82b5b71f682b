"""The commands as a reader types them."""

import json
import subprocess
import sys

import pytest
import torch

from lmcore import (
    CausalLM,
    Config,
    Discriminator,
    MaskedLM,
    Tokenizer,
    count_parameters,
    load_checkpoint,
    load_hf,
    save_checkpoint,
)
from lmcore.cli import main

SIZES = dict(context_length=24, hidden_size=16, num_layers=2, num_heads=2, init_std=0.3)
BERT = dict(causal=False, num_segments=2, embedding_norm=True, norm_eps=1e-12)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A causal, a masked and a discriminating checkpoint, each exported too."""
    root = tmp_path_factory.mktemp("models")
    bpe, wordpiece = Tokenizer.load("bpe-512"), Tokenizer.load("wordpiece-2048")
    torch.manual_seed(0)
    bert = Config(vocab_size=2048, pooler=True, **SIZES, **BERT)
    models = {
        "causal": (CausalLM(Config(vocab_size=512, causal=True, pre_norm=True, **SIZES)), bpe),
        "masked": (MaskedLM(bert, pair_head=True), wordpiece),
        "detector": (Discriminator(bert.replace(pooler=False)), wordpiece),
    }
    for name, (model, tokenizer) in models.items():
        save_checkpoint(model, root / name, tokenizer=tokenizer)
        assert main(["export", str(root / name), str(root / f"{name}-hf")]) == 0
    return root


def test_params_prints_the_ledger_and_ends_in_the_total(capsys):
    assert main(["params", "gpt1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "total 116534784"
    assert any("token embeddings" in line and "31,087,104" in line for line in lines)


def test_params_as_json_adds_up(capsys):
    assert main(["params", "bert-base", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["total"] == sum(part["parameters"] for part in out["parts"]) == 109_482_240


def test_params_counts_a_folder_of_either_kind(folders, capsys):
    totals = []
    for name in ("masked", "masked-hf"):
        assert main(["params", str(folders / name)]) == 0
        totals.append(capsys.readouterr().out.splitlines()[-1])
    trunk = load_checkpoint(folders / "masked").transformer
    assert totals == [f"total {count_parameters(trunk)}"] * 2


def test_presets_lists_them_all(capsys):
    assert main(["presets"]) == 0
    assert {"gpt1", "gpt3-175b", "tinybert-4"} <= {
        line.split()[0] for line in capsys.readouterr().out.splitlines()
    }


def test_an_unknown_preset_is_one_line_and_exit_2(capsys):
    assert main(["params", "gtp1"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "did you mean" in captured.err


def test_the_module_runs_as_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "lmcore", "params", "gpt2"], capture_output=True, text=True
    )
    assert done.stdout.endswith("total 124439808\n")
    assert done.returncode == 0


COMMANDS = ["presets", "params", "parity", "export", "generate", "fill-mask", "detect"]


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_everywhere(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "usage: lmcore" in capsys.readouterr().out


def one_line_and_exit_2(arguments, capsys, message):
    """Bad input: a line on stderr, nothing on stdout."""
    try:
        code = main(arguments)
    except SystemExit as left:  # argparse's own way
        code = left.code
    captured = capsys.readouterr()
    assert (code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert message in captured.err


@pytest.mark.parametrize("name", ["causal-hf", "masked-hf", "detector-hf"])
def test_parity_holds_on_what_export_wrote(folders, name, capfd):
    assert main(["parity", str(folders / name)]) == 0
    out, err = capfd.readouterr()
    assert out.splitlines()[-1] == "parity holds: the tolerance is 1e-05"
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["logits", "loss", "gradient"]
    assert err == ""


def test_parity_that_fails_is_exit_1(folders, capsys, monkeypatch):
    from lmcore.model import FeedForward

    plain = FeedForward.forward
    monkeypatch.setattr(FeedForward, "forward", lambda self, x: 1.01 * plain(self, x))
    assert main(["parity", str(folders / "causal-hf")]) == 1
    assert "parity fails" in capsys.readouterr().out


def test_export_brings_the_tokenizer_that_transformers_reads(folders):
    from transformers import AutoModelForPreTraining, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folders / "masked-hf")
    text = "the capital of france is [MASK] ."
    inputs = tokenizer(text, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    assert (tokens[0], tokens[-1], tokenizer.mask_token) == ("[CLS]", "[SEP]", "[MASK]")
    reference = AutoModelForPreTraining.from_pretrained(folders / "masked-hf").eval()
    ours = load_checkpoint(folders / "masked")({"input_ids": inputs["input_ids"]})
    torch.testing.assert_close(reference(**inputs).prediction_logits, ours, atol=1e-5, rtol=0)


def test_generate_is_the_same_from_both_kinds_of_folder(folders, capsys):
    texts = []
    for name in ("causal", "causal-hf", "causal"):
        arguments = ["generate", str(folders / name), "--prompt", "The people", "--tokens", "9"]
        assert main([*arguments, "--seed", str(len(texts) // 2), "--top-k", "50"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("The people")


def test_fill_mask_ranks_candidates_for_each_gap(folders, capsys):
    outs = []
    for name in ("masked", "masked-hf"):
        text = "the [MASK] of france is [MASK] ."
        assert main(["fill-mask", str(folders / name), "--text", text, "--top-k", "3"]) == 0
        outs.append(capsys.readouterr().out)
    lines = outs[0].splitlines()
    assert outs[0] == outs[1]
    assert [line for line in lines if line.startswith("[MASK]")] == ["[MASK] 1", "[MASK] 2"]
    shares = [float(line.split()[0]) for line in lines[1:4]]
    assert len(lines) == 8
    assert shares == sorted(shares, reverse=True)


def test_detect_judges_every_token(folders, capsys):
    outs = []
    for name in ("detector", "detector-hf"):
        assert main(["detect", str(folders / name), "--text", "the chef ate the meal"]) == 0
        outs.append(capsys.readouterr().out)
    lines = outs[0].splitlines()
    starred = sum(line.startswith("*") for line in lines)
    assert outs[0] == outs[1]
    assert lines[-1] == f"{starred} of {len(lines) - 1} tokens look replaced"


def test_export_gives_the_same_weights_back(folders):
    back = load_hf(folders / "masked-hf").state_dict()
    for name, tensor in load_checkpoint(folders / "masked").state_dict().items():
        assert torch.equal(back[name], tensor), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "{}/masked", "--prompt", "a"], "holds a MaskedLM: generate needs a CausalLM"),
        (["fill-mask", "{}/causal", "--text", "[MASK]"], "fill-mask needs a MaskedLM"),
        (["detect", "{}/masked", "--text", "a"], "detect needs a Discriminator"),
        (["fill-mask", "{}/masked", "--text", "no gap"], "--text has no [MASK]"),
        (["fill-mask", "{}/masked", "--text", "[MASK]", "--top-k", "0"], "--top-k 0"),
        (["fill-mask", "{}/masked", "--text", "[MASK] " * 30], "exceeds the position table of 24"),
        (["detect", "{}/detector", "--text", " "], "--text is empty"),
        (["generate", "{}/causal", "--prompt", ""], "the prompt is empty"),
        (["generate", "{}/causal", "--prompt", "a", "--tokens", "0"], "--tokens 0"),
        (["generate", "{}/causal", "--prompt", "a", "--tokens", "x"], "invalid int value"),
        (["generate", "{}/causal", "--prompt", "a", "--temperature", "-1"], "temperature -1.0"),
        (["generate", "{}/nowhere", "--prompt", "a"], "is no folder"),
        (["generate", "{}", "--prompt", "a"], "config.json is missing"),
        (["parity", "{}/causal"], "architectures [] is not supported"),
        (["export", "{}/causal", "{}/causal"], "is the checkpoint itself"),
        (["params", "{}"], "config.json is missing"),
        (["no-such-command"], "invalid choice"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(folders, arguments, message, capsys):
    one_line_and_exit_2([a.replace("{}", str(folders)) for a in arguments], capsys, message)


def test_text_needs_the_model_s_own_tokenizer(folders, tmp_path, capsys):
    model = load_checkpoint(folders / "causal")
    save_checkpoint(model, tmp_path)
    arguments = ["generate", str(tmp_path), "--prompt", "a"]
    one_line_and_exit_2(arguments, capsys, "tokenizer.json is missing")
    Tokenizer.load("wordpiece-2048").save(tmp_path / "tokenizer.json")
    one_line_and_exit_2(arguments, capsys, "has 2048 tokens, the model has only 512")


def test_the_library_alone_brings_no_transformers_and_no_hub():
    code = "import sys, lmcore.cli; print({'transformers', 'huggingface_hub'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
