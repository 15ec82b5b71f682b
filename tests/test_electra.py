"""ELECTRA's pair: what is replaced, what is counted, what is shared, and what flows back."""

import json

import pytest
import torch
import torch.nn.functional as F
from every_model import BARE, make_batch
from safetensors.torch import load_file

import lmcore.electra
from lmcore import (
    Discriminator,
    Electra,
    MaskedLM,
    Tokenizer,
    count_parameters,
    load_checkpoint,
    preset,
    save_checkpoint,
)
from lmcore.cli import main
from lmcore.electra import draw
from lmcore.measure import detection_scores
from lmcore.objectives import Masking, mask_tokens

CONFIG = BARE.replace(embedding_size=10, project=True)
SMALL = CONFIG.replace(hidden_size=6, feed_forward_size=24)
MASKING = Masking(
    mask_id=4, special_ids=(0, 1, 2, 3, 4), vocab_size=41, rate=0.3, share_masked=1.0,
    share_random=0.0,
)  # fmt: skip


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Electra(CONFIG, SMALL).double().eval()


@pytest.fixture
def text():
    batch = make_batch(seed=3)
    return {name: batch[name] for name in ("input_ids", "attention_mask", "segment_ids")}


@pytest.fixture
def batch(text):
    return mask_tokens(text, MASKING, torch.Generator().manual_seed(0))


def favoring(ids):
    """Logits (M, V) that leave no doubt."""
    return 1e4 * F.one_hot(ids.clamp(min=0), 41).double()


def test_a_lucky_draw_is_an_original(model, batch, text):
    judged = model.replace(batch, favoring(batch["masked_ids"]))
    assert torch.equal(judged["input_ids"], text["input_ids"])
    assert judged["replaced"].sum() == 0


def test_every_other_draw_is_a_replacement_and_stands_in_the_text(model, batch, text):
    wrong = (batch["masked_ids"] + 1) % 41
    judged = model.replace(batch, favoring(wrong))
    asked = batch["masked_ids"] >= 0
    places = batch["masked_positions"][asked]
    assert torch.equal(judged["input_ids"].flatten()[places], wrong[asked])
    assert judged["replaced"].flatten()[places].all()
    assert judged["replaced"].sum() == asked.sum()
    elsewhere = judged["replaced"] == 0
    assert torch.equal(judged["input_ids"][elsewhere], text["input_ids"][elsewhere])


def test_places_left_over_stay_as_they_are(model, batch):
    assert (batch["masked_ids"] < 0).any()  # the short texts have fewer tokens to hide
    judged = model.replace(batch, torch.zeros(len(batch["masked_ids"]), 41).double())
    left = batch["masked_positions"][batch["masked_ids"] < 0]
    assert judged["replaced"].flatten()[left].sum() == 0
    assert torch.equal(judged["input_ids"].flatten()[left], batch["input_ids"].flatten()[left])


def test_draws_follow_the_softmax():
    torch.manual_seed(0)
    logits = torch.tensor([2.0, 0.0, 1.0, -3.0])
    drawn = draw(logits.expand(40_000, 4))
    shares = torch.bincount(drawn, minlength=4) / 40_000
    torch.testing.assert_close(shares, logits.softmax(0), atol=0.01, rtol=0)


def test_the_loss_is_one_plus_fifty_of_the_other(model, batch):
    torch.manual_seed(5)
    logits = model.generator(batch).flatten(0, 1)[batch["masked_positions"]]
    generator = F.cross_entropy(logits, batch["masked_ids"])
    judged = model.replace(batch, logits)
    discriminator = model.discriminator.loss(judged)
    torch.manual_seed(5)
    torch.testing.assert_close(model.loss(batch), generator + 50 * discriminator)
    torch.manual_seed(5)
    torch.testing.assert_close(tuple(model.losses(batch)), (generator, discriminator))


def test_a_part_of_a_batch_is_told_by_what_its_means_are_over(model, batch):
    """Many processes weigh each mean by its own count (lmcore.parallel)."""
    torch.manual_seed(0)
    terms = model.terms(batch)
    torch.manual_seed(0)
    losses = model.losses(batch)
    assert terms.keys() == {"masked", "tokens"}
    torch.testing.assert_close(terms["masked"], losses.generator)
    torch.testing.assert_close(terms["tokens"], 50 * losses.discriminator)


def test_the_discriminator_sends_the_generator_nothing(model, batch):
    model.losses(batch).discriminator.backward()
    own = {n: p.grad for n, p in model.generator.named_parameters() if "embeddings" not in n}
    assert own
    assert all(grad is None for grad in own.values())
    assert model.discriminator.transformer.embeddings.token.weight.grad.abs().sum() > 0


def test_the_generator_teaches_the_common_embeddings_too(model, batch):
    model.losses(batch).generator.backward()
    assert model.discriminator.transformer.embeddings.position.weight.grad.abs().sum() > 0
    assert model.discriminator.predict.weight.grad is None


def test_padding_counts_for_nothing(model, batch):
    judged = model.replace(batch, favoring(batch["masked_ids"] + 1))
    padded = judged["input_ids"].masked_fill(~judged["attention_mask"], 7)
    changed = judged | {"input_ids": padded, "replaced": judged["replaced"].clone()}
    changed["replaced"][~judged["attention_mask"]] = 1
    torch.testing.assert_close(model.detection_loss(judged), model.detection_loss(changed))


