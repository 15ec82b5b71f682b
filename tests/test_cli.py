"""The commands as a reader types them."""

import json
import subprocess
import sys

import pytest

from lmcore.cli import main


def test_params_prints_the_ledger_and_ends_in_the_total(capsys):
    assert main(["params", "gpt1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "total 116534784"
    assert any("token embeddings" in line and "31,087,104" in line for line in lines)


def test_params_as_json_adds_up(capsys):
    assert main(["params", "bert-base", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["total"] == sum(part["parameters"] for part in out["parts"]) == 109_482_240


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


@pytest.mark.parametrize("arguments", [["--help"], ["params", "--help"], ["presets", "--help"]])
def test_help_everywhere(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "usage: lmcore" in capsys.readouterr().out
