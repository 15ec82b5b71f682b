"""Measures whose answers are known, and plain baselines that cannot do what they should not."""

import math

import numpy as np
import pytest
import torch

from lmcore import CausalLM, Config, PackedText
from lmcore.baselines import tfidf_accuracy
from lmcore.data import topic_task, word_order_task
from lmcore.measure import (
    bits_per_byte,
    compressor_bits_per_byte,
    held_out_loss,
    ngram_bits_per_byte,
)
from lmcore.study import run_grid


class Uniform(CausalLM):
    """A model that knows nothing: every token has the same logit."""

    def logits(self, hidden):
        return torch.zeros(*hidden.shape[:-1], self.config.vocab_size)


@pytest.fixture
def uniform():
    return Uniform(
        Config(
            vocab_size=256, context_length=8, hidden_size=8, num_layers=1, num_heads=1, causal=True
        )
    )


def test_a_uniform_guess_over_bytes_costs_eight_bits(uniform):
    text = PackedText(torch.randint(256, (81,)), length=8)
    assert held_out_loss(uniform, text) == pytest.approx(math.log(256))
    assert bits_per_byte(uniform, text, num_bytes=81) == pytest.approx(8)
    assert bits_per_byte(uniform, text, num_bytes=162) == pytest.approx(4)


def test_ngrams_know_what_they_can():
    train, test = b"ab" * 5000, b"ab" * 100
    assert ngram_bits_per_byte(train, test, order=1) == pytest.approx(1.0, abs=0.05)
    assert ngram_bits_per_byte(train, test, order=2) < 0.1
    with pytest.raises(ValueError, match="order 0 is not allowed"):
        ngram_bits_per_byte(train, test, order=0)


def test_a_compressor_gains_from_what_it_has_read():
    noise = np.random.default_rng(0).integers(0, 256, 4000, dtype=np.uint8).tobytes()
    assert compressor_bits_per_byte(noise, noise) < 1
    assert compressor_bits_per_byte(b"", noise) > 7.5
    with pytest.raises(ValueError, match="method 'zip' is unknown"):
        compressor_bits_per_byte(noise, noise, method="zip")


def test_counting_words_tells_topics_and_not_order():
    topics = tfidf_accuracy(topic_task("train", 300, 0), topic_task("test", 300, 0))
    order = tfidf_accuracy(word_order_task("train", 300, 0), word_order_task("test", 300, 0))
    assert topics > 0.5
    assert order < 0.6


def product(a, b):
    return a * b


def test_a_grid_keeps_its_axes_in_order():
    found = run_grid(product, processes=1, a=[1, 2, 3], b=[10, 20])
    assert found.tolist() == [[10, 20], [20, 40], [30, 60]]
