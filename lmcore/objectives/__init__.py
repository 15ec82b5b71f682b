"""From text to batches: causal windows, masked pairs, labeled texts.

Each objective is a pure function of what it is given and a random generator, never of a model.
"""

from lmcore.objectives.batches import Batch, Batches, Indexed, TextEncoder, counts, rows_of
from lmcore.objectives.causal import PackedText
from lmcore.objectives.incontext import InContextTasks
from lmcore.objectives.labeled import InputTransform, LabeledText
from lmcore.objectives.masking import Masking, mask_tokens
from lmcore.objectives.order import IN_ORDER, OTHER, WholeSentencePairs
from lmcore.objectives.pairs import IS_NEXT, NOT_NEXT, PairPacking, SentencePairs
from lmcore.objectives.spans import SpanText, SpanWindow, span_windows
from lmcore.objectives.stream import StreamText
from lmcore.objectives.topics import StagedTopics

__all__ = [
    "IN_ORDER",
    "IS_NEXT",
    "NOT_NEXT",
    "OTHER",
    "Batch",
    "Batches",
    "InContextTasks",
    "Indexed",
    "InputTransform",
    "LabeledText",
    "Masking",
    "PackedText",
    "PairPacking",
    "SentencePairs",
    "SpanText",
    "SpanWindow",
    "StagedTopics",
    "StreamText",
    "TextEncoder",
    "WholeSentencePairs",
    "counts",
    "mask_tokens",
    "rows_of",
    "span_windows",
]
