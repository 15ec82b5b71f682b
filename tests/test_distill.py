"""Distillation: values worked out by hand, what padding must not do, what bad input gets."""

import math

import pytest
import torch
import torch.nn.functional as F
from every_model import ALBERT, BERT, DISTILLATIONS, NARROW, SHALLOW, make_batch

from lmcore import MaskedLM, Recipe, SequenceClassifier, Trace, train
from lmcore.distill import (
    DistilLoss,
    PredictionLoss,
    TinyBERTLoss,
    init_student,
    layer_map,
    soft_target_loss,
    spread_layers,
)
from lmcore.distill.tinybert import squared_error
from lmcore.train import build_optimizer, train_step


def made(kind, config, *more, seed=0, **named):
    torch.manual_seed(seed)
    return kind(config, *more, **named).eval()


def test_soft_targets_worked_out_by_hand():
    """Teacher odds 3 : 1 and student odds 1 : 1 at T = 2: KL = ln 2 - H(3/4)."""
    teacher, student = torch.tensor([[2 * math.log(3), 0.0]]), torch.zeros(1, 2)
    kl = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert soft_target_loss(student, teacher, 2.0).item() == pytest.approx(4 * kl, rel=1e-5)
    assert soft_target_loss(teacher, teacher, 2.0).item() == pytest.approx(0.0, abs=1e-6)
    # the other direction is another number: 1/2 ln(2/3) + 1/2 ln 2
    other = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert soft_target_loss(teacher, student, 2.0).item() == pytest.approx(4 * other, rel=1e-5)


def test_the_square_of_t_keeps_the_gradient_in_scale():
    """At high temperature the gradient of T²·KL tends to that of half the squared difference of
    centered logits, over V, and no longer depends on T (Hinton et al. 2015, equation 4)."""
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(3, 7, generator=generator).requires_grad_()
    teacher = torch.randn(3, 7, generator=generator)
    gradients = []
    for temperature in (100.0, 1000.0):
        (gradient,) = torch.autograd.grad(soft_target_loss(student, teacher, temperature), student)
        gradients.append(gradient * 3)
    centered = (student - student.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0.05, atol=1e-3)
    torch.testing.assert_close(gradients[1], centered.detach() / 7, rtol=0.01, atol=1e-4)


def test_at_temperature_1_the_gradient_is_the_soft_cross_entropys():
    student = torch.randn(4, 5, requires_grad=True)
    teacher = torch.randn(4, 5)
    one = torch.autograd.grad(soft_target_loss(student, teacher, 1.0), student)[0]
    two = torch.autograd.grad(F.cross_entropy(student, teacher.softmax(-1)), student)[0]
    torch.testing.assert_close(one, two)


def test_rows_left_out_count_for_nothing():
    student, teacher = torch.randn(6, 5), torch.randn(6, 5)
    keep = torch.tensor([1, 0, 1, 0, 0, 1]).bool()
    torch.testing.assert_close(
        soft_target_loss(student, teacher, 2.0, keep),
        soft_target_loss(student[keep], teacher[keep], 2.0),
    )
    found = squared_error(student, teacher, keep[:, None])
    torch.testing.assert_close(found, F.mse_loss(student[keep], teacher[keep]))
    hidden = torch.full((6, 5), float("-inf"))
    torch.testing.assert_close(
        squared_error(
            student.where(keep[:, None], hidden), teacher.where(keep[:, None], hidden),
            keep[:, None],
        ),
        found,
    )  # fmt: skip


def test_the_papers_layers():
    assert spread_layers(6, 12) == (0, 2, 4, 7, 9, 11)  # DistilBERT's code
    assert spread_layers(2, 4) == (0, 3)
    assert spread_layers(1, 12) == (0,)
    assert spread_layers(12, 12) == tuple(range(12))
    assert layer_map("uniform", 4, 12) == (3, 6, 9, 12)  # TinyBERT, g(m) = 3m
    assert layer_map("top", 4, 12) == (9, 10, 11, 12)
    assert layer_map("bottom", 4, 12) == (1, 2, 3, 4)
    for call in (lambda: spread_layers(5, 4), lambda: layer_map("top", 0, 4)):
        with pytest.raises(ValueError, match="from 1 to the teacher's 4"):
            call()
    with pytest.raises(ValueError, match="layer map 'middle' is unknown: uniform, top, bottom"):
        layer_map("middle", 2, 4)


