"""The texts and tasks that ship with the package: usable with no network."""

from lmcore.data.agreement import (
    AGREEMENT_VOCABULARY,
    AgreementSentence,
    agreement_sentences,
    agreement_tokenizer,
    with_wrong_verb,
)
from lmcore.data.corpora import Document, load_state_of_the_union, load_wikipedia
from lmcore.data.letter_codes import LETTER_CODES, LETTERS, NEW_LETTER_CODE
from lmcore.data.minimal_pairs import MinimalPair, minimal_pairs
from lmcore.data.questions import Question, load_factbook, load_handwritten_questions
from lmcore.data.shards import TokenShards, open_shards, write_shards
from lmcore.data.sources import read_texts, texts_of
from lmcore.data.staged_topics import COMMON, STAGES, TOPICS
from lmcore.data.tasks import (
    Example,
    Task,
    description_task,
    replaced_word_task,
    topic_task,
    word_order_task,
)
from lmcore.data.textfile import load_text_file

__all__ = [
    "AGREEMENT_VOCABULARY",
    "COMMON",
    "LETTERS",
    "LETTER_CODES",
    "NEW_LETTER_CODE",
    "STAGES",
    "TOPICS",
    "AgreementSentence",
    "Document",
    "Example",
    "MinimalPair",
    "Question",
    "Task",
    "TokenShards",
    "agreement_sentences",
    "agreement_tokenizer",
    "description_task",
    "load_factbook",
    "load_handwritten_questions",
    "load_state_of_the_union",
    "load_text_file",
    "load_wikipedia",
    "minimal_pairs",
    "open_shards",
    "read_texts",
    "replaced_word_task",
    "texts_of",
    "topic_task",
    "with_wrong_verb",
    "word_order_task",
    "write_shards",
]
