"""The checkpoints that ship keep what their cards promise, on articles that nothing has seen."""

import json

import pytest
import torch
import transformers

from lmcore import (
    Electra,
    MaskedLM,
    Tokenizer,
    count_parameters,
    export_hf,
    load_checkpoint,
)
from lmcore.checkpoint import shipped_checkpoint
from lmcore.cli import main
from lmcore.data import load_wikipedia
from lmcore.measure import detection_scores, masked_scores
from lmcore.objectives import Masking, PairPacking, SentencePairs

FOLDER = shipped_checkpoint("bert-mini")


def unseen_articles(checkpoint, count, pairs, **rule):
    """Batches of 64 hidden texts, in the checkpoint's tokens."""
    tokenizer = Tokenizer.load(checkpoint / "tokenizer.json")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)
    masking = Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()), **rule,
    )  # fmt: skip
    documents = (d.sentences for d in load_wikipedia("test"))
    encoded = SentencePairs.encode(documents, tokenizer, packing)
    batches = encoded.batches(64, 0, masking, pairs=pairs)
    return [batches[i] for i in range(count)]


@pytest.fixture(scope="module")
def held_out():
    return unseen_articles(FOLDER, 16, pairs=True)


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


@pytest.mark.parametrize("name", ["bert-mini", "albert-mini", "distilbert-mini"])
def test_it_answers_by_its_name(name, capsys):
    text = "berlin is the capital and largest [MASK] of germany."
    assert main(["fill-mask", name, "--text", text]) == 0
    assert "  city" in capsys.readouterr().out


ALBERT = shipped_checkpoint("albert-mini")


def test_albert_mini_scores_as_its_log_says_with_a_quarter_of_the_parameters():
    model = load_checkpoint(ALBERT)
    scores = masked_scores(model, unseen_articles(ALBERT, 16, pairs=False))
    log = [json.loads(line) for line in (ALBERT / "metrics.jsonl").read_text().splitlines()]
    (said,) = [line for line in log if line["split"] == "test"]
    assert scores.accuracy == pytest.approx(said["accuracy"], abs=0.003)  # weights ship in fp16
    assert scores.loss == pytest.approx(said["loss"], abs=0.01)
    assert (len(model.transformer.blocks), model.config.num_layers) == (1, 4)
    assert 3.5 * count_parameters(model) < count_parameters(load_checkpoint(FOLDER))
    assert sum(path.stat().st_size for path in ALBERT.iterdir()) < 1e6


STUDENT = shipped_checkpoint("distilbert-mini")


def test_the_student_scores_as_its_log_says_and_near_its_teacher(held_out):
    texts = [{n: t for n, t in b.items() if n != "pair_labels"} for b in held_out]
    student, teacher = load_checkpoint(STUDENT), load_checkpoint(FOLDER)
    log = [json.loads(line) for line in (STUDENT / "metrics.jsonl").read_text().splitlines()]
    (said,) = [line for line in log if line["split"] == "test"]
    scores, best = masked_scores(student, texts), masked_scores(teacher, texts)
    # the log's texts are true continuations, these are half of them pairs
    assert scores.accuracy == pytest.approx(said["accuracy"], abs=0.03)
    assert 0.8 * best.accuracy < scores.accuracy < best.accuracy
    assert (student.config.num_layers, teacher.config.num_layers) == (2, 4)
    assert sum(path.stat().st_size for path in STUDENT.iterdir()) < 2e6


@pytest.mark.parametrize(
    ("folder", "name"), [(STUDENT, "DistilBertForMaskedLM"), (ALBERT, "AlbertForMaskedLM")]
)
def test_it_is_to_transformers_what_its_card_says(folder, name, tmp_path):
    model = load_checkpoint(folder)
    assert export_hf(model, tmp_path) == name
    theirs = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    texts = unseen_articles(folder, 1, pairs=False)[0]
    batch = {name: texts[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        logits = theirs(**batch).logits
        torch.testing.assert_close(model(batch), logits, atol=1e-4, rtol=1e-4)


PAIR = shipped_checkpoint("electra-mini")


def hidden_batches(count):
    return unseen_articles(PAIR, count, pairs=False, share_masked=1.0, share_random=0.0)


def test_the_pair_detects_on_test_articles_as_its_log_says():
    pair = load_checkpoint(PAIR)
    assert isinstance(pair, Electra)
    scores = detection_scores(pair, hidden_batches(16))
    log = [json.loads(line) for line in (PAIR / "metrics.jsonl").read_text().splitlines()]
    (said,) = [line for line in log if line["split"] == "test"]
    for name, value in vars(scores).items():
        assert value == pytest.approx(said[name], rel=0.02, abs=0.01), name  # ships in fp16
    assert scores.discriminator < 0.86 * scores.majority  # more than how many are replaced
    assert scores.auc > 0.75
    assert sum(path.stat().st_size for path in PAIR.iterdir()) < 2.5e6


@pytest.mark.parametrize(
    ("part", "name"),
    [("discriminator", "ElectraForPreTraining"), ("generator", "ElectraForMaskedLM")],
)
def test_either_network_is_an_electra_to_transformers(part, name, tmp_path):
    model = getattr(load_checkpoint(PAIR), part)
    assert export_hf(model, tmp_path) == name
    theirs = getattr(transformers, name).from_pretrained(tmp_path).eval()
    batch = {name: t for name, t in hidden_batches(1)[0].items() if t.ndim == 2}
    with torch.no_grad():
        logits = theirs(
            batch["input_ids"],
            attention_mask=batch["attention_mask"],
            token_type_ids=batch["segment_ids"],
        ).logits
        seen = batch["attention_mask"].bool()
        torch.testing.assert_close(model(batch)[seen], logits[seen], atol=1e-4, rtol=1e-4)


def test_the_pair_answers_by_its_name(capsys):
    text = "he was the of president of the united states."
    assert main(["detect", "electra-mini", "--text", text]) == 0
    judged = capsys.readouterr().out.splitlines()
    assert judged[3].startswith("* ")
    assert judged[3].endswith("  of")  # the second one fits
    assert judged[5].startswith("  ")
    assert judged[5].endswith("  of")
    text = "berlin is the capital and largest [MASK] of germany."
    assert main(["fill-mask", "electra-mini", "--text", text]) == 0
    assert "  city" in capsys.readouterr().out
