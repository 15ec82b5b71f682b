"""The checkpoints that ship keep what their cards promise, on articles that nothing has seen."""

import json

import pytest
import torch

from lmcore import MaskedLM, Tokenizer, load_checkpoint
from lmcore.checkpoint import shipped_checkpoint
from lmcore.cli import main
from lmcore.data import load_wikipedia
from lmcore.measure import masked_scores
from lmcore.objectives import Masking, PairPacking, SentencePairs

FOLDER = shipped_checkpoint("bert-mini")


@pytest.fixture(scope="module")
def held_out():
    tokenizer = Tokenizer.load(FOLDER / "tokenizer.json")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)
    masking = Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip
    documents = (d.sentences for d in load_wikipedia("test"))
    batches = SentencePairs.encode(documents, tokenizer, packing).batches(64, 0, masking)
    return [batches[i] for i in range(16)]


def test_bert_mini_scores_on_test_articles_as_its_log_says(held_out):
    model = load_checkpoint(FOLDER)
    assert isinstance(model, MaskedLM)
    scores = masked_scores(model, held_out)
    log = [json.loads(line) for line in (FOLDER / "metrics.jsonl").read_text().splitlines()]
    (said,) = [line for line in log if line["split"] == "test" and line["length"] == 64]
    assert scores.accuracy >= 0.38
    assert scores.accuracy == pytest.approx(said["accuracy"], abs=0.003)  # weights ship in fp16
    assert scores.loss == pytest.approx(said["loss"], abs=0.01)
    assert scores.pair_accuracy == pytest.approx(said["pair_accuracy"], abs=0.01)
    assert scores.pair_accuracy > 0.65


def test_bert_mini_is_small_and_reads_both_sides(held_out):
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4e6
    model = load_checkpoint(FOLDER)
    batch = {name: tensor[:4] for name, tensor in held_out[0].items() if tensor.ndim == 2}
    with torch.no_grad():
        before = model(batch)
        changed = batch | {"input_ids": batch["input_ids"].clone()}
        changed["input_ids"][:, 40] = 500
        assert not torch.allclose(before[:, :40], model(changed)[:, :40], atol=1e-3)


def test_it_answers_by_its_name(capsys):
    text = "berlin is the capital and largest [MASK] of germany."
    assert main(["fill-mask", "bert-mini", "--text", text]) == 0
    assert "  city" in capsys.readouterr().out
