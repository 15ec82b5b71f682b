"""Tokenizers: nothing is lost, nothing can be forged, and GPT-2's and BERT's are the real ones."""

import pytest
import tokenizers

from lmcore import Tokenizer
from lmcore.data import load_wikipedia
from lmcore.tokenizer import BPE_SPECIALS, WORDPIECE_SPECIALS, shipped

HARD = [
    "",
    " ",
    "The king of England was crowned in 1066.",
    "emoji 🙂👩‍👩‍👧 and flags 🇰🇷",
    "대한민국의 주권은 국민에게 있고",
    "control \x00\x01\x1b characters\r\n\ttabs  and   spaces   ",
    "def f(x):\n    return x**2  # code",
    "<|endoftext|> [MASK] <|start|>",
    "naïve café Þórr ﬁ e\u0301",
]
BPE = ["bytes", "bpe-512", "bpe-1024", "bpe-2048", "gpt2"]


@pytest.mark.parametrize("name", BPE)
@pytest.mark.parametrize("text", HARD)
def test_byte_level_bpe_gives_any_text_back(name, text):
    tokenizer = Tokenizer.load(name)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("text", HARD)
def test_no_text_can_forge_a_special_token(name, text):
    tokenizer = Tokenizer.load(name)
    unknown = tokenizer.special_ids.get("[UNK]")
    assert not (set(tokenizer.encode(text)) & set(tokenizer.special_ids.values())) - {unknown}


def test_gpt2_ids_are_the_published_ones():
    gpt2 = Tokenizer.load("gpt2")
    assert gpt2.encode("Hello world") == [15496, 995]
    assert gpt2.vocab_size == 50_257
    assert gpt2.id_of("<|endoftext|>") == 50_256


def test_bert_ids_are_the_published_ones():
    bert = Tokenizer.load("bert-base-uncased")
    assert bert.encode("Hello, world!") == [7592, 1010, 2088, 999]
    assert bert.vocab_size == 30_522
    assert [bert.id_of(t) for t in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")] == [0, 101, 102, 103]


@pytest.mark.parametrize("name", shipped())
def test_sizes_are_what_their_names_say(name):
    tokenizer = Tokenizer.load(name)
    if name[-1].isdigit() and name != "gpt2":
        assert len(tokenizer) == int(name.rsplit("-", 1)[1])


@pytest.mark.parametrize("kind", ["bpe", "wordpiece"])
def test_training_is_reproducible_and_saves(kind, tmp_path):
    texts = [d.text for d in load_wikipedia("validation")[:20]]
    first, *others = (Tokenizer.train(texts, kind, 300) for _ in range(4))
    assert all(other.to_json() == first.to_json() for other in others)
    first.save(tmp_path / "own.json")
    again = Tokenizer.load(tmp_path / "own.json")
    assert again.encode(texts[0]) == first.encode(texts[0])
    assert again.special_ids == first.special_ids
    assert list(first.special_ids) == list(BPE_SPECIALS if kind == "bpe" else WORDPIECE_SPECIALS)
    assert list(first.special_ids.values()) == list(range(len(first.special_ids)))
    assert len(first.encode(texts[0])) < len(texts[0])


def test_wordpiece_learns_whole_words_and_continues_the_rest():
    tokenizer = Tokenizer.train(iter(["the lower and the newer"] * 20), "wordpiece", 256)
    assert tokenizer.tokens("The lower") == ["the", "lower"]
    assert tokenizer.encode("then") == [tokenizer.id_of("the"), tokenizer.id_of("##n")]
    assert tokenizer.decode(tokenizer.encode("then")) == "then"
    with pytest.raises(ValueError, match="'##l' is not in the vocabulary"):
        tokenizer.id_of("##l")  # in these texts no word has an l inside
    assert tokenizer.encode("ж") == [tokenizer.id_of("[UNK]")]


def test_json_is_the_library_s_own():
    tokenizer = Tokenizer.load("bpe-512")
    backend = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    assert backend.encode("The king").ids == tokenizer.encode("The king")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Tokenizer.load("gpt-5"), "unknown tokenizer 'gpt-5': a file, or .*gpt2"),
        (lambda: Tokenizer.load("gpt2").decode([50_257]), "id 50257 is not in the vocabulary"),
        (lambda: Tokenizer.load("gpt2").decode([-1]), "id -1 is not in the vocabulary"),
        (lambda: Tokenizer.load("gpt2").id_of("<pad>"), "'<pad>' is not in the vocabulary"),
        (lambda: Tokenizer.train(["a"], "unigram", 300), "kind 'unigram' is unknown"),
        (lambda: Tokenizer.train(["a"], "bpe", 100), "vocab_size 100 is not allowed"),
    ],
)
def test_bad_input_is_refused_in_one_line(act, message):
    with pytest.raises(ValueError, match=message) as caught:
        act()
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match="is not a tokenizers JSON file"):
        Tokenizer.load(tmp_path / "x.json")


def test_a_token_and_its_id_go_both_ways():
    tokenizer = Tokenizer.load("wordpiece-2048")
    for token in ("[MASK]", "the", "##s"):
        assert tokenizer.token_of(tokenizer.id_of(token)) == token
    with pytest.raises(ValueError, match="id 2048 is not in the vocabulary of 2048"):
        tokenizer.token_of(2048)


def test_offsets_point_into_the_text_as_it_was_written():
    text = "Déjà vu in São Paulo, 1954."
    ids, offsets = Tokenizer.load("wordpiece-2048").encode_with_offsets(text)
    assert ids == Tokenizer.load("wordpiece-2048").encode(text)
    assert text[offsets[0][0] : offsets[-1][1]] == text
    assert all(a < b for a, b in offsets)
