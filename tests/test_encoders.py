"""The bidirectional models: padding, segments, traces, heads and their losses."""

import pytest
import torch
import torch.nn.functional as F

from lmcore import Config, Discriminator, MaskedLM, SequenceClassifier, SpanExtractor, Trace
from lmcore.model import Transformer, initialize

TINY = dict(
    vocab_size=31, context_length=16, hidden_size=12, num_layers=4, num_heads=3, causal=False,
    num_segments=2, embedding_norm=True, pooler=True, init_std=0.4, norm_eps=1e-12,
)  # fmt: skip
WIRINGS = {
    "bert": {},
    "albert": {"embedding_size": 5, "project": True, "num_groups": 1, "activation": "gelu_tanh"},
    "albert groups": {"num_groups": 1, "layers_per_group": 2, "project": True},
    "electra": {"embedding_size": 7},
    "distilbert": {"num_segments": 0},
    "tinybert": {"feed_forward_size": 7, "num_heads": 12},
    "banded": {"windows": (None, 3)},
}


@pytest.fixture(params=WIRINGS)
def config(request):
    return Config(**TINY | WIRINGS[request.param])


@pytest.fixture
def trunk(config):
    torch.manual_seed(0)
    model = Transformer(config).double().eval()
    initialize(model, config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([10, 7, 3])
    real = torch.arange(10)[None] < lengths[:, None]
    return {
        "input_ids": torch.randint(1, 31, (3, 10), generator=generator).masked_fill(~real, 0),
        "attention_mask": real,
        "segment_ids": ((torch.arange(10)[None] >= lengths[:, None] // 2) & real).long(),
    }


def inputs(batch):
    return batch["input_ids"], {k: batch[k] for k in ("attention_mask", "segment_ids")}


def test_padding_changes_no_real_position(trunk, batch):
    ids, more = inputs(batch)
    hidden = trunk(ids, **more)
    for row, length in enumerate(batch["attention_mask"].sum(1).tolist()):
        alone = trunk(
            ids[row : row + 1, :length], segment_ids=more["segment_ids"][row, None, :length]
        )
        torch.testing.assert_close(hidden[row, :length], alone[0])


def test_every_position_sees_both_sides(trunk, batch):
    if trunk.config.windows != (None,):
        return
    ids, more = inputs(batch)
    before = trunk(ids, **more)
    for position in (0, 5, 9):
        changed = ids.clone()
        changed[0, position] = ids[0, position] % 30 + 1
        moved = (trunk(changed, **more)[0] - before[0]).abs().amax(-1)
        assert (moved > 1e-9).all()


def test_segments_matter_where_there_are_any(trunk, batch):
    ids, more = inputs(batch)
    plain = trunk(ids, attention_mask=more["attention_mask"])
    assert torch.equal(plain, trunk(ids, **more)) == (trunk.config.num_segments == 0)


def test_a_trace_equals_the_fused_path_and_shows_the_scores(trunk, batch):
    """Scores before the softmax are what TinyBERT's student imitates (its equation 7)."""
    ids, more = inputs(batch)
    trace, config = Trace(), trunk.config
    torch.testing.assert_close(trunk(ids, **more, trace=trace), trunk(ids, **more))
    assert len(trace.hidden) == config.num_layers + 1
    for layer, scores in enumerate(trace.scores):
        block, x = trunk.blocks[config.block_of_layer(layer)], trace.hidden[layer]
        query, key, value = (
            part.view(3, 10, config.num_heads, config.head_size).transpose(1, 2)
            for part in block.attention.qkv(x).chunk(3, dim=-1)
        )
        window = config.window_of_layer(layer) or 10
        near = (torch.arange(10)[:, None] - torch.arange(10)[None]).abs() < window
        seen = (near[None, None] & batch["attention_mask"][:, None, None]).expand_as(scores)
        raw = torch.einsum("bhqd,bhkd->bhqk", query, key) / config.head_size**0.5
        torch.testing.assert_close(scores[seen], raw[seen])
        assert scores[~seen].eq(float("-inf")).all()
        mixed = (scores.softmax(-1).nan_to_num(0) @ value).transpose(1, 2).reshape(3, 10, -1)
        attended = block.norm1(x + block.attention.out(mixed))
        expected = block.norm2(attended + block.feed_forward(attended))
        torch.testing.assert_close(trace.hidden[layer + 1], expected)


def test_masked_lm_counts_the_masked_positions_and_the_pair(config, batch):
    torch.manual_seed(0)
    model = MaskedLM(config, pair_head=True).double().eval()
    batch["masked_positions"] = torch.tensor([1, 4, 12, 20])
    batch["masked_ids"] = torch.tensor([5, 6, -100, 8])
    logits = model(batch).flatten(0, 1).log_softmax(-1)
    expected = -(logits[1, 5] + logits[4, 6] + logits[20, 8]) / 3
    torch.testing.assert_close(model.loss(batch), expected)
    batch["pair_labels"] = torch.tensor([0, 1, 1])
    pooled = torch.tanh(model.transformer.pooler(model.hidden(batch)[:, 0]))
    pair = F.cross_entropy(model.pair(pooled), batch["pair_labels"])
    torch.testing.assert_close(model.loss(batch), expected + pair)


def test_masked_lm_reads_its_logits_off_the_token_table(config):
    tied, untied = MaskedLM(config), MaskedLM(config.replace(tied_head=False))
    table = tied.transformer.embeddings.token.weight
    assert sum(p.numel() for p in untied.parameters()) - sum(
        p.numel() for p in tied.parameters()
    ) == (table.numel())


def test_discriminator_counts_every_real_token_and_no_other(config, batch):
    torch.manual_seed(0)
    model = Discriminator(config).double().eval()
    batch["replaced"] = (torch.arange(30).view(3, 10) % 3 == 0).long()
    real = batch["attention_mask"]
    signs = 1 - 2.0 * batch["replaced"]
    expected = F.softplus(signs * model(batch))[real].sum() / real.sum()
    torch.testing.assert_close(model.loss(batch), expected)


def test_span_extractor_takes_the_mean_of_two_cross_entropies(config, batch):
    torch.manual_seed(0)
    model = SpanExtractor(config).double().eval()
    batch |= {"starts": torch.tensor([0, 2, 1]), "ends": torch.tensor([0, 5, 2])}
    scores = model(batch).log_softmax(-1)
    rows = torch.arange(3)
    expected = -(scores[rows, 0, batch["starts"]] + scores[rows, 1, batch["ends"]]).mean() / 2
    torch.testing.assert_close(model.loss(batch), expected)


@pytest.mark.parametrize("summary", ["pooler", "gelu", "relu"])
def test_a_classifier_reads_the_first_position(config, batch, summary):
    torch.manual_seed(0)
    model = SequenceClassifier(config, 4, summary).double().eval()
    first = model.hidden(batch)[:, 0]
    state = {
        "pooler": lambda: torch.tanh(model.transformer.pooler(first)),
        "gelu": lambda: F.gelu(model.summary(first)),
        "relu": lambda: F.relu(model.summary(first)),
    }[summary]()
    torch.testing.assert_close(model(batch), model.classify(state))


BERT = Config(**TINY)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MaskedLM(BERT.replace(causal=True)), "MaskedLM needs causal=False"),
        (lambda: MaskedLM(BERT.replace(pooler=False), pair_head=True), "reads the pooled state"),
        (lambda: SequenceClassifier(BERT, 1), "num_labels 1 is not allowed"),
        (lambda: SequenceClassifier(BERT, 2, "mean"), "summary 'mean' is unknown"),
        (lambda: SequenceClassifier(BERT.replace(pooler=False), 2), "needs a config with pooler"),
    ],
)
def test_a_head_that_does_not_fit_is_refused_in_one_line(build, message):
    with pytest.raises(ValueError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)
