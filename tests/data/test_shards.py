"""Shards: what was written is read, window by window, each once an epoch, and nothing broken."""

import json
import os
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from lmcore import Tokenizer
from lmcore.cli import main
from lmcore.data import open_shards, read_texts, texts_of, write_shards
from lmcore.objectives import Masking, StreamText
from lmcore.objectives.stream import shuffled

TOKENIZER = Tokenizer.load("bpe-512")
DOCUMENTS = [f"Document {n} tells of a king who was born in {1500 + n}." for n in range(120)]


@pytest.fixture
def folder(tmp_path):
    write_shards(
        DOCUMENTS, TOKENIZER, tmp_path / "shards", separator="<|endoftext|>", validation=0.1,
        tokens_a_file=700,
    )  # fmt: skip
    return tmp_path / "shards"


def test_the_stream_is_the_documents_end_to_end(folder):
    shards, tokenizer, separator = open_shards(folder)
    assert len(list(folder.glob("train-*.safetensors"))) > 2
    assert separator == "<|endoftext|>"
    kept = [text for n, text in enumerate(DOCUMENTS) if n % 10 != 9]
    expected = [i for text in kept for i in (*tokenizer.encode(text), tokenizer.id_of(separator))]
    train = shards["train"]
    assert len(train) == len(expected)
    assert train.windows(np.array([0]), len(train)).tolist() == [expected]
    starts = np.array([0, 693, 1395, len(train) - 20])  # two of them run on into the next file
    assert train.windows(starts, 20).tolist() == [expected[s : s + 20] for s in starts]
    assert train.parts[0].dtype == np.uint16
    assert isinstance(train.parts[0], np.memmap)


@pytest.mark.parametrize("count", [1, 2, 3, 100, 257, 4096])
def test_a_shuffle_is_a_permutation_and_another_one_by_key(count):
    index = np.arange(count)
    found = shuffled(index, count, key=7)
    assert sorted(found) == list(range(count))
    assert np.array_equal(found, np.array([shuffled(index[i : i + 1], count, 7)[0] for i in index]))
    if count > 99:
        assert not np.array_equal(found, shuffled(index, count, key=8))
        assert abs(np.corrcoef(index, found)[0, 1]) < 0.25


class Positions:
    """A stream whose token at a place is that place."""

    def __len__(self):
        return 3000

    def windows(self, starts, length):
        assert starts.min() >= 0
        assert starts.max() + length <= 3000
        return starts[:, None] + np.arange(length)


