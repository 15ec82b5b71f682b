"""The generated language: its verbs agree, its mistakes are single, its labels are right."""

import random

import pytest

from lmcore.data import (
    AGREEMENT_VOCABULARY,
    agreement_sentences,
    agreement_tokenizer,
    with_wrong_verb,
)
from lmcore.data.agreement import ENDINGS, ROLES, TOPICS, VERBS

SENTENCES = agreement_sentences(400, 0)


def ending(word):
    """The letters that carry gender and number."""
    return next(e for e in sorted(ENDINGS, key=len, reverse=True) if word.endswith(e))


def test_a_seed_gives_the_same_sentences_and_another_others():
    assert agreement_sentences(20, 1) == agreement_sentences(20, 1)
    assert agreement_sentences(20, 1) != agreement_sentences(20, 2)
    with pytest.raises(ValueError, match="size 0 is not allowed: at least 1"):
        agreement_sentences(0, 1)


def test_sixty_words_or_fewer_each_once_and_all_in_use():
    assert len(set(AGREEMENT_VOCABULARY)) == len(AGREEMENT_VOCABULARY) <= 60
    used = {word for s in agreement_sentences(3000, 0) for word in s.words}
    assert used == set(AGREEMENT_VOCABULARY[4:])


def test_each_verb_has_its_subjects_ending_and_each_noun_its_determiners():
    for sentence in SENTENCES:
        subjects = [place for place, role in sentence.nouns if ROLES[role] == "subject"]
        assert len(subjects) == len(sentence.verbs) == 2
        for subject, verb in zip(subjects, sentence.verbs, strict=True):
            assert sentence.words[verb].startswith(VERBS)
            assert ending(sentence.words[verb]) == ending(sentence.words[subject])
        for place, _ in sentence.nouns:
            before = max(i for i in range(place) if sentence.words[i].startswith("l"))
            assert ending(sentence.words[before]) == ending(sentence.words[place])


def test_an_attractor_misleads_often_enough_to_matter():
    """A reader who trusts the nearest noun is wrong in a good third of the clauses."""
    wrong = total = 0
    for sentence in SENTENCES:
        for verb in sentence.verbs:
            nearest = max(place for place, _ in sentence.nouns if place < verb)
            wrong += ending(sentence.words[nearest]) != ending(sentence.words[verb])
            total += 1
    assert 0.3 < wrong / total < 0.45


def test_a_wrong_verb_is_one_word_of_the_same_stem():
    chosen = random.Random(0)
    for sentence in SENTENCES:
        other = with_wrong_verb(sentence, chosen)
        (place,) = [i for i, word in enumerate(sentence.words) if word != other.words[i]]
        assert place in sentence.verbs
        assert other.words[place][:3] == sentence.words[place][:3]
        assert len(other.words) == len(sentence.words)


def test_every_noun_is_of_the_sentences_topic():
    for sentence in SENTENCES:
        stems = tuple(TOPICS.values())[sentence.topic]
        assert all(sentence.words[place].startswith(stems) for place, _ in sentence.nouns)


def test_ids_stand_between_their_markers():
    ids = SENTENCES[0].encode()
    words = [AGREEMENT_VOCABULARY[i] for i in ids]
    assert words == ["[CLS]", *SENTENCES[0].words, "[SEP]"]


def test_the_tokenizer_reads_sentences_as_their_ids_and_knows_no_other_word():
    words = agreement_tokenizer()
    for sentence in SENTENCES[:50]:
        assert words.encode(" ".join(sentence.words)) == sentence.encode()[1:-1]
    assert words.vocab_size == len(AGREEMENT_VOCABULARY)
    assert words.encode("la regla xyz [MASK]").count(words.id_of("[PAD]")) >= 2