def test_a_student_of_all_layers_answers_like_its_teacher():
    teacher, batch = made(MaskedLM, BERT, pair_head=True), make_batch()
    student = made(MaskedLM, BERT, seed=1)
    assert not torch.allclose(student(batch), teacher(batch), atol=1e-2)
    init_student(student, teacher, (0, 1, 2))
    torch.testing.assert_close(student(batch), teacher(batch))


def test_a_student_starts_from_the_layers_asked_for_and_shares_no_memory():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, SHALLOW, seed=1)
    init_student(student, teacher, (2, 0))
    ours, theirs = student.transformer.blocks, teacher.transformer.blocks
    for mine, other in ((0, 2), (1, 0)):
        assert torch.equal(ours[mine].feed_forward.fc.weight, theirs[other].feed_forward.fc.weight)
    token = student.transformer.embeddings.token.weight
    assert torch.equal(token, teacher.transformer.embeddings.token.weight)
    assert student.transformer.embeddings.segment is None
    assert torch.equal(student.head.bias, teacher.head.bias)
    with torch.no_grad():
        token[3] += 1
    assert not torch.equal(token, teacher.transformer.embeddings.token.weight)


def test_a_teacher_that_shares_its_layers_has_any_of_them_to_give():
    teacher, student = made(MaskedLM, ALBERT), made(MaskedLM, ALBERT.replace(num_layers=1), seed=1)
    init_student(student, teacher, (2,))
    one, other = student.transformer.blocks[0], teacher.transformer.blocks[0]
    assert torch.equal(one.attention.qkv.weight, other.attention.qkv.weight)


def test_distilberts_three_losses_worked_out_by_other_means():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, SHALLOW, seed=1)
    batch = make_batch()
    real, asked = batch["attention_mask"], batch["masked_positions"]
    with torch.no_grad():
        parts = DistilLoss(student, teacher, temperature=3.0).parts(batch)
        total = DistilLoss(student, teacher, temperature=3.0).loss(batch)
        mine, theirs = student(batch)[real], teacher(batch)[real]  # (N, V) each
        chances = (theirs / 3).softmax(-1)
        kl = (chances * ((theirs / 3).log_softmax(-1) - (mine / 3).log_softmax(-1))).sum(-1)
        masked = F.cross_entropy(student(batch).flatten(0, 1)[asked], batch["masked_ids"])
        cosine = F.cosine_embedding_loss(
            student.hidden(batch)[real], teacher.hidden(batch)[real], torch.ones(int(real.sum()))
        )
    torch.testing.assert_close(parts["soft"], 9 * kl.mean())
    torch.testing.assert_close(parts["masked"], masked)
    torch.testing.assert_close(parts["cosine"], cosine)
    torch.testing.assert_close(total, 5 * 9 * kl.mean() + 2 * masked + cosine)


def test_soft_targets_at_the_masked_tokens_alone():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, SHALLOW, seed=1)
    batch = make_batch()
    batch["masked_ids"][1] = -100  # a place left over
    objective = DistilLoss(student, teacher, masked=0, cosine=0, masked_only=True)
    places = batch["masked_positions"][batch["masked_ids"] >= 0]
    mine, theirs = (model(batch).flatten(0, 1)[places] for model in (student, teacher))
    torch.testing.assert_close(objective.parts(batch)["soft"], soft_target_loss(mine, theirs, 2.0))
    assert objective.parts(batch).keys() == {"soft"}


