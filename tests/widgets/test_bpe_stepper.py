"""The stepper ends where the tokenizers library does, and opens only what it can number."""

from importlib.resources import files

import pytest
from node import needs_node, run

from lmcore import Tokenizer
from lmcore.widgets import BpeStepper, SamplingExplorer

HARD = [
    "", " ", "hello hello", "The lowest of the low", "한국어는 어떻게 나뉘나요?",
    "🙂👩\u200d👩\u200d👧 naïve café", "for i in range(10):\n        print(i ** 2)\n",
    "a  b   c    \t\n", "aaaaaaaaaaa", "don't you'll\u00a0we",
]  # fmt: skip


def stepper_script():
    text = files("lmcore.widgets").joinpath("bpe_stepper.js").read_text("utf-8")
    return text[: text.index("export default")]


def values(widget):
    names = ("merges", "letters", "first_letter", "first_merge")
    return {name: getattr(widget, name) for name in names}


SETUP = """
const pairs = given.merges.split("\\n");
const ranks = new Map(pairs.map((pair, rank) => [pair, rank]));
const ids = new Map(Array.from(given.letters, (letter, i) => [letter, given.first_letter + i]));
pairs.forEach((pair, rank) => ids.set(pair.replace(" ", ""), given.first_merge + rank));
"""


@needs_node
@pytest.mark.parametrize("name", ["gpt2", "bpe-1024"])
def test_the_last_step_is_what_the_library_says(name, tmp_path):
    tokenizer = Tokenizer.load(name)
    code = stepper_script() + SETUP + """
    say(given.texts.map((text) => allSteps(text, ranks).at(-1).words
      .flatMap(({ parts }) => parts.map((part) => ids.get(part)))));
    """  # fmt: skip
    found = run(
        tmp_path, ["dom.js", "bpe.js"], code, texts=HARD, **values(BpeStepper(tokenizer, ""))
    )
    assert found == [tokenizer.encode(text) for text in HARD]


@needs_node
def test_each_step_merges_the_lowest_rank_and_says_so(tmp_path):
    code = stepper_script() + SETUP + """
    const states = allSteps("the then 🙂", ranks);
    const won = states.slice(1).map(({ made }) => made.rank);
    const best = states.slice(0, -1).map(({ choices }) => Math.min(...choices.map((c) => c.rank)));
    const told = states.map((state, i) => telling(state, i, lengthOf(states[0].words), "GPT-2"));
    say({ won, best, told, sizes: states.map(({ words }) => lengthOf(words)),
      piece: readable(BYTE_LETTERS[0xF0] + BYTE_LETTERS[0x9F]), space: readable("Ġthe") });
    """  # fmt: skip
    widget = BpeStepper(Tokenizer.load("gpt2"), "")
    found = run(tmp_path, ["dom.js", "bpe.js"], code, **values(widget))
    assert found["won"] == found["best"]
    assert found["sizes"] == sorted(found["sizes"], reverse=True)
    assert found["told"][0] == "Each byte is a token by itself: 13 tokens for 13 bytes."
    assert found["told"][1].startswith("Step 1: “␣” + “t”, rank 1, merged at one place: 12 tokens")
    assert "“h” + “e”, rank 3, merged at 2 places" in found["told"][2]
    assert found["told"][-1].endswith("No pair left has a rank: this is what GPT-2 reads.")
    assert (found["piece"], found["space"]) == ("‹F0 9F›", "␣the")


def test_what_it_opens_at_and_what_it_refuses():
    widget = BpeStepper(Tokenizer.load("gpt2"), "low lower")
    assert (widget.text, widget.name, widget.first_merge) == ("low lower", "GPT-2", 256)
    assert len(widget.merges.splitlines()) == 50_000
    with pytest.raises(ValueError, match="WordPiece tokenizer has no merges"):
        BpeStepper(Tokenizer.load("wordpiece-2048"), "")


@pytest.mark.parametrize("kind", [BpeStepper, SamplingExplorer])
def test_a_script_is_one_module_without_imports_or_network(kind):
    for forbidden in ("import ", "fetch(", "innerHTML", "http:", "https:"):
        assert forbidden not in kind._esm.replace("http://www.w3.org/2000/svg", "")
    assert kind._esm.count("export default") == 1
