"""Text to token ids and back, over Hugging Face's ``tokenizers``.

Byte-level BPE for the causal models (GPT-2, section 2.2), WordPiece for the bidirectional ones
(BERT, section 3). Some are shipped with the package; any can be trained on a reader's text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

BPE_SPECIALS = ("<|endoftext|>", "<|start|>", "<|delimiter|>", "<|extract|>")
WORDPIECE_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Tokenizer:
    """A vocabulary, its rules, and the special tokens that a text never contains by itself."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        self._backend = backend
        self.special_ids: dict[str, int] = {
            token.content: i for i, token in backend.get_added_tokens_decoder().items()
        }

    @classmethod
    def load(cls, name: str | Path) -> Tokenizer:
        """A shipped tokenizer by name, or one of your own from a ``tokenizers`` JSON file.

        Raises ValueError naming the shipped ones where it is neither.
        """
        path = files("lmcore").joinpath("tokenizers", f"{name}.json")
        if not path.is_file():
            path = Path(name)
        if not path.is_file():
            raise ValueError(f"unknown tokenizer {str(name)!r}: a file, or {', '.join(shipped())}")
        try:
            return cls(tokenizers.Tokenizer.from_str(path.read_text("utf-8")))
        except Exception as error:  # the library raises plain Exception for a file it cannot read
            raise ValueError(f"{path} is not a tokenizers JSON file: {error}") from None

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Tokenizer:
        """One token for each of ``words``, numbered in their order; a text is split at spaces,
        and a line end is a word by itself where it is among them.

        Raises ValueError where a word comes twice, or a text has one that is not listed.
        """
        vocabulary = {word: i for i, word in enumerate(words)}
        if len(vocabulary) != len(words):
            raise ValueError("a word comes twice: each can have one id only")
        backend = tokenizers.Tokenizer(models.WordLevel(vocabulary))
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(" ", "removed"), pre_tokenizers.Split("\n", "isolated")]
        )
        return cls(backend)

    @classmethod
    def of_wordpieces(cls, words: Sequence[str]) -> Tokenizer:
        """BERT's uncased WordPiece with whole ``words`` for a vocabulary, its five markers before
        them; any other word is ``[UNK]``. Raises ValueError where a word comes twice."""
        pieces = [*WORDPIECE_SPECIALS, *words]
        vocabulary = {piece: i for i, piece in enumerate(pieces)}
        if len(vocabulary) != len(pieces):
            raise ValueError("a word comes twice: each can have one id only")
        return cls(wordpiece_backend(vocabulary))

    @classmethod
    def train(cls, texts: Iterable[str], kind: str, vocab_size: int) -> Tokenizer:
        """Learn a vocabulary of ``vocab_size`` from ``texts``; ``kind`` is "bpe" or "wordpiece".

        The same texts give the same vocabulary. Raises ValueError for another kind, or for a
        vocabulary too small to hold what must be in it.
        """
        if kind == "bpe":
            backend = tokenizers.Tokenizer(models.BPE())
            backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            backend.decoder = decoders.ByteLevel()
            smallest = 256 + len(BPE_SPECIALS)  # every byte has a token, so any text has tokens
            trainer = trainers.BpeTrainer(
                vocab_size=vocab_size, min_frequency=2, special_tokens=list(BPE_SPECIALS),
                initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False,
            )  # fmt: skip
        elif kind == "wordpiece":
            backend, texts = wordpiece_backend({}), list(texts)
            letters, inner = _alphabet(backend, texts)
            smallest = 256  # letters, and their ## forms
            trainer = trainers.WordPieceTrainer(
                # Only special tokens are numbered in the order given; the library numbers the
                # rest in the order of a hash table, another one at each run.
                vocab_size=vocab_size, min_frequency=2, limit_alphabet=len(letters),
                initial_alphabet=letters, special_tokens=[*WORDPIECE_SPECIALS, *letters, *inner],
                show_progress=False,
            )  # fmt: skip
        else:
            raise ValueError(f"kind {kind!r} is unknown: bpe or wordpiece")
        if vocab_size < smallest:
            raise ValueError(f"vocab_size {vocab_size} is not allowed: at least {smallest}")
        backend.train_from_iterator(texts, trainer)
        if kind == "wordpiece":  # letters are no special tokens
            backend = wordpiece_backend(backend.get_vocab())
        return cls(backend)

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``; none are added. Special tokens written out in the text are
        read as plain characters, so that nobody's text can forge one."""
        return self._encode(text).ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """``encode`` of many texts at once, which the library spreads over the cores."""
        self._backend.encode_special_tokens = True
        try:
            found = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        except Exception:  # as in _encode, which names the word
            return [self.encode(text) for text in texts]
        return [encoding.ids for encoding in found]

    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids, and for each the first character of ``text`` that it covers and the one
        behind the last."""
        encoding = self._encode(text)
        return encoding.ids, encoding.offsets

    def tokens(self, text: str) -> list[str]:
        """The tokens of ``text`` as readable pieces, each id decoded by itself."""
        return [self._backend.decode([i], skip_special_tokens=False) for i in self.encode(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ``ids``, special tokens written out.

        Raises ValueError where an id is not in the vocabulary.
        """
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} is not in the vocabulary of {len(self)}")
        return self._backend.decode(list(ids), skip_special_tokens=False)

    def id_of(self, token: str) -> int:
        """The id of one token, written as in the vocabulary. Raises ValueError if unknown."""
        found = self._backend.token_to_id(token)
        if found is None:
            raise ValueError(f"token {token!r} is not in the vocabulary")
        return found

    def token_of(self, id: int) -> str:
        """One token as it is written in the vocabulary. Raises ValueError where there is none."""
        found = self._backend.id_to_token(id)
        if found is None:
            raise ValueError(f"id {id} is not in the vocabulary of {len(self)}")
        return found

    @property
    def vocab_size(self) -> int:
        """V, special tokens included."""
        return self._backend.get_vocab_size()

    def __len__(self) -> int:
        return self.vocab_size

    def to_json(self) -> str:
        """The whole tokenizer in the ``tokenizers`` library's JSON."""
        return self._backend.to_str()

    def save(self, path: str | Path) -> None:
        """Write ``to_json()`` to a file."""
        Path(path).write_text(self.to_json() + "\n", "utf-8")

    def _encode(self, text: str) -> tokenizers.Encoding:
        self._backend.encode_special_tokens = True
        try:
            return self._backend.encode(text, add_special_tokens=False)
        except Exception:  # the library's, for a word that a list of words lacks
            words = (word for word, _ in self._backend.pre_tokenizer.pre_tokenize_str(text))
            lacks = next(word for word in words if self._backend.token_to_id(word) is None)
            raise ValueError(f"token {lacks!r} is not in the vocabulary") from None


def shipped() -> list[str]:
    """The names of the tokenizers that come with the package."""
    folder = files("lmcore").joinpath("tokenizers")
    return sorted(
        p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")
    )


def wordpiece_backend(vocabulary: dict[str, int]) -> tokenizers.Tokenizer:
    """Uncased WordPiece, as BERT's, over ``vocabulary``; an empty one is there to be trained."""
    backend = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    if vocabulary:
        backend.add_special_tokens(list(WORDPIECE_SPECIALS))
    return backend


def _alphabet(
    backend: tokenizers.Tokenizer, texts: Iterable[str], most: int = 100
) -> tuple[list[str], list[str]]:
    """The commonest characters of ``texts``, and the ## forms of those that stand inside words."""
    words = Counter(
        word
        for text in texts
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(
            backend.normalizer.normalize_str(text)
        )
    )
    counts: Counter[str] = Counter()
    for word, number in words.items():
        for letter in word:
            counts[letter] += number
    letters = sorted(sorted(counts, key=lambda c: (-counts[c], c))[:most])
    inside = {c for word in words for c in word[1:]}
    return letters, [f"##{c}" for c in letters if c in inside]