def test_embeddings_are_one_object_and_count_once(model):
    both = count_parameters(model.generator) + count_parameters(model.discriminator)
    shared = count_parameters(model.discriminator.transformer.embeddings)
    assert model.generator.transformer.embeddings is model.discriminator.transformer.embeddings
    assert count_parameters(model) == both - shared
    assert model.generator.transformer.project is not model.discriminator.transformer.project


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embedding_size": 5}, "one embedding_size: the discriminator has 10, the generator 5"),
        ({"vocab_size": 40}, "one vocab_size"),
        ({"num_segments": 0}, "one num_segments"),
        ({"causal": True}, "MaskedLM needs causal=False"),
    ],
)
def test_a_generator_that_does_not_fit_is_refused_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        Electra(CONFIG, SMALL.replace(**change))
    assert "\n" not in str(caught.value)


def test_scores_are_counted_token_by_token(model, batch, monkeypatch):
    wrong = (batch["masked_ids"] + 1) % 41
    wrong[0] = batch["masked_ids"][0]  # one lucky draw
    monkeypatch.setattr(lmcore.electra, "draw", lambda logits: wrong)
    real, asked = batch["attention_mask"], int((batch["masked_ids"] >= 0).sum())
    judged = model.replace(batch, favoring(wrong))
    found, truth = model(judged) > 0, judged["replaced"].bool()
    scores = detection_scores(model, [batch, batch])
    assert scores.replaced == pytest.approx((asked - 1) / asked)
    assert scores.detected == pytest.approx(found[truth].float().mean().item())
    assert scores.false_alarms == pytest.approx(found[real & ~truth].float().mean().item())
    assert scores.discriminator == pytest.approx(model.detection_loss(judged).item())
    assert scores.loss == pytest.approx(scores.generator + 50 * scores.discriminator)
    doubts = model(judged)
    pairs = doubts[truth][:, None] > doubts[real & ~truth][None]
    assert scores.auc == pytest.approx(pairs.double().mean().item())
    share = torch.tensor([truth.sum() / real.sum()]).double()
    assert scores.majority == pytest.approx(torch.distributions.Bernoulli(share).entropy().item())


def test_a_discriminator_that_answers_alike_everywhere_ranks_by_chance(model, batch):
    torch.nn.init.zeros_(model.discriminator.predict.weight)
    assert detection_scores(model, [batch]).auc == 0.5


def test_scores_leave_the_dice_as_they_were(model, batch):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    first = detection_scores(model, [batch])
    assert torch.equal(torch.rand(1), expected)
    assert detection_scores(model, [batch]) == first


def test_a_checkpoint_keeps_what_is_shared_once_and_shared(model, batch, tmp_path):
    save_checkpoint(model, tmp_path)
    names = load_file(tmp_path / "model.safetensors").keys()
    assert sum("embeddings.token" in name for name in names) == 1
    again = load_checkpoint(tmp_path).double()
    assert isinstance(again, Electra)
    assert again.generator.config == SMALL
    assert again.generator.transformer.embeddings is again.discriminator.transformer.embeddings
    torch.testing.assert_close(again(batch), model(batch))
    torch.testing.assert_close(again.generator(batch), model.generator(batch))


def test_a_checkpoint_with_a_generator_that_is_none_is_refused(model, tmp_path):
    save_checkpoint(model, tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    content["model"]["generator"]["widht"] = 3
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="cannot be built"):
        load_checkpoint(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What ``lmcore train --objective rtd`` leaves behind."""
    folder = tmp_path_factory.mktemp("rtd") / "run"
    corpus = folder.parent / "text.txt"
    corpus.write_text(
        "The sea is wide. The land is old.\n\nA town has a harbor. It is small.\n" * 30
    )
    line = ["train", "--preset", "electra-mini", "--objective", "rtd", "--corpus", str(corpus)]
    line += ["--steps", "4", "--length", "16", "--batch-size", "4", "--device", "cpu"]
    assert main([*line, "--out", str(folder), "--save-every", "2"]) == 0
    return folder


def test_the_command_line_trains_the_pair_and_both_parts_answer(trained, capsys):
    assert main(["detect", str(trained), "--text", "the sea is old"]) == 0
    assert "of 4 tokens look replaced" in capsys.readouterr().out
    assert main(["fill-mask", str(trained), "--text", "the [MASK] is old"]) == 0
    assert "[MASK] 1" in capsys.readouterr().out
    lines = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "validation_loss" in line] == [2, 4]


def test_the_discriminator_is_exported_and_answers_equally_in_transformers(trained, tmp_path):
    transformers = pytest.importorskip("transformers")
    assert main(["export", str(trained), str(tmp_path)]) == 0
    theirs = transformers.ElectraForPreTraining.from_pretrained(tmp_path).eval()
    ids = torch.tensor([[2, 300, 301, 302, 3]])
    ours = load_checkpoint(trained)
    assert isinstance(ours.discriminator, Discriminator)
    with torch.no_grad():
        torch.testing.assert_close(
            theirs(ids).logits, ours({"input_ids": ids}), atol=1e-5, rtol=1e-5
        )


def test_rtd_needs_a_preset_with_a_generator(capsys, tmp_path):
    line = ["train", "--preset", "bert-mini", "--objective", "rtd", "--corpus", "wikipedia"]
    assert main([*line, "--steps", "1", "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "--preset has no generator for rtd: one of electra-small" in said
    assert said.count("\n") == 1


def test_the_books_pair_fits_and_the_papers_do():
    for name in ("electra-mini", "electra-small", "electra-base", "electra-large"):
        with torch.device("meta"):
            pair = Electra(preset(name), preset(f"{name}-generator"))
        assert isinstance(pair.generator, MaskedLM)
        share = pair.generator.config.hidden_size / pair.config.hidden_size
        assert 1 / 4 <= share <= 1 / 2, name
    assert preset("electra-mini").vocab_size == len(Tokenizer.load("wordpiece-2048"))
