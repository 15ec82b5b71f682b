"""A generated language whose verbs agree with their subjects, to see what a model has understood.

A sentence is two clauses ``determiner [adjective] noun [preposition determiner noun] verb
determiner noun .`` on one topic. Determiners and nouns have a gender and a number, and a verb has
those of its subject: often another noun stands between the two and must not mislead. Anybody can
check a sentence by its endings (-o, -a, -os, -as); to a model each word is one unrelated id.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from lmcore.tokenizer import Tokenizer

ENDINGS = ("o", "os", "a", "as")  # two genders, singular and plural
SPECIALS = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
ADJECTIVES = ("mul", "ven", "pir", "tes")
PREPOSITIONS = ("en", "sur")
VERBS = ("lam", "mir", "dav")
# Four topics of four nouns; the first two of each are of the one gender, the others of the other.
TOPICS: dict[str, tuple[str, str, str, str]] = {
    "sea": ("port", "barc", "vel", "ond"),
    "farm": ("trig", "gall", "vac", "granj"),
    "town": ("merc", "tranv", "plaz", "calz"),
    "school": ("libr", "banc", "tiz", "regl"),
}
ROLES = ("subject", "attractor", "object")


def _vocabulary() -> tuple[str, ...]:
    nouns = [
        stem + ENDINGS[2 * (place // 2) + number]
        for stems in TOPICS.values()
        for place, stem in enumerate(stems)
        for number in (0, 1)
    ]
    determiners = ["l" + ending for ending in ENDINGS]
    verbs = [stem + ending for stem in VERBS for ending in ENDINGS]
    return (*SPECIALS, *determiners, *ADJECTIVES, *PREPOSITIONS, *nouns, *verbs, ".")


AGREEMENT_VOCABULARY = _vocabulary()


@dataclass(frozen=True)
class AgreementSentence:
    """``words``, the index of its topic, where its verbs stand, and each noun's place and role
    (an index into ``ROLES``)."""

    words: tuple[str, ...]
    topic: int
    verbs: tuple[int, ...]
    nouns: tuple[tuple[int, int], ...]

    def encode(self) -> list[int]:
        """``[CLS] words [SEP]`` as indices into ``AGREEMENT_VOCABULARY``."""
        return [_IDS[word] for word in ("[CLS]", *self.words, "[SEP]")]


_IDS = {word: number for number, word in enumerate(AGREEMENT_VOCABULARY)}


def agreement_sentences(size: int, seed: int) -> tuple[AgreementSentence, ...]:
    """``size`` well-formed sentences, the same for the same seed. ValueError below 1."""
    if size < 1:
        raise ValueError(f"size {size} is not allowed: at least 1")
    chosen = random.Random(seed)
    return tuple(_sentence(chosen) for _ in range(size))


def with_wrong_verb(sentence: AgreementSentence, chosen: random.Random) -> AgreementSentence:
    """The sentence with one of its verbs in one of the three forms that do not agree."""
    words, place = list(sentence.words), chosen.choice(sentence.verbs)
    stem, ending = words[place][:3], words[place][3:]
    words[place] = stem + chosen.choice([other for other in ENDINGS if other != ending])
    return replace(sentence, words=tuple(words))


def agreement_tokenizer() -> Tokenizer:
    """The language's words as a tokenizer of BERT's kind. A word that the language lacks becomes
    [PAD], the one marker that no sentence contains."""
    backend = tokenizers.Tokenizer(models.WordPiece(_IDS, unk_token="[PAD]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.add_special_tokens(list(SPECIALS))
    return Tokenizer(backend)


def _sentence(chosen: random.Random) -> AgreementSentence:
    topic = chosen.randrange(len(TOPICS))
    stems = list(TOPICS.values())[topic]
    words: list[str] = []
    verbs: list[int] = []
    nouns: list[tuple[int, int]] = []

    def noun_phrase(role: int, adjective: bool) -> str:
        place = chosen.randrange(len(stems))
        ending = ENDINGS[2 * (place // 2) + chosen.randrange(2)]
        words.append("l" + ending)
        if adjective:
            words.append(chosen.choice(ADJECTIVES))
        nouns.append((len(words), role))
        words.append(stems[place] + ending)
        return ending

    for _ in range(2):
        ending = noun_phrase(0, adjective=chosen.random() < 0.5)
        if chosen.random() < 0.5:
            words.append(chosen.choice(PREPOSITIONS))
            noun_phrase(1, adjective=False)
        verbs.append(len(words))
        words.append(chosen.choice(VERBS) + ending)
        noun_phrase(2, adjective=False)
        words.append(".")
    return AgreementSentence(tuple(words), topic, tuple(verbs), tuple(nouns))
