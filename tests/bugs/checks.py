"""Plain functions that each hold one property of lmcore, and raise AssertionError where it fails.

They look at lmcore from outside, as its tests do; a chapter may call them on its own.
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import lmcore.distill.distilbert
import lmcore.objectives.masking
import lmcore.recipe
from lmcore import (
    Cache,
    CausalClassifier,
    CausalLM,
    Config,
    Electra,
    MaskedLM,
    Recipe,
    count_parameters,
    generate,
    parity,
)
from lmcore.distill import DistilLoss, TinyBERTLoss, layer_map
from lmcore.objectives import (
    IN_ORDER,
    NOT_NEXT,
    OTHER,
    Masking,
    PairPacking,
    SentencePairs,
    WholeSentencePairs,
)
from lmcore.train import train_step

sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))
from checkpoints import make_checkpoint

SIZES = dict(vocab_size=31, context_length=16, hidden_size=12, num_layers=3, num_heads=3)
GPT = Config(**SIZES, causal=True, pre_norm=True, init_std=0.4)
BERT = Config(**SIZES, causal=False, num_segments=2, embedding_norm=True, pooler=True, init_std=0.4)


def texts(rows=2, length=12):
    """Random token ids above the special ones, the same at every call."""
    return torch.randint(5, 31, (rows, length), generator=torch.Generator().manual_seed(1))


def build(kind, *arguments, **more):
    """A model in double precision and eval mode, the same at every call."""
    torch.manual_seed(0)
    return kind(*arguments, **more).double().eval()


@cache
def checkpoint(name):
    """The folder of a tiny random checkpoint that transformers wrote, made once a process."""
    holder = tempfile.TemporaryDirectory()
    make_checkpoint(holder.name, name)
    return holder  # the folder lives as long as this does


def agrees_with_transformers(name):
    """A check: logits, loss and gradients equal the reference's on that checkpoint."""

    def check():
        found = parity(checkpoint(name).name, batches=2)
        assert found.holds, found

    check.__name__ = f"parity with transformers ({name})"
    return check


def no_position_sees_the_future():
    model, ids = build(CausalLM, GPT), texts()
    changed = ids.clone()
    changed[:, 7] = ids[:, 7] % 30 + 1
    assert torch.equal(model(ids)[:, :7], model(changed)[:, :7])


def cache_equals_no_cache():
    model, ids, kept = build(CausalLM, GPT), texts(), Cache()
    pieces = [model(piece, cache=kept) for piece in ids.split([5, 1, 4, 2], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, 1), model(ids))


def padding_changes_no_real_position():
    model, ids = build(MaskedLM, BERT), texts()
    real = torch.arange(12)[None] < torch.tensor([[12], [7]])
    padded = model({"input_ids": ids, "attention_mask": real})
    torch.testing.assert_close(padded[1, :7], model({"input_ids": ids[1:, :7]})[0])


def loss_is_the_mean_over_real_next_tokens():
    model, ids = build(CausalLM, GPT), texts()
    real = torch.arange(12)[None] < torch.tensor([[12], [5]])
    chances = model(ids[:, :-1]).log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    expected = -torch.cat([chances[0], chances[1, :4]]).mean()
    torch.testing.assert_close(model.loss({"input_ids": ids, "attention_mask": real}), expected)


def loss_is_the_mean_over_masked_tokens():
    model, ids = build(MaskedLM, BERT), texts()
    batch = {"input_ids": ids, "masked_positions": torch.tensor([2, 15]), "masked_ids": ids[0, :2]}
    logits = model(batch).flatten(0, 1)[[2, 15]]
    torch.testing.assert_close(model.loss(batch), F.cross_entropy(logits, ids[0, :2]))


def classifier_reads_the_last_real_token():
    torch.manual_seed(0)
    model = CausalClassifier(CausalLM(GPT), 4).double().eval()
    real = torch.arange(12)[None] < torch.tensor([[12], [6]])
    padded = model({"input_ids": texts(), "attention_mask": real})
    alone = model({"input_ids": texts()[1:, :6], "attention_mask": real[1:, :6]})
    torch.testing.assert_close(padded[1:], alone)


def head_is_the_token_table():
    model = build(CausalLM, GPT)
    model.transformer.embeddings.token.weight.data[3] = 0.0
    assert (model(texts())[..., 3] == 0).all()