def test_a_weight_of_0_leaves_the_part_and_its_cost_out():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, SHALLOW, seed=1)
    teacher.hidden = None  # asking it would raise
    objective = DistilLoss(student, teacher, soft=0, cosine=0)
    torch.testing.assert_close(objective.loss(make_batch()), 2 * student.loss(make_batch()))


def test_tinyberts_losses_worked_out_by_other_means():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, NARROW, seed=1)
    objective, batch = TinyBERTLoss(student, teacher, (1, 3)), make_batch()
    parts, wanted = objective.parts(batch), {"embedding": 0.0, "hidden": 0.0, "attention": 0.0}
    lengths = batch["attention_mask"].sum(1).tolist()
    errors = {name: [] for name in ("0", "1", "2", "a1", "a2")}
    for row, length in enumerate(lengths):  # one text at a time, so that there is no padding
        mine, theirs = Trace(), Trace()
        for model, trace in ((student, mine), (teacher, theirs)):
            model.transformer(
                batch["input_ids"][row : row + 1, :length],
                segment_ids=batch["segment_ids"][row : row + 1, :length], trace=trace,
            )  # fmt: skip
        project, embed = objective.project_hidden, objective.project_embedding
        for name, one, other in (
            ("0", embed(mine.hidden[0]), theirs.hidden[0]),
            ("1", project(mine.hidden[1]), theirs.hidden[1]),
            ("2", project(mine.hidden[2]), theirs.hidden[3]),
            ("a1", mine.scores[0], theirs.scores[0]),
            ("a2", mine.scores[1], theirs.scores[2]),
        ):
            errors[name].append((one - other).square().flatten())
    means = {name: torch.cat(found).mean() for name, found in errors.items()}
    wanted = {
        "embedding": means["0"], "hidden": means["1"] + means["2"],
        "attention": means["a1"] + means["a2"],
    }  # fmt: skip
    for name, value in wanted.items():
        torch.testing.assert_close(parts[name], value, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(objective.loss(batch), sum(wanted.values()), rtol=1e-4, atol=1e-5)


def test_a_tinybert_equal_to_its_teacher_has_nothing_left_to_learn():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, BERT)
    objective = TinyBERTLoss(student, teacher, (1, 2, 3))
    with torch.no_grad():
        for project in (objective.project_embedding, objective.project_hidden):
            project.weight.copy_(torch.eye(24))
    assert objective.loss(make_batch()).item() == pytest.approx(0.0, abs=1e-9)


def test_predictions_are_the_fine_tuned_teachers():
    teacher = made(SequenceClassifier, BERT, 3)
    student = made(SequenceClassifier, NARROW, 3, seed=1)
    batch = make_batch()
    found = PredictionLoss(student, teacher).loss({k: v for k, v in batch.items() if k != "labels"})
    torch.testing.assert_close(found, soft_target_loss(student(batch), teacher(batch), 1.0))
    with pytest.raises(ValueError, match="num_labels 2 is not the teacher's 3"):
        PredictionLoss(made(SequenceClassifier, NARROW, 2), teacher)


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("DistilLoss", {"tokens", "masked"}),
        ("DistilLoss at masks", {"tokens", "masked"}),
        ("TinyBERTLoss", {"tokens", "pairs"}),
        ("PredictionLoss", {"texts"}),
    ],
)
def test_terms_say_over_what_each_mean_is_taken(name, units):
    """``test_parallel`` shows that the pieces of a batch add up by them."""
    objective, batch = DISTILLATIONS[name]().eval(), make_batch()
    terms = objective.terms(batch)
    assert terms.keys() == units
    torch.testing.assert_close(sum(terms.values()), objective.loss(batch))


def test_soft_targets_and_cosine_are_means_over_tokens():
    teacher, student = made(MaskedLM, BERT), made(MaskedLM, SHALLOW, seed=1)
    objective, batch = DistilLoss(student, teacher, soft=3, masked=0, cosine=2), make_batch()
    parts, terms = objective.parts(batch), objective.terms(batch)
    assert terms.keys() == {"tokens"}
    torch.testing.assert_close(terms["tokens"], 3 * parts["soft"] + 2 * parts["cosine"])


