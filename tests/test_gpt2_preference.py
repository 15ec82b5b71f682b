"""Zero-shot preference: altered sentences are what they say, scores are sums of log-odds."""

import random
import re

import pytest
import torch

from lmcore import CausalLM, Tokenizer, preset
from lmcore.data import MinimalPair, load_wikipedia, minimal_pairs
from lmcore.data.minimal_pairs import CHANGES
from lmcore.preference import BigramCounts, log_probabilities, preference

TOKENIZER = Tokenizer.load("bpe-1024")
MARKS = re.compile(r"[.,;:)\"']*$")


@pytest.mark.parametrize("change", CHANGES)
def test_pairs_differ_in_what_was_asked_and_nothing_else(change):
    pairs = minimal_pairs("test", change, 639, seed=1)  # every sentence there is
    assert pairs == minimal_pairs("test", change, 639, seed=1)
    for pair in pairs:
        real, altered = pair.real.split(), pair.altered.split()
        different = [i for i, (a, b) in enumerate(zip(real, altered, strict=True)) if a != b]
        assert different
        assert 0 not in different
        assert pair.altered.endswith(".")
        if change in ("shuffled", "swapped"):
            assert sorted(w.strip(".,") for w in real) == sorted(w.strip(".,") for w in altered)
        if change == "swapped":
            assert max(different) - min(different) == 1
        if change in ("replaced", "matched"):
            assert len(different) == 1
            old, new = (MARKS.search(words[different[0]])[0] for words in (real, altered))
            assert old == new


def test_a_matched_word_has_followed_its_neighbor():
    text = " ".join(document.text for document in load_wikipedia("train"))
    for pair in minimal_pairs("test", "matched", 15, seed=0):
        real, altered = pair.real.split(), pair.altered.split()
        (at,) = [i for i, (a, b) in enumerate(zip(real, altered, strict=True)) if a != b]
        assert f"{altered[at - 1]} {altered[at].rstrip('.,;:')}" in text


def test_no_altered_sentence_ends_in_a_comma():
    for change in CHANGES:
        assert not [p for p in minimal_pairs("test", change, 639, seed=0) if p.altered[-2] in ",;:"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("test", "reversed", 5, 0), "change 'reversed' is unknown: one of shuffled, swapped"),
        (("test", "swapped", 0, 0), "size 0 is not allowed: from 1 to the 639"),
        (("tests", "swapped", 5, 0), "split 'tests' is unknown"),
    ],
)
def test_bad_requests_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        minimal_pairs(*arguments)


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = preset("gpt2-mini").replace(num_layers=2, num_groups=None, init_std=0.3)
    return CausalLM(config).eval()


def test_a_text_s_score_does_not_depend_on_its_company(model):
    chosen = random.Random(0)
    texts = [[chosen.randrange(1024) for _ in range(n)] for n in (2, 9, 30, 5)]
    together = log_probabilities(model, texts, batch_size=3)
    for ids, found in zip(texts, together, strict=True):
        with torch.no_grad():
            odds = model(torch.tensor([ids]))[0].log_softmax(-1)
        expected = sum(odds[t, ids[t + 1]].item() for t in range(len(ids) - 1))
        assert found.item() == pytest.approx(expected, abs=1e-3)


def test_scores_are_a_distribution(model):
    """The probabilities of all continuations of one token sum to 1."""
    scores = log_probabilities(model, [[5, i] for i in range(1024)])
    assert scores.exp().sum().item() == pytest.approx(1, abs=1e-4)
    counts = BigramCounts(torch.randint(1024, (5000,)), 1024)
    for first in (5, 1023):
        assert counts([[first, i] for i in range(1024)]).exp().sum() == pytest.approx(1, abs=1e-4)


def test_a_count_of_pairs_prefers_what_it_has_seen():
    ids = torch.tensor(TOKENIZER.encode("the cat sat on the mat. " * 20))
    score = BigramCounts(ids, 1024)
    pairs = [MinimalPair("the cat sat on the mat.", "the sat cat on the mat.")]
    assert preference(score, pairs, TOKENIZER, 0).share == 1.0
    turned = [MinimalPair(pair.altered, pair.real) for pair in pairs]
    assert preference(score, turned, TOKENIZER, 0).share == 0.0


def test_a_tie_counts_half_and_the_error_is_binomial():
    pairs = [MinimalPair("a", "b")] * 4
    found = preference(lambda texts: torch.zeros(len(texts)), pairs, TOKENIZER, 0)
    assert (found.share, found.error, found.pairs) == (0.5, 0.25, 4)


def test_what_cannot_be_scored_is_refused(model):
    with pytest.raises(ValueError, match="fewer than 2 tokens"):
        log_probabilities(model, [[1, 2], [1]])
    with pytest.raises(ValueError, match="0 pairs were given"):
        preference(lambda texts: torch.zeros(0), [], TOKENIZER, 0)
    with pytest.raises(ValueError, match="mix 0 is not allowed"):
        BigramCounts(torch.tensor([1, 2]), 4, mix=0)