def test_every_window_comes_once_an_epoch_and_any_step_can_be_asked_for():
    text = StreamText(Positions(), 16)
    batches = text.batches(size=text.count, seed=3)
    for epoch in range(8):
        rows = batches[epoch]["input_ids"]
        assert rows.shape == (text.count, 17)
        predicted = rows[:, 1:].flatten().tolist()
        assert len(set(predicted)) == len(predicted) == 186 * 16
    assert not torch.equal(batches[0]["input_ids"], batches[1]["input_ids"])
    small, again = text.batches(5, seed=3), text.batches(5, seed=3)
    assert torch.equal(small[40]["input_ids"], again[40]["input_ids"])
    first = torch.cat([small[s]["input_ids"] for s in range(text.count // 5)])
    assert torch.equal(first, batches[0]["input_ids"][: len(first)])
    assert not torch.equal(small[0]["input_ids"], text.batches(5, seed=4)[0]["input_ids"])


def test_evaluation_reads_every_token_once(folder):
    stream = open_shards(folder)[0]["validation"]
    seen = [row[1:] for b in StreamText(stream, 16).windows(4) for row in b["input_ids"].tolist()]
    flat = [i for row in seen for i in row]
    assert flat == stream.windows(np.array([1]), len(flat))[0].tolist()
    assert len(stream) - len(flat) <= 16


def test_masked_windows_stand_between_markers(tmp_path):
    wordpiece = Tokenizer.load("wordpiece-2048")
    write_shards(DOCUMENTS, wordpiece, tmp_path, separator="[SEP]", validation=0.1)
    shards, tokenizer, _ = open_shards(tmp_path)
    ids = {name: tokenizer.id_of(name) for name in ("[CLS]", "[SEP]", "[MASK]")}
    masking = Masking(
        mask_id=ids["[MASK]"], special_ids=tuple(tokenizer.special_ids.values()), vocab_size=2048
    )
    batches = StreamText(shards["train"], 30).masked_batches(
        4, 0, masking, ids["[CLS]"], ids["[SEP]"]
    )
    batch = batches[2]
    assert batch["input_ids"].shape == (4, 32)
    assert batch["input_ids"][:, 0].eq(ids["[CLS]"]).all()
    assert batch["input_ids"][:, -1].eq(ids["[SEP]"]).all()
    assert len(batch["masked_ids"]) == 4 * 5  # 15 % of 32
    assert all(torch.equal(batch[name], batches[2][name]) for name in batch)


def test_a_large_vocabulary_takes_four_bytes(tmp_path):
    words = [f"w{n}" for n in range(70_000)] + ["end"]
    tokenizer = Tokenizer.of_words(words)
    write_shards(["w69999 w3"] * 20, tokenizer, tmp_path, separator="end", validation=0.1)
    train = open_shards(tmp_path)[0]["train"]
    assert train.parts[0].dtype == np.uint32
    assert train.windows(np.array([0]), 3).tolist() == [[69_999, 3, 70_000]]


def refused(message, folder, use=lambda shards: None):
    with pytest.raises(ValueError, match=message) as caught:
        use(open_shards(folder)[0])
    assert "\n" not in str(caught.value)


def test_what_is_broken_is_refused_in_one_line(folder):
    path = folder / "train-00001.safetensors"
    whole = path.read_bytes()
    for cut in (0, 5, 40, len(whole) - 1):
        path.write_bytes(whole[:cut])
        refused("train-00001.safetensors is not a whole shard", folder)
    path.write_bytes(whole + b"x")
    refused("is not a whole shard", folder)
    path.unlink()
    refused("is not a whole shard", folder)
    tokens = np.full(100, 60_000, np.uint16)
    header = {"tokenizer": json.loads((folder / "index.json").read_text())["tokenizer"]}
    save_file({"tokens": tokens}, path, header)

    def read_all(shards):
        shards["train"].windows(np.array([0]), len(shards["train"]))

    refused("holds id 60000: the tokenizer has only 512", folder, read_all)
    save_file({"tokens": tokens}, path, {"tokenizer": "another"})
    refused("was made by another tokenizer", folder)
    save_file({"tokens": tokens.astype(np.float32)}, path, header)
    refused("has tokens of type F32", folder)


def test_a_folder_that_is_no_whole_one_is_refused(folder, tmp_path):
    Tokenizer.load("bpe-1024").save(folder / "tokenizer.json")
    refused("is not the tokenizer that made these shards", folder)
    (folder / "index.json").write_text("{}")
    refused("is not an index of shards", folder)
    (folder / "index.json").unlink()
    refused("index.json is missing: no folder of shards, or not a whole one", folder)
    with pytest.raises(ValueError, match="too few documents"):
        write_shards(["one"], TOKENIZER, tmp_path / "few", separator="<|endoftext|>")
    assert not (tmp_path / "few" / "index.json").exists()


def test_texts_come_from_files_and_from_rows(tmp_path):
    plain, lines = tmp_path / "a.txt", tmp_path / "a.jsonl"
    plain.write_text("One.\nStill one.\n\n\nTwo.\n")
    assert list(read_texts(plain)) == ["One.\nStill one.", "Two."]
    lines.write_text('{"text": "One."}\n\n{"text": "Two.", "id": 2}\n')
    assert list(read_texts(lines)) == ["One.", "Two."]
    assert list(texts_of([{"body": "One."}, {"body": "Two."}], "body")) == ["One.", "Two."]
    for broken, message in (
        ('{"text": 3}\n', "line 1, has no text in 'text'"),
        ('{"text": "a"}\n[1]\n', "line 2, has no text"),
        ('{"text": "a"}\n{"te\n', "line 2, is not JSON"),
    ):
        lines.write_text(broken)
        with pytest.raises(ValueError, match=message):
            list(read_texts(lines))
    plain.write_bytes(b"fine\n\xff\xfe\n")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        list(read_texts(plain))
    with pytest.raises(ValueError, match="row 0 has no text in 'text'"):
        list(texts_of([{"body": "One."}]))


BASE = ["train", "--steps", "6", "--batch-size", "2", "--device", "cpu", "--log-every", "2"]


def train(folder, corpus, *more):
    preset = ("gpt-mini", "clm") if "mlm" not in more else ("bert-mini", "mlm")
    names = ["--preset", preset[0], "--objective", preset[1], "--length", "24"]
    rest = [a for a in more if a not in ("clm", "mlm")]
    return main([*BASE, *names, "--corpus", str(corpus), "--out", str(folder), *rest])


def test_lmcore_shard_then_train(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": d}) + "\n" for d in DOCUMENTS))
    (tmp_path / "b.txt").write_text("\n\n".join(DOCUMENTS))
    for tokenizer, kind in (("bpe-512", "clm"), ("wordpiece-2048", "mlm")):
        out = tmp_path / tokenizer
        sources = [str(tmp_path / name) for name in ("a.jsonl", "b.txt")]
        arguments = ["shard", *sources, "--out", str(out), "--tokenizer", tokenizer]
        assert main([*arguments, "--validation", "0.2"]) == 0
        assert main([*arguments, "--validation", "0.2"]) == 2
        assert "holds shards already" in capsys.readouterr().err
        assert train(tmp_path / kind, out, kind) == 0
    assert "validation loss" in capsys.readouterr().out
    assert train(tmp_path / "no", out, "mlm", "--objective", "mlm+nsp") == 2
    assert "shards hold a stream without sentences" in capsys.readouterr().err
    assert train(tmp_path / "no", out, "mlm", "--tokenizer", "bpe-512") == 2
    assert "shards bring their own" in capsys.readouterr().err


def test_a_run_on_shards_resumes_the_order_of_its_data(folder, tmp_path):
    assert train(tmp_path / "whole", folder, "--save-every", "2") == 0
    assert train(tmp_path / "half", folder, "--save-every", "2") == 0
    shutil.rmtree(tmp_path / "half" / "state-6")  # as if it had been killed behind step 4
    os.unlink(tmp_path / "half" / "model.safetensors")
    assert train(tmp_path / "half", folder, "--save-every", "2", "--resume") == 0
    one, two = (load_file(tmp_path / n / "model.safetensors") for n in ("whole", "half"))
    assert all(np.array_equal(one[name], two[name]) for name in one)
