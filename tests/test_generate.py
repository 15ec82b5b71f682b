"""Sampling: reproducible, within its bounds, and the same with the cache as without."""

import pytest
import torch

from lmcore import CausalLM, Config, generate
from lmcore.generate import pick


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CausalLM(
        Config(
            vocab_size=30, context_length=10, hidden_size=12, num_layers=2, num_heads=2,
            causal=True, init_std=0.5,
        )
    ).eval()  # fmt: skip


def test_greedy_sampling_follows_the_likeliest_token(model):
    ids = [1, 2, 3]
    for token in generate(model, ids, 6, temperature=0):
        assert token == model(torch.tensor([ids]))[0, -1].argmax()
        ids = [*ids, token]


def test_a_seed_repeats_and_another_differs(model):
    first = generate(model, [1], 40, seed=1)
    assert first == generate(model, [1], 40, seed=1)
    assert first != generate(model, [1], 40, seed=2)


def test_text_goes_on_past_the_position_table(model):
    assert len(generate(model, [1] * 14, 35, seed=0)) == 35


def test_top_k_never_leaves_the_k_likeliest(model):
    logits = torch.tensor([0.0, 3.0, 2.0, 1.0])
    generator = torch.Generator().manual_seed(0)
    drawn = {pick(logits, 2.0, 2, generator) for _ in range(200)}
    assert drawn == {1, 2}


def test_temperature_flattens(model):
    logits, counts = torch.tensor([0.0, 2.0]), {}
    for temperature in (0.5, 5.0):
        generator = torch.Generator().manual_seed(0)
        counts[temperature] = sum(pick(logits, temperature, None, generator) for _ in range(500))
    assert counts[0.5] > 480
    assert 250 < counts[5.0] < 350  # softmax(0, 0.4) gives 0.60


def test_the_stop_token_ends_the_text_unseen(model):
    whole = generate(model, [1], 30, seed=3)
    stop = whole[5]
    assert generate(model, [1], 30, seed=3, stop=stop) == whole[: whole.index(stop)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": []}, "the prompt is empty"),
        ({"temperature": -1.0}, "temperature -1.0 is not allowed"),
        ({"top_k": 0}, "top_k 0 is not allowed"),
    ],
)
def test_bad_arguments_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        generate(**{"model": model, "prompt": [1], "max_new_tokens": 3} | arguments)
