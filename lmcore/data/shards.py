"""A corpus as token ids in files, larger than memory: written once, read by memory map.

A folder of shards has ``train-00000.safetensors`` and so on, the same for ``validation``, the
tokenizer that made them, and ``index.json``, which is written last: without it a folder is not
whole. Each file holds one tensor, ``tokens``, and in its header the tokenizer's sha256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lmcore.tokenizer import Tokenizer
from lmcore.writing import write_whole

INDEX, TOKENIZER = "index.json", "tokenizer.json"
SPLITS = ("train", "validation")
TOKENS_A_FILE = 100_000_000
DOCUMENTS_AT_ONCE = 1000


def write_shards(
    documents: Iterable[str],
    tokenizer: Tokenizer,
    folder: str | Path,
    *,
    separator: str,
    validation: float = 0.01,
    tokens_a_file: int = TOKENS_A_FILE,
) -> dict[str, int]:
    """Tokenize ``documents``, each closed by the token ``separator``; returns tokens by split.

    Every ``1 / validation``-th document is held out. No more than a file's worth of tokens is in
    memory at a time. Raises ValueError where the folder has shards already, where documents are
    too few for both splits, or for shares and sizes that are none.
    """
    folder, end = Path(folder), tokenizer.id_of(separator)
    if not 0 < validation <= 0.5:
        raise ValueError(f"validation {validation} is not allowed: above 0, at most 0.5")
    if tokens_a_file < 1:
        raise ValueError(f"tokens_a_file {tokens_a_file} is not allowed: at least 1")
    if (folder / INDEX).exists():
        raise ValueError(f"{folder} holds shards already: give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    writers = {split: _Writer(folder, split, tokenizer, tokens_a_file) for split in SPLITS}
    every = round(1 / validation)
    for number, ids in enumerate(_encoded(documents, tokenizer)):
        split = "validation" if number % every == every - 1 else "train"
        writers[split].add([*ids, end])
    for writer in writers.values():
        writer.close()
    if not all(writer.files for writer in writers.values()):
        raise ValueError(f"too few documents for training and validation: at least {every}")
    tokenizer.save(folder / TOKENIZER)
    index = {split: writer.files for split, writer in writers.items()}
    index |= {"tokenizer": _hash_of(tokenizer), "separator": separator}
    write_whole(folder / INDEX, (json.dumps(index, indent=1) + "\n").encode())
    return {split: sum(file["tokens"] for file in index[split]) for split in SPLITS}


class TokenShards:
    """A stream of token ids in files, of which only what is asked for is read.

    Raises ValueError, in one line, for a file that is cut short or of another tokenizer, and when
    an id is read that the tokenizer does not have.
    """

    def __init__(self, paths: Sequence[Path], tokenizer: Tokenizer) -> None:
        self.paths, self.vocab_size = list(paths), len(tokenizer)
        self.parts = [_map(path, _hash_of(tokenizer)) for path in self.paths]
        self.ends = np.cumsum([len(part) for part in self.parts])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def windows(self, starts: np.ndarray, length: int) -> np.ndarray:
        """The ``length`` ids from each of ``starts`` (B,) on: (B, length) in int64. A window may
        run on into the next file."""
        found = np.empty((len(starts), length), np.int64)
        for row, start in zip(found, starts.tolist(), strict=True):
            number, filled = int(np.searchsorted(self.ends, start, "right")), 0
            while filled < length:
                begin = start + filled - (self.ends[number] - len(self.parts[number]))
                piece = self.parts[number][begin : begin + length - filled]
                row[filled : filled + len(piece)] = piece
                filled, number = filled + len(piece), number + 1
        if found.size and found.max() >= self.vocab_size:
            raise ValueError(
                f"{self.paths[0].parent} holds id {found.max()}: the tokenizer has only "
                f"{self.vocab_size}"
            )
        return found


def open_shards(folder: str | Path) -> tuple[dict[str, TokenShards], Tokenizer, str]:
    """Both splits of a folder of shards, the tokenizer that made them, and their separator.

    Raises ValueError, in one line, where ``write_shards`` did not finish, or a file is broken,
    missing or of another tokenizer.
    """
    folder = Path(folder)
    if not (folder / INDEX).is_file():
        raise ValueError(f"{folder / INDEX} is missing: no folder of shards, or not a whole one")
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        wanted, separator = index["tokenizer"], str(index["separator"])
        names = {split: [Path(file["file"]).name for file in index[split]] for split in SPLITS}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{folder / INDEX} is not an index of shards") from None
    if _hash_of(tokenizer) != wanted:
        raise ValueError(f"{folder / TOKENIZER} is not the tokenizer that made these shards")
    tokenizer.id_of(separator)
    shards = {
        split: TokenShards([folder / name for name in files], tokenizer)
        for split, files in names.items()
    }
    return shards, tokenizer, separator


class _Writer:
    """The files of one split, each written when it is full."""

    def __init__(self, folder: Path, split: str, tokenizer: Tokenizer, size: int) -> None:
        self.folder, self.split, self.size = folder, split, size
        self.dtype = np.uint16 if len(tokenizer) <= 2**16 else np.uint32
        self.header = {"tokenizer": _hash_of(tokenizer)}
        self.files: list[dict] = []
        self.waiting: list[np.ndarray] = []
        self.count = 0

    def add(self, ids: list[int]) -> None:
        self.waiting.append(np.array(ids, self.dtype))
        self.count += len(ids)
        if self.count >= self.size:
            self.close()

    def close(self) -> None:
        if not self.count:
            return
        name = f"{self.split}-{len(self.files):05}.safetensors"
        tokens = np.concatenate(self.waiting)
        write_whole(self.folder / name, save({"tokens": tokens}, self.header))
        self.files.append({"file": name, "tokens": self.count})
        self.waiting, self.count = [], 0


def _encoded(documents: Iterable[str], tokenizer: Tokenizer) -> Iterator[list[int]]:
    waiting: list[str] = []
    for document in documents:
        waiting.append(document)
        if len(waiting) == DOCUMENTS_AT_ONCE:
            yield from tokenizer.encode_all(waiting)
            waiting = []
    yield from tokenizer.encode_all(waiting)


def _map(path: Path, tokenizer: str) -> np.ndarray:
    """A file's ids as they lie on the disk (N,)."""
    try:
        with safe_open(path, "numpy") as file:  # refuses a file of another length than it says
            about, tensor = file.metadata() or {}, file.get_slice("tokens")
            (count,), kind = tensor.get_shape(), tensor.get_dtype()
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} is not a whole shard: {error}") from None
    if about.get("tokenizer") != tokenizer:
        raise ValueError(f"{path} was made by another tokenizer")
    if kind not in ("U16", "U32"):
        raise ValueError(f"{path} has tokens of type {kind}: U16 or U32")
    with open(path, "rb") as file:
        header = int.from_bytes(file.read(8), "little")
        (begin, _) = json.loads(file.read(header))["tokens"]["data_offsets"]
    dtype = np.dtype("<u2" if kind == "U16" else "<u4")
    return np.memmap(path, dtype, "r", offset=8 + header + begin, shape=(count,))


def _hash_of(tokenizer: Tokenizer) -> str:
    return hashlib.sha256(tokenizer.to_json().encode()).hexdigest()
