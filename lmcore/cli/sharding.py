"""``lmcore shard``: a corpus as token ids in files, for training on more than fits in memory."""

from __future__ import annotations

import argparse
from itertools import chain

from lmcore.data.shards import write_shards
from lmcore.data.sources import read_texts
from lmcore.tokenizer import Tokenizer, shipped

SEPARATORS = ("<|endoftext|>", "[SEP]")


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add it to the command line."""
    shard = commands.add_parser("shard", help="write a corpus as files of token ids")
    shard.add_argument(
        "sources", nargs="+", metavar="FILE", help="JSON lines (.jsonl), or a UTF-8 text"
    )
    shard.add_argument("--out", required=True, metavar="DIR", help="where the shards go")
    names = ", ".join(shipped())
    shard.add_argument("--tokenizer", required=True, help=f"{names}, or a JSON file")
    shard.add_argument("--field", default="text", help="which one of a JSON line (text)")
    shard.add_argument(
        "--validation", type=float, default=0.01, help="share of documents to hold out (0.01)"
    )
    shard.set_defaults(run=_shard)


def _shard(options: argparse.Namespace) -> int:
    tokenizer = Tokenizer.load(options.tokenizer)
    separator = next((mark for mark in SEPARATORS if mark in tokenizer.special_ids), None)
    if separator is None:
        raise ValueError(f"--tokenizer {options.tokenizer} has no {' or '.join(SEPARATORS)}")
    texts = [read_texts(path, options.field) for path in options.sources]
    counts = write_shards(
        chain.from_iterable(texts), tokenizer, options.out, separator=separator,
        validation=options.validation,
    )  # fmt: skip
    for split, count in counts.items():
        print(f"{split:10} {count:>14,} tokens")
    return 0
