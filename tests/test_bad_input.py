"""Whatever is typed or handed in: an answer, or a ValueError or exit code with one clear line."""

import contextlib
import io
import json
import random
import string

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmcore import (
    PRESETS,
    CausalLM,
    Config,
    InputTransform,
    LabeledText,
    MaskedLM,
    PackedText,
    Recipe,
    Tokenizer,
    generate,
    ledger,
    load_checkpoint,
    preset,
    save_checkpoint,
)
from lmcore.cli import main
from lmcore.data import load_text_file, open_shards, read_texts, write_shards
from lmcore.objectives import Masking, PairPacking, SentencePairs, mask_tokens
from lmcore.run.states import find_state

QUICK = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
FEW = settings(QUICK, max_examples=20)

BPE, WORDPIECE = Tokenizer.load("bpe-512"), Tokenizer.load("wordpiece-2048")
TINY = dict(context_length=12, hidden_size=8, num_layers=1, num_heads=2)
SMALL = Config(vocab_size=512, causal=True, **TINY)
GPT = CausalLM(SMALL)
BERT = MaskedLM(Config(vocab_size=2048, causal=False, num_segments=2, pooler=True, **TINY))
ids = st.integers(-(10**6), 10**6)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def tried(work, *arguments, **named):
    """What ``work`` gives, or None where it refuses in one line; anything else is an error."""
    try:
        return work(*arguments, **named)
    except ValueError as error:
        said = str(error)
    assert said
    assert "\n" not in said
    return None


@QUICK
@given(st.sampled_from(sorted(PRESETS)), st.integers(0, 30), st.sampled_from(string.printable[:62]))
def test_a_mistyped_preset_is_told_the_nearest(name, at, letter):
    typed = name[: at % len(name)] + letter + name[at % len(name) + 1 :]
    if typed in PRESETS:
        return
    with pytest.raises(ValueError, match="did you mean") as caught:
        preset(typed)
    assert str(caught.value).startswith(f"unknown preset {typed!r}")


@QUICK
@given(st.text(max_size=20))
def test_any_preset_name(name):
    tried(preset, name)


numbers = st.integers(-3, 40) | st.none() | st.floats(-2, 20) | st.booleans() | st.text(max_size=2)


@QUICK
@given(
    st.fixed_dictionaries(
        dict.fromkeys(("vocab_size", "hidden_size", "num_layers", "num_heads"), numbers),
        optional={
            "feed_forward_size": numbers, "embedding_size": numbers, "num_groups": numbers,
            "layers_per_group": numbers, "dropout": numbers, "num_segments": numbers,
            "activation": st.text(max_size=4) | st.just("relu"), "init_std": numbers,
            "windows": st.lists(numbers, max_size=3) | numbers, "norm_eps": numbers,
        },
    )
)  # fmt: skip
def test_any_sizes_make_a_model_or_are_refused(fields):
    config = tried(Config, context_length=6, causal=True, **fields)
    if config is not None:
        assert ledger(config)
        with torch.device("meta"):
            model = tried(CausalLM, config)
        if model is not None:
            assert model(torch.zeros(2, 5, dtype=torch.long, device="meta")).shape[:2] == (2, 5)


@QUICK
@given(st.integers(1, 60), st.integers(1, 60))
def test_heads_that_do_not_divide_are_refused(hidden, heads):
    config = tried(Config, vocab_size=9, context_length=4, hidden_size=hidden, num_layers=1,
                   num_heads=heads, causal=True)  # fmt: skip
    assert (config is None) == (hidden % heads != 0)


@QUICK
@given(st.text(max_size=60))
def test_any_text_is_encoded_and_byte_pairs_give_it_back(text):
    assert BPE.decode(BPE.encode(text)) == text
    assert BPE.encode_all([text, ""]) == [BPE.encode(text), []]
    assert all(0 <= i < len(WORDPIECE) for i in WORDPIECE.encode(text))


@QUICK
@given(st.lists(ids, max_size=5))
def test_any_ids_are_decoded_or_refused(some):
    known = all(0 <= i < len(BPE) for i in some)
    assert (tried(BPE.decode, some) is not None) == known


@QUICK
@given(st.lists(ids | st.integers(0, 511), min_size=1, max_size=20))
def test_any_ids_are_read_or_refused(some):
    logits = tried(GPT, torch.tensor([some]))
    assert (logits is not None) == (len(some) <= 12 and all(0 <= i < 512 for i in some))
    batch = {"input_ids": torch.tensor([some]), "segment_ids": torch.tensor([[2] * len(some)])}
    assert tried(BERT, batch) is None  # it has segments 0 and 1