def every_objective():
    yield DistilLoss(made(MaskedLM, SHALLOW, seed=1), made(MaskedLM, BERT))
    yield DistilLoss(made(MaskedLM, SHALLOW, seed=1), made(MaskedLM, BERT), masked_only=True)
    yield TinyBERTLoss(made(MaskedLM, NARROW, seed=1), made(MaskedLM, BERT), (1, 3))
    yield PredictionLoss(
        made(SequenceClassifier, NARROW, 3, seed=1), made(SequenceClassifier, BERT, 3)
    )


@pytest.mark.parametrize("number", range(4))
def test_what_stands_in_the_padding_changes_nothing(number):
    objective, batch = list(every_objective())[number], make_batch()
    padding = ~batch["attention_mask"]
    other = batch | {"input_ids": batch["input_ids"].masked_fill(padding, 7)}
    assert padding.any()
    torch.testing.assert_close(objective.loss(other), objective.loss(batch))


@pytest.mark.parametrize("number", range(4))
def test_train_teaches_the_student_and_leaves_the_teacher(number):
    objective, batch = list(every_objective())[number], make_batch()
    before = {name: tensor.clone() for name, tensor in objective.state_dict().items()}
    history = train(
        objective, [batch] * 30, steps=30, recipe=Recipe(learning_rate=3e-3), device="cpu"
    )
    assert history.losses[-1] < 0.9 * history.losses[0]
    for name, tensor in objective.state_dict().items():
        if name.startswith("teacher."):
            assert torch.equal(tensor, before[name])
    assert objective.config is objective.student.config


@pytest.mark.parametrize("number", range(4))
def test_a_step_on_the_meta_device(number):
    """It has no data, so a stray CPU tensor inside an objective raises."""
    objective = list(every_objective())[number].to("meta")
    batch = {name: tensor.to("meta") for name, tensor in make_batch().items()}
    recipe = Recipe(learning_rate=1e-3)
    loss = train_step(objective, build_optimizer(objective, recipe), batch, recipe, 1e-3)
    assert loss.is_meta
    assert loss.shape == ()


def test_the_teacher_stays_in_eval_mode():
    teacher = made(MaskedLM, BERT.replace(dropout=0.5))
    objective = DistilLoss(made(MaskedLM, SHALLOW), teacher).train()
    assert objective.student.training
    assert not any(module.training for module in teacher.modules())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: DistilLoss(made(MaskedLM, NARROW), t), "hidden_size 12 and 24"),
        (lambda t: DistilLoss(made(MaskedLM, SHALLOW), t, temperature=0), "temperature 0 is not"),
        (
            lambda t: DistilLoss(made(MaskedLM, SHALLOW.replace(vocab_size=40)), t),
            "vocab_size 40 is not the teacher's 41",
        ),
        (
            lambda t: TinyBERTLoss(made(MaskedLM, NARROW.replace(num_heads=2)), t, (1, 3)),
            "num_heads 2 is not the teacher's 3",
        ),
        (lambda t: TinyBERTLoss(made(MaskedLM, NARROW), t, (1,)), "1 layers for a student of 2"),
        (lambda t: TinyBERTLoss(made(MaskedLM, NARROW), t, (0, 3)), "from 1 to 3"),
        (
            lambda t: TinyBERTLoss(
                made(MaskedLM, NARROW), t, (1, 3), embedding=False, hidden=False, attention=False
            ),
            "nothing to imitate",
        ),
        (lambda t: init_student(made(MaskedLM, SHALLOW), t, (0, 3)), "from 0 to 2"),
        (lambda t: init_student(made(MaskedLM, SHALLOW), t, (0,)), "1 layers for a student of 2"),
        (lambda t: init_student(made(MaskedLM, NARROW), t, (0, 1)), "does not fit the student's"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make(made(MaskedLM, BERT))
    assert "\n" not in str(caught.value)
