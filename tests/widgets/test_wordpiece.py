"""wordpiece.js gives the ids that Tokenizer gives, letter by letter."""

import sys
import unicodedata

import pytest
from node import needs_node, run

from lmcore import Tokenizer

pytestmark = needs_node

TEXTS = [
    "The king of England was crowned in 1066, wasn't he?", "", "   ", "\n\tA\r\nb",
    "naïve café Þórr Ångström İstanbul e\u0301 ﬁ Straße", "ΟΔΟΣ ὈΔΥΣΣΕΎΣ Σ", "МОСКВА ёлка й",
    "대한민국의 주권은 국민에게 있고", "中文和日本語、カタカナ。漢字mixed漢", "𠀀𪜀 豈",
    "emoji 🙂👩‍👩‍👧 flags 🇰🇷 ☕️",
    "zero\u200bwidth \ufeffbom \u00adsoft \u0000nul \u0007bell \ufffd bad",
    "no\u00a0break \u2003em\u3000wide \u2028line \u0085next",
    "$5.00 + 3% = ~^`|<b>x</b>_y-z“q”…—¿¡",
    "x" * 100, "x" * 101, "a " + "é" * 101, "a." * 60, "unbelievable antidisestablishmentarianism",
    "[MASK] [CLS] a [SEP] [mask] [ MASK ] ##ing [UNK]", "१२३ ٣ ½ ² Ⅷ", "עִבְרִית العَرَبِيَّة ไทย हिन्दी",
]  # fmt: skip


@pytest.mark.parametrize("name", ["wordpiece-2048", "wordpiece-4096", "bert-base-uncased"])
def test_ids_and_labels_equal_pythons(name, tmp_path):
    tokenizer = Tokenizer.load(name)
    code = """
    const mine = new WordPiece(given.json);
    say(given.texts.map((text) => {
      const ids = mine.encode(text);
      return [ids, ids.map((id) => mine.label(id))];
    }));
    """
    found = run(tmp_path, ["wordpiece.js"], code, json=tokenizer.to_json(), texts=TEXTS)
    for text, (ids, labels) in zip(TEXTS, found, strict=True):
        assert ids == tokenizer.encode(text), text
        assert labels == [tokenizer.token_of(i) for i in ids]


# Letters that Unicode has sorted anew since the Python library's table was made.
RESORTED = {0x166D, 0x1734, 0x1885, 0x1886}


def test_every_letter_of_unicode_3_is_read_alike(tmp_path):
    """Dropped, a space, punctuation or a letter: between two known letters the four differ.
    Younger characters may be unknown to either side's table."""
    tokenizer = Tokenizer.load("wordpiece-4096")
    old = unicodedata.ucd_3_2_0
    letters = [
        c
        for c in range(sys.maxunicode + 1)
        if old.category(chr(c)) not in ("Cn", "Cs", "Co") and c not in RESORTED
    ]
    code = """
    const mine = new WordPiece(given.json);
    say(given.letters.map((c) => mine.encode(`a${String.fromCodePoint(c)}b`)));
    """
    found = run(tmp_path, ["wordpiece.js"], code, json=tokenizer.to_json(), letters=letters)
    assert len(letters) > 90_000
    wrong = [
        hex(c)
        for c, ids in zip(letters, found, strict=True)
        if ids != tokenizer.encode(f"a{chr(c)}b")
    ]
    assert not wrong


def test_a_reader_writes_a_mask_only_where_it_is_asked_for(tmp_path):
    tokenizer = Tokenizer.load("wordpiece-2048")
    code = """
    const mine = new WordPiece(given.json), text = "[MASK]the[MASK] of[SEP]";
    say([mine.encode(text), mine.encode(text, ["[MASK]"]), mine.encode(text, ["[MASK]", "[SEP]"]),
      mine.framed([7, 8]), mine.framed([7], [8, 9]), mine.framed([])]);
    """
    plain, masked, both, one, two, none = run(
        tmp_path, ["wordpiece.js"], code, json=tokenizer.to_json()
    )
    cls, sep, mask = (tokenizer.id_of(name) for name in ("[CLS]", "[SEP]", "[MASK]"))
    the, of = tokenizer.encode("the of")
    assert not {cls, sep, mask} & set(plain)
    assert masked == [mask, the, mask, of, *tokenizer.encode("[SEP]")]
    assert both == [mask, the, mask, of, sep]
    assert (one, two, none) == ([cls, 7, 8, sep], [cls, 7, sep, 8, 9, sep], [cls, sep])
