"""Tasks to show in a prompt: codes that turn each letter of the alphabet into another.

Eight to train on and one to keep from training. Anybody can check an answer by counting on
fingers; a model has nothing but the examples.
"""

from __future__ import annotations

from string import ascii_lowercase as LETTERS


def _turned(by: int) -> str:
    """The alphabet as a ring, turned by so many letters."""
    return LETTERS[by % 26 :] + LETTERS[: by % 26]


# Name: what becomes of a, b, c, … z.
LETTER_CODES: dict[str, str] = {
    "one on": _turned(1),
    "one back": _turned(-1),
    "three on": _turned(3),
    "three back": _turned(-3),
    "five on": _turned(5),
    "half way round": _turned(13),
    "mirrored": LETTERS[::-1],
    "neighbors swapped": "".join(b + a for a, b in zip(LETTERS[::2], LETTERS[1::2], strict=True)),
}
NEW_LETTER_CODE = _turned(7)  # "seven on": for no model's training