def positions_start_at_0():
    model = build(CausalLM, GPT)
    model.loss({"input_ids": texts(length=6)}).backward()
    moved = model.transformer.embeddings.position.weight.grad.abs().sum(1) > 0
    assert moved.nonzero().flatten().tolist() == [0, 1, 2, 3, 4]


def eval_mode_repeats_itself():
    model = build(CausalLM, GPT.replace(dropout=0.5))
    assert torch.equal(model(texts()), model(texts()))


def decay_spares_vectors():
    model = build(CausalLM, GPT)
    recipe = Recipe(learning_rate=0.1, weight_decay=0.5)
    optimizer = lmcore.recipe.build_optimizer(model, recipe)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == (
            parameter.ndim < 2 or not before[name].any()
        )


def warmup_ends_at_the_peak():
    recipe = Recipe(learning_rate=1.0, warmup=0.1)
    rates = [recipe.rate(step, 100) for step in range(12)]
    assert rates[0] > 0
    assert max(rates) == rates[9] == 1.0


def a_step_forgets_the_last_gradient():
    model, recipe = nn.Sequential(nn.Linear(3, 1)), Recipe(learning_rate=1e-9, clip=1e9)
    model.loss = lambda batch: model(batch["x"]).mean()
    optimizer = lmcore.recipe.build_optimizer(model, recipe)
    gradients = []
    for _ in range(2):
        train_step(model, optimizer, {"x": torch.ones(2, 3)}, recipe, 1e-9)
        gradients.append(model[0].weight.grad.clone())
    torch.testing.assert_close(gradients[0], gradients[1])


def masked(rows=400, length=30):
    """Texts ``[CLS] … [SEP]`` with padding, before and after masking."""
    ids = torch.randint(5, 200, (rows, length), generator=torch.Generator().manual_seed(3))
    ids[:, 0], ids[:, -5] = 2, 3
    ids[:, -4:] = 0
    masking = Masking(mask_id=4, special_ids=(0, 1, 2, 3, 4), vocab_size=200)
    batch = {"input_ids": ids, "attention_mask": ids != 0}
    generator = torch.Generator().manual_seed(0)
    return ids, lmcore.objectives.masking.mask_tokens(batch, masking, generator)


def special_tokens_stay():
    ids, batch = masked()
    special = ids < 5
    assert torch.equal(batch["input_ids"][special], ids[special])


def of_the_chosen_a_tenth_stays():
    ids, batch = masked()
    chosen = batch["masked_positions"][batch["masked_ids"] >= 0]
    shown = batch["input_ids"].flatten()[chosen]
    shares = [(shown == 4).float().mean(), (shown == ids.flatten()[chosen]).float().mean()]
    torch.testing.assert_close(torch.tensor(shares), torch.tensor([0.8, 0.1]), atol=0.03, rtol=0)


def a_negative_pair_is_of_two_documents():
    documents = [[[10 * d + s] * 3 for s in range(6)] for d in range(1, 4)]
    pairs = SentencePairs(documents, PairPacking(cls_id=2, sep_id=3, length=12))
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        first, second = pairs.pair(NOT_NEXT, generator)
        assert first[0] // 10 != second[0] // 10


def shared_layers_are_one_block():
    shallow, deep = (
        MaskedLM(BERT.replace(num_layers=layers, num_groups=1)).double() for layers in (1, 3)
    )
    assert count_parameters(deep) == count_parameters(shallow)


def whole_pairs():
    """Documents of five sentences of five tokens, of which the last closes the sentence."""
    documents = [[[10 * d + s] * 4 + [9] for s in range(5)] for d in range(1, 4)]
    return WholeSentencePairs(documents, PairPacking(cls_id=2, sep_id=3, length=25))


def a_swap_keeps_both_texts():
    pairs = whole_pairs()
    for seed in range(20):
        kept, swapped = (
            pairs.pair(label, "order", torch.Generator().manual_seed(seed))
            for label in (IN_ORDER, OTHER)
        )
        assert swapped == kept[::-1]


def texts_of_a_pair_end_with_a_sentence():
    for _, first, second in whole_pairs().pairs:
        assert first[-1] == second[-1] == 9
        assert len(first) % 5 == len(second) % 5 == 0


def heat_flattens():
    model = build(CausalLM, GPT)
    drawn = {generate(model, [5], 1, temperature=50.0, seed=seed)[0] for seed in range(100)}
    assert len(drawn) > 15  # of 31 tokens, all about as likely