def test_ids_of_another_shape_are_refused():
    for shape in ((), (3,), (1, 2, 3)):
        with pytest.raises(ValueError, match="input_ids of shape"):
            GPT(torch.zeros(shape, dtype=torch.long))


@QUICK
@given(
    st.lists(ids | st.integers(0, 511), max_size=20),
    st.integers(-3, 20),
    st.floats(allow_nan=True) | st.just(1.0),
    st.none() | st.integers(-5, 1000),
    st.none() | st.floats(allow_nan=True),
)
def test_any_wish_is_generated_or_refused(prompt, count, temperature, top_k, top_p):
    new = tried(generate, GPT, prompt, count, temperature=temperature, top_k=top_k, top_p=top_p)
    if new is not None:
        assert len(new) == count
        assert all(0 <= i < 512 for i in new)


@QUICK
@given(st.lists(st.text(max_size=30), max_size=4), st.integers(-2, 40), st.integers(-2, 5))
def test_any_texts_are_packed_or_refused(texts, length, size):
    packed = tried(PackedText.encode, texts, BPE, 0, length)
    batches = None if packed is None else tried(packed.batches, size, 0)
    if batches is not None:
        assert batches[3]["input_ids"].shape == (size, length + 1)
        assert list(packed.windows(2))


@QUICK
@given(
    st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=4),
    st.integers(-2, 30), st.integers(-1, 4), st.floats(),
)  # fmt: skip
def test_any_documents_are_paired_and_masked_or_refused(documents, length, size, rate):
    packing = tried(PairPacking, 2, 3, length)
    masking = tried(Masking, mask_id=4, special_ids=(0, 1, 2, 3, 4), vocab_size=2048, rate=rate)
    if packing is None or masking is None:
        return
    pairs = tried(SentencePairs.encode, documents, WORDPIECE, packing)
    batches = None if pairs is None else tried(pairs.batches, size, 0, masking)
    if batches is not None:
        batch = batches[0]
        assert batch["input_ids"].shape == (size, length)


@QUICK
@given(
    st.lists(st.lists(st.integers(0, 511), min_size=1, max_size=8), max_size=4), st.integers(-1, 5)
)
def test_labels_must_be_as_many_as_inputs(inputs, many):
    data = tried(LabeledText, inputs, [0] * max(many, 0))
    assert (data is None) == (len(inputs) != max(many, 0) or not inputs)


@QUICK
@given(st.text(max_size=30), st.none() | st.text(max_size=30), st.integers(-2, 20))
def test_any_input_fits_its_transform_or_is_refused(text, pair, length):
    transform = tried(InputTransform, BPE, 1, 2, 3, length)
    if transform is not None:
        assert 2 <= len(transform(text, pair)) <= length


def test_masks_need_a_place():
    batch = {"input_ids": torch.zeros(2, 0, dtype=torch.long)}
    masking = Masking(mask_id=4, special_ids=(0,), vocab_size=9)
    with pytest.raises(ValueError, match="a text without tokens has none to hide"):
        mask_tokens(batch, masking, torch.Generator())


@QUICK
@given(
    st.floats(), st.floats(), st.floats(), st.floats(), st.floats(),
    st.sampled_from(["adamw", "muon", "sgd", ""]),
)  # fmt: skip
def test_any_recipe_gives_rates_or_is_refused(rate, warmup, hold, floor, clip, optimizer):
    recipe = tried(Recipe, learning_rate=rate, warmup=warmup, hold=hold, floor=floor, clip=clip,
                   optimizer=optimizer)  # fmt: skip
    if recipe is not None:
        assert all(0 <= recipe.rate(step, 10) <= rate for step in range(10))


@FEW
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    tried(load_text_file, path)
    tried(lambda: list(read_texts(path)))
    (tmp_path / "rows.jsonl").write_bytes(content)
    tried(lambda: list(read_texts(tmp_path / "rows.jsonl")))


def harmed(path, lots):
    """The file with a byte changed, or cut short."""
    content = bytearray(path.read_bytes() or b"{")
    at = lots.randrange(len(content))
    if lots.random() < 0.3:
        content = content[:at]
    else:
        content[at] = lots.randrange(256)
    path.write_bytes(bytes(content))


@FEW
@given(lots=st.randoms(use_true_random=False), name=st.sampled_from(
    ["config.json", "model.safetensors"]))  # fmt: skip
def test_a_harmed_checkpoint_is_loaded_or_refused(tmp_path, lots, name):
    save_checkpoint(GPT, tmp_path)
    for _ in range(3):
        harmed(tmp_path / name, lots)
        tried(load_checkpoint, tmp_path)


@FEW
@given(field=st.sampled_from([*PRESETS["gpt-mini"], "model", "more"]), value=junk | ids)
def test_a_config_with_anything_in_it_is_read_or_refused(tmp_path, field, value):
    save_checkpoint(GPT, tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(content | {field: value}))
    tried(load_checkpoint, tmp_path)


