"""Every published size, to the last digit, and a ledger that adds up for any wiring."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcore import CausalLM, Config, Discriminator, MaskedLM, count_parameters, ledger, preset
from lmcore.model import Transformer

# Counted with transformers' config classes, tied weights once; GPT-3's by formula.
BARE = {
    "gpt1": 116_534_784,
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "gpt3-125m": 125_226_240,
    "gpt3-350m": 355_871_744,
    "gpt3-760m": 760_300_032,
    "gpt3-1.3b": 1_315_723_264,
    "gpt3-2.7b": 2_651_553_280,
    "gpt3-6.7b": 6_658_404_352,
    "gpt3-13b": 12_853_386_240,
    "gpt3-175b": 174_604_259_328,
    "bert-base": 109_482_240,
    "bert-large": 335_141_888,
    "albert-base": 11_683_584,
    "albert-large": 17_683_968,
    "albert-xlarge": 58_724_864,
    "albert-xxlarge": 222_595_584,
    "electra-small": 13_483_008,
    "electra-base": 108_891_648,
    "electra-large": 334_092_288,
    "distilbert": 66_362_880,
    "tinybert-4": 14_350_248,
    "tinybert-6": 66_955_008,
}


def without_pooler(name):
    return preset(name).replace(pooler=False)


# The same with a head: a masked language model's bare trunk has no pooler in transformers.
WITH_HEADS = [
    ("BERT-base, encoder", lambda: Transformer(without_pooler("bert-base")), 108_891_648),
    ("BERT-base, MLM", lambda: MaskedLM(without_pooler("bert-base")), 109_514_298),
    ("BERT-base, MLM + NSP", lambda: MaskedLM(preset("bert-base"), pair_head=True), 110_106_428),
    ("BERT-large, encoder", lambda: Transformer(without_pooler("bert-large")), 334_092_288),
    ("BERT-large, MLM", lambda: MaskedLM(without_pooler("bert-large")), 335_174_458),
    ("BERT-large, MLM + NSP", lambda: MaskedLM(preset("bert-large"), pair_head=True), 336_226_108),
    ("ALBERT-base, MLM", lambda: MaskedLM(without_pooler("albert-base")), 11_221_680),
    ("ALBERT-base, MLM + SOP", lambda: MaskedLM(preset("albert-base"), pair_head=True), 11_813_810),
    ("ELECTRA-small, discriminator", lambda: Discriminator(preset("electra-small")), 13_549_057),
    ("ELECTRA-base, discriminator", lambda: Discriminator(preset("electra-base")), 109_483_009),
    ("ELECTRA-large, discriminator", lambda: Discriminator(preset("electra-large")), 335_142_913),
    ("ELECTRA-small, generator", lambda: MaskedLM(preset("electra-small-generator")), 4_620_026),
    ("ELECTRA-base, generator", lambda: MaskedLM(preset("electra-base-generator")), 33_740_602),
    ("ELECTRA-large, generator", lambda: MaskedLM(preset("electra-large-generator")), 51_295_290),
    ("ELECTRA-small++, generator", lambda: MaskedLM(preset("electra-small")), 13_546_682),
    ("DistilBERT, MLM", lambda: MaskedLM(preset("distilbert")), 66_985_530),
    ("GPT-2, tied head", lambda: CausalLM(preset("gpt2")), 124_439_808),
    (
        "MiniLM, 6 layers",
        lambda: Transformer(preset("bert-base").replace(**MINILM, num_layers=6, num_groups=6)),
        22_713_216,
    ),
    (
        "MiniLM, 12 layers",
        lambda: Transformer(preset("bert-base").replace(**MINILM)),
        33_360_000,
    ),
]
MINILM = dict(hidden_size=384, embedding_size=384, feed_forward_size=1536)


@pytest.mark.parametrize("name", BARE)
def test_ledger_total_is_the_published_size(name):
    assert sum(row.parameters for row in ledger(preset(name))) == BARE[name]


@pytest.mark.parametrize(("build", "size"), [row[1:] for row in WITH_HEADS], ids=lambda v: "")
def test_a_model_with_its_head_has_the_published_size(build, size):
    with torch.device("meta"):
        assert count_parameters(build()) == size


@st.composite
def configs(draw):
    heads, inner = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    hidden, steps = heads * draw(st.integers(1, 12)), draw(st.integers(1, 4))
    embedding = draw(st.sampled_from([hidden, *range(1, 40)]))
    return Config(
        vocab_size=draw(st.integers(1, 300)),
        context_length=draw(st.integers(1, 90)),
        hidden_size=hidden,
        embedding_size=embedding,
        feed_forward_size=draw(st.integers(1, 200)),
        num_heads=heads,
        num_layers=steps * inner,
        layers_per_group=inner,
        num_groups=draw(st.integers(1, steps)),
        num_segments=draw(st.integers(0, 3)),
        project=True if embedding != hidden else draw(st.sampled_from([None, True])),
        causal=draw(st.booleans()),
        pre_norm=draw(st.booleans()),
        embedding_norm=draw(st.booleans()),
        pooler=draw(st.booleans()),
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(configs())
def test_every_formula_is_what_the_built_model_has(config):
    letters = {
        "V": config.vocab_size, "C": config.context_length, "H": config.hidden_size,
        "E": config.embedding_size, "F": config.feed_forward_size, "S": config.num_segments,
    }  # fmt: skip
    rows = ledger(config)
    for row in rows:
        formula = row.formula.replace("·", "*").replace("²", "**2")
        assert eval(formula, {}, letters) == row.parameters, row
    assert sum(row.parameters for row in rows) == count_parameters(Transformer(config))
