"""A small generated language in which topic and order are known exactly (chapter 5).

A sentence speaks of one of twelve topics and names its stage, from *first* to *last*.
"""

from __future__ import annotations

STAGES = ("first", "second", "third", "fourth", "fifth", "last")

TOPICS = {
    "sea": ("boat", "wave", "sail", "harbor", "anchor", "tide"),
    "kitchen": ("oven", "bread", "spoon", "butter", "soup", "salt"),
    "school": ("teacher", "lesson", "pupil", "exam", "desk", "chalk"),
    "music": ("song", "violin", "drum", "choir", "melody", "piano"),
    "farm": ("cow", "barn", "field", "wheat", "plow", "hen"),
    "war": ("army", "battle", "soldier", "siege", "sword", "treaty"),
    "law": ("judge", "court", "trial", "witness", "verdict", "crime"),
    "sky": ("star", "planet", "moon", "comet", "orbit", "telescope"),
    "body": ("heart", "lung", "bone", "blood", "nerve", "skin"),
    "city": ("street", "tower", "bridge", "market", "square", "tram"),
    "forest": ("tree", "wolf", "moss", "fern", "owl", "trail"),
    "sport": ("goal", "match", "team", "coach", "ball", "race"),
}

COMMON = (
    "the", "a", "of", "and", "in", "to", "was", "is", "it", "on", "by", "with", "as", "for", "at",
    "from", "that", "its", "were", "are", "which", "one", "also", "all", "more", "their", "than",
    "into", "over", "between",
)  # fmt: skip