def test_a_checkpoint_of_another_shape_is_refused_before_memory_is_taken(tmp_path):
    save_checkpoint(GPT, tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(content | {"vocab_size": 10**12}))
    with pytest.raises(ValueError, match=r"has shape \(512, 8\), the model needs \(1000000000000"):
        load_checkpoint(tmp_path)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "s"
    texts = [f"A king was born in {n}." for n in range(20)]
    write_shards(texts, BPE, folder, separator="<|endoftext|>", validation=0.1)
    return folder


@FEW
@given(lots=st.randoms(use_true_random=False), name=st.sampled_from(
    ["index.json", "train-00000.safetensors", "tokenizer.json"]))  # fmt: skip
def test_harmed_shards_are_opened_or_refused(shards, lots, name):
    whole = (shards / name).read_bytes()
    harmed(shards / name, lots)
    try:
        opened = tried(open_shards, shards)
        if opened is not None:
            tried(opened[0]["train"].windows, torch.tensor([0]).numpy(), len(opened[0]["train"]))
    finally:
        (shards / name).write_bytes(whole)


@FEW
@given(content=junk)
def test_a_state_with_anything_in_it_is_refused(tmp_path, content):
    (tmp_path / "state-3").mkdir(exist_ok=True)
    (tmp_path / "state-3" / "state.json").write_text(json.dumps(content))
    assert tried(find_state, tmp_path, print) is None


def command(*arguments):
    """The exit code of a command that says at most one line about what is wrong."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code
    assert code in (0, 1, 2)
    assert err.getvalue().count("\n") == (1 if code else 0), err.getvalue()
    assert "Traceback" not in err.getvalue()
    return code


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save_checkpoint(GPT, root / "gpt", tokenizer=BPE)
    save_checkpoint(BERT, root / "bert", tokenizer=WORDPIECE)
    return root


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
free = words.filter(lambda text: not text.startswith("-"))


@FEW
@given(prompt=free, tokens=st.integers(-2, 30), k=st.integers(-2, 600), heat=st.floats())
def test_generate_answers_or_refuses(folders, prompt, tokens, k, heat):
    command("generate", folders / "gpt", f"--prompt={prompt}", f"--tokens={tokens}",
            f"--top-k={k}", f"--temperature={heat}")  # fmt: skip


@FEW
@given(text=free | free.map(lambda t: t + " [MASK]"), k=st.integers(-2, 5000))
def test_fill_mask_answers_or_refuses(folders, text, k):
    command("fill-mask", folders / "bert", f"--text={text}", f"--top-k={k}")
    assert command("detect", folders / "bert", f"--text={text}") == 2


@QUICK
@given(name=st.text(string.ascii_lowercase + string.digits + "./-", min_size=1, max_size=12))
def test_params_counts_or_refuses(name):
    if "/" not in name.strip("./"):  # a name with one could be on the hub
        command("params", f"./{name}")


NASTY = ["meta", "0", "-1", "1", "7", "x", "", "nan", "1e400", "9" * 30, "0.5"]
OPTIONS = [
    "--steps", "--batch-size", "--length", "--learning-rate", "--warmup", "--mask-rate", "--seed",
    "--log-every", "--save-every", "--accumulate", "--device", "--dtype", "--optimizer",
    "--preset", "--objective", "--corpus", "--tokenizer",
]  # fmt: skip


@FEW
@given(option=st.sampled_from(OPTIONS), value=st.sampled_from(NASTY))
def test_train_runs_or_refuses(tmp_path, option, value):
    (tmp_path / "a.txt").write_text("\n\n".join(["A king was born in 1500."] * 40))
    out = tmp_path / str(random.getrandbits(60))
    code = command(
        "train", "--preset=gpt-mini", "--objective=clm", f"--corpus={tmp_path / 'a.txt'}",
        "--steps=1", "--batch-size=2", "--length=8", "--device=cpu", f"--out={out}",
        f"{option}={value}",
    )  # fmt: skip
    assert code == 2 or out.is_dir()


@FEW
@given(content=st.binary(max_size=80), name=st.sampled_from(["a.txt", "a.jsonl"]),
       share=st.sampled_from([*NASTY, "0.1"]))  # fmt: skip
def test_shard_writes_or_refuses(tmp_path, content, name, share):
    (tmp_path / name).write_bytes(content)
    out = tmp_path / str(random.getrandbits(60))
    code = command("shard", tmp_path / name, f"--out={out}", "--tokenizer=bpe-512",
                   f"--validation={share}")  # fmt: skip
    assert (code == 0) == (out / "index.json").exists()
