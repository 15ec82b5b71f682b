"""The trunk and the causal model: shapes, causality, padding, cache, trace, tying."""

import pytest
import torch

from lmcore import Cache, CausalClassifier, CausalLM, Config, Trace, preset
from lmcore.attention import build_mask
from lmcore.train import Recipe, build_optimizer, train_step

TINY = dict(
    vocab_size=31, context_length=16, hidden_size=12, num_layers=3, num_heads=3, causal=True,
    activation="gelu_tanh", init_std=0.4,
)  # fmt: skip
WIRINGS = {
    "gpt1": {},
    "gpt2": {"pre_norm": True},
    "gpt3": {"pre_norm": True, "windows": (None, 4)},
    "shared": {"num_groups": 1},
    "untied": {"tied_head": False},
}


@pytest.fixture(params=WIRINGS)
def model(request):
    torch.manual_seed(0)
    return CausalLM(Config(**TINY | WIRINGS[request.param])).double().eval()


@pytest.fixture
def ids():
    return torch.randint(31, (2, 12), generator=torch.Generator().manual_seed(1))


def test_no_position_sees_the_future(model, ids):
    changed = ids.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 31
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_padding_changes_no_real_position(model, ids):
    real = torch.ones_like(ids, dtype=torch.bool)
    real[1, 8:] = False
    padded = model(ids, attention_mask=real)
    torch.testing.assert_close(padded[1, :8], model(ids[1:, :8])[0])


def test_cache_equals_reading_everything_again(model, ids):
    whole, cache = model(ids), Cache()
    pieces = [model(piece, cache=cache) for piece in ids.split([5, 1, 4, 2], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, 1), whole)
    assert cache.length == 12


def test_cache_equals_no_cache_at_every_position(model):
    """A token at a time, up to the last row of the position table."""
    ids = torch.randint(31, (2, 16), generator=torch.Generator().manual_seed(2))
    whole, cache = model(ids), Cache()
    for position in range(16):
        alone = model(ids[:, position : position + 1], cache=cache)
        torch.testing.assert_close(alone[:, 0], whole[:, position])
    with pytest.raises(ValueError, match="17 tokens exceeds the position table of 16"):
        model(ids[:, :1], cache=cache)


@pytest.mark.parametrize("window", [None, 1, 2, 5, 40])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("start", "length"), [(0, 9), (0, 1), (4, 9), (8, 9)])
@pytest.mark.parametrize("padded", [True, False])
def test_a_mask_is_what_two_loops_say(window, causal, start, length, padded):
    """GPT-3's banded layers see the nearest w positions, themselves included (section 2.1)."""
    config = Config(**TINY | {"causal": causal})
    real = torch.arange(length)[None] < torch.tensor([[length], [3]]) if padded else None
    mask = build_mask(config, window, start, length, real, torch.device("cpu"))
    found = mask.explicit(torch.zeros(2, 1, length - start, length))
    found = found.expand(2, 1, length - start, length)[:, 0]
    for row in range(2):
        for query in range(start, length):
            for key in range(length):
                allowed = key <= query or not causal
                allowed &= window is None or abs(query - key) < window
                allowed &= real is None or bool(real[row, key])
                assert found[row, query - start, key] == allowed, (row, query, key)


def test_banded_layers_compute_what_a_naive_attention_does(ids):
    torch.manual_seed(0)
    config = Config(**TINY | {"pre_norm": True, "windows": (None, 4)})
    trunk, trace = CausalLM(config).double().eval().transformer, Trace()
    trunk(ids, trace=trace)
    for layer in range(3):
        block, x = trunk.blocks[layer], trace.hidden[layer]
        parts = block.attention.qkv(block.norm1(x)).chunk(3, -1)
        query, key, value = (part.view(2, 12, 3, 4) for part in parts)
        mixed = torch.zeros(2, 12, 3, 4, dtype=torch.double)
        for t in range(12):
            first = max(t - 3, 0) if layer % 2 else 0
            seen = slice(first, t + 1)
            scores = (query[:, t, None] * key[:, seen]).sum(-1) / 2  # (B, seen, A), sqrt(D) = 2
            mixed[:, t] = (scores.softmax(1)[..., None] * value[:, seen]).sum(1)
        x = x + block.attention.out(mixed.flatten(2))
        x = x + block.feed_forward(block.norm2(x))
        expected = trunk.final_norm(x) if layer == 2 else x
        torch.testing.assert_close(trace.hidden[layer + 1], expected)


