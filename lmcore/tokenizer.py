"""Text to token ids and back, over Hugging Face's ``tokenizers``.

Byte-level BPE for the causal models (GPT-2, section 2.2), WordPiece for the bidirectional ones
(BERT, section 3). Some are shipped with the package; any can be trained on a reader's text.
"""

from __future__ import annotations

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
            backend = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
            backend.normalizer = normalizers.BertNormalizer(lowercase=True)
            backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
            backend.decoder = decoders.WordPiece()
            smallest = 256  # letters, and their ## forms
            trainer = trainers.WordPieceTrainer(
                vocab_size=vocab_size, min_frequency=2, special_tokens=list(WORDPIECE_SPECIALS),
                limit_alphabet=100, show_progress=False,
            )  # fmt: skip
        else:
            raise ValueError(f"kind {kind!r} is unknown: bpe or wordpiece")
        if vocab_size < smallest:
            raise ValueError(f"vocab_size {vocab_size} is not allowed: at least {smallest}")
        backend.train_from_iterator(texts, trainer)
        return cls(backend)

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``; none are added. Special tokens written out in the text are
        read as plain characters, so that nobody's text can forge one."""
        return self._encode(text).ids

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
        return self._backend.encode(text, add_special_tokens=False)


def shipped() -> list[str]:
    """The names of the tokenizers that come with the package."""
    folder = files("lmcore").joinpath("tokenizers")
    return sorted(
        p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")
    )
