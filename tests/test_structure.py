"""The house keeps its shape: imports never climb a floor, nothing reads a pickle."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lmcore"
FLOORS = [
    {"config", "presets", "tokenizer", "data", "writing"},
    {"attention", "model", "ledger"},
    {"models", "encoders", "electra", "warm_start", "objectives"},
    {"train", "run", "parallel", "world", "recipe", "recipes", "generate", "checkpoint", "hf"}
    | {"distill", "measure", "squad", "preference", "baselines", "study"},
    {"widgets", "plots", "tables", "cli", "__main__", "__init__"},
]  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def floor_of(name):
    (floor,) = [i for i, rooms in enumerate(FLOORS) if name in rooms]
    return floor


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_never_climb(path):
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "lmcore" and len(parts) > 1:
            assert floor_of(parts[1]) <= floor_of(room(path)), module


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_fit_in_the_head_and_read_no_pickle(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 240
    assert "pickle" not in imported(path)
    assert "torch.load" not in text


def test_the_library_does_not_need_the_widgets():
    assert not any("widgets" in m or "anywidget" in m for m in imported(PACKAGE / "__init__.py"))