def electra():
    """A pair, a batch with padding and some hidden tokens, and logits that draw them rightly."""
    small = BERT.replace(hidden_size=6, feed_forward_size=8, embedding_size=12, project=True)
    model = build(Electra, BERT, small)
    ids, real = texts(), torch.arange(12)[None] < torch.tensor([[12], [7]])
    positions = torch.tensor([2, 5, 14, 16])
    hidden = ids.flatten()[positions]
    batch = {
        "input_ids": ids.flatten().scatter(0, positions, 4).view(2, 12), "attention_mask": real,
        "masked_positions": positions, "masked_ids": hidden,
    }  # fmt: skip
    return model, batch, 1e4 * F.one_hot(hidden, 31).double()


def a_lucky_draw_is_an_original():
    model, batch, logits = electra()
    logits[0] = logits[0].roll(1)  # one draw goes wrong, three are lucky
    assert model.replace(batch, logits)["replaced"].sum() == 1


def the_discriminator_sends_the_generator_nothing():
    model, batch, _ = electra()
    model.losses(batch).discriminator.backward()
    own = [p.grad for n, p in model.generator.named_parameters() if "embeddings" not in n]
    assert all(grad is None or not grad.any() for grad in own)


def padding_is_not_judged():
    model, batch, logits = electra()
    judged = model.replace(batch, logits)
    changed = judged | {"replaced": judged["replaced"] | ~batch["attention_mask"]}
    torch.testing.assert_close(model.detection_loss(judged), model.detection_loss(changed))


def generator_and_discriminator_read_one_table():
    model, batch, _ = electra()
    before = model.generator(batch)
    model.discriminator.transformer.embeddings.token.weight.data *= 2
    assert not torch.equal(before, model.generator(batch))


STUDENT = BERT.replace(num_layers=2, num_groups=2, num_segments=0, pooler=False)


def distillation(kind, *arguments, **more):
    """An objective over two models that differ, and a batch with padding."""
    torch.manual_seed(0)
    teacher = MaskedLM(BERT)
    objective = kind(MaskedLM(STUDENT), teacher, *arguments, **more).double().eval()
    real = torch.arange(12)[None] < torch.tensor([[12], [7]])
    places = torch.tensor([2, 15])
    return objective, {
        "input_ids": texts().masked_fill(~real, 0), "attention_mask": real,
        "masked_positions": places, "masked_ids": texts().flatten()[places],
    }  # fmt: skip


def soft_targets_are_t_squared_kl_from_teacher_to_student():
    mine, theirs = torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(0)).unbind()
    found = lmcore.distill.distilbert.soft_target_loss(mine, theirs, 2.0)
    chances = (theirs / 2).softmax(-1)
    kl = (chances * (chances.log() - (mine / 2).log_softmax(-1))).sum(-1).mean()
    torch.testing.assert_close(found, 4 * kl)


def the_teacher_gets_no_gradient():
    objective, batch = distillation(DistilLoss)
    objective.loss(batch).backward()
    assert all(p.grad is None for p in objective.teacher.parameters())
    assert all(p.grad is not None for p in objective.student.parameters())


def padded(objective, batch):
    """The loss of the second text alone, with its padding and cut to its length."""
    alone = {name: batch[name][1:] for name in ("input_ids", "attention_mask")}
    alone |= {"masked_positions": batch["masked_positions"][1:] - 12}
    alone |= {"masked_ids": batch["masked_ids"][1:]}
    cut = alone | {name: alone[name][:, :7] for name in ("input_ids", "attention_mask")}
    return objective.loss(alone), objective.loss(cut)


def distilbert_does_not_count_padding():
    torch.testing.assert_close(*padded(*distillation(DistilLoss)))


def tinybert_does_not_count_padding():
    torch.testing.assert_close(*padded(*distillation(TinyBERTLoss, (1, 3))))


def the_last_layer_imitates_the_last():
    assert layer_map("uniform", 4, 12) == (3, 6, 9, 12)
    objective, batch = distillation(TinyBERTLoss, layer_map("uniform", 2, 3), embedding=False)
    before = objective.loss(batch)
    with torch.no_grad():
        objective.teacher.transformer.blocks[2].norm2.bias.add_(1.0)
    assert not torch.isclose(objective.loss(batch), before)