def test_trace_changes_nothing_and_shows_all(model, ids):
    trace = Trace()
    torch.testing.assert_close(model(ids, trace=trace), model(ids))
    assert [tuple(h.shape) for h in trace.hidden] == [(2, 12, 12)] * 4
    assert [tuple(s.shape) for s in trace.scores] == [(2, 3, 12, 12)] * 3
    assert trace.scores[0].triu(1)[..., 0, 1:].isinf().all()


def test_head_is_the_token_table_itself(model, ids):
    if not model.config.tied_head:
        assert model.output.weight.shape == model.transformer.embeddings.token.weight.shape
        return
    table = model.transformer.embeddings.token.weight
    assert sum(p.numel() for p in model.parameters() if p.shape == table.shape) == table.numel()
    model.loss({"input_ids": ids}).backward()
    unread = sorted(set(range(31)) - set(ids.flatten().tolist()))
    assert table.grad[unread].abs().sum() > 0  # only the head can have reached these rows


def test_gpt1_normalizes_behind_the_sum_and_gpt2_before():
    torch.manual_seed(0)
    gpt1 = CausalLM(Config(**TINY)).transformer(torch.tensor([[1, 2, 3]]))
    torch.testing.assert_close(gpt1.mean(-1), torch.zeros(1, 3), atol=1e-5, rtol=0)
    gpt2 = CausalLM(Config(**TINY | {"pre_norm": True})).transformer
    assert gpt2.final_norm is not None
    assert CausalLM(Config(**TINY)).transformer.final_norm is None


def test_loss_is_the_mean_over_real_targets_only(model, ids):
    real = torch.ones_like(ids, dtype=torch.bool)
    real[1, 5:] = False
    logits = model(ids[:, :-1]).log_softmax(-1)
    picked = logits.gather(-1, ids[:, 1:, None])[..., 0]
    expected = -torch.cat([picked[0], picked[1, :4]]).mean()
    torch.testing.assert_close(model.loss({"input_ids": ids, "attention_mask": real}), expected)


def test_classifier_reads_the_last_real_token():
    torch.manual_seed(0)
    classifier = CausalClassifier(CausalLM(Config(**TINY)), num_labels=4).eval()
    ids = torch.randint(31, (2, 9))
    real = torch.arange(9)[None] < torch.tensor([[9], [6]])
    logits = classifier({"input_ids": ids, "attention_mask": real})
    alone = classifier({"input_ids": ids[1:, :6], "attention_mask": real[1:, :6]})
    torch.testing.assert_close(logits[1:], alone)


def test_auxiliary_loss_is_added_with_its_weight():
    torch.manual_seed(0)
    lm = CausalLM(Config(**TINY))
    ids = torch.randint(31, (3, 9))
    batch = {
        "input_ids": ids,
        "attention_mask": torch.arange(9)[None] < torch.tensor([[9], [6], [4]]),
        "labels": torch.tensor([0, 1, 1]),
    }
    classifier = CausalClassifier(lm, 2, auxiliary_weight=0.5).eval()
    together = classifier.loss(batch)
    classifier.auxiliary_weight = 0
    alone = classifier.loss(batch)
    torch.testing.assert_close(together - alone, 0.5 * lm.loss(batch))


def test_a_text_beyond_the_position_table_is_refused(model):
    with pytest.raises(ValueError, match="17 tokens exceeds the position table of 16"):
        model(torch.zeros(1, 17, dtype=torch.long))


def test_a_bidirectional_config_is_no_causal_model():
    with pytest.raises(ValueError, match="needs causal=True"):
        CausalLM(preset("bert-base"))


def test_residual_matrices_start_smaller_with_pre_norm():
    torch.manual_seed(0)
    wide = TINY | {"hidden_size": 96, "init_std": 0.02}
    gpt2 = CausalLM(Config(**wide | {"pre_norm": True}))
    gpt1 = CausalLM(Config(**wide))
    stds = [m.transformer.blocks[0].feed_forward.proj.weight.std().item() for m in (gpt1, gpt2)]
    assert stds[0] == pytest.approx(0.02, rel=0.05)
    assert stds[1] == pytest.approx(0.02 / 6**0.5, rel=0.05)


@pytest.mark.parametrize("name", WIRINGS)
def test_forward_backward_and_a_step_on_meta(name):
    """No stray CPU tensor: the meta device has none."""
    with torch.device("meta"):
        model = CausalLM(Config(**TINY | WIRINGS[name]))
        batch = {"input_ids": torch.zeros(2, 9, dtype=torch.long)}
    recipe = Recipe(learning_rate=1e-3, clip=1e9)
    loss = train_step(model, build_optimizer(model, recipe), batch, recipe, 1e-3)
    assert loss.is_meta
