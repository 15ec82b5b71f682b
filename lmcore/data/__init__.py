"""The texts and tasks that ship with the package: usable with no network."""

from lmcore.data.corpora import Document, load_state_of_the_union, load_wikipedia
from lmcore.data.letter_codes import LETTER_CODES, LETTERS, NEW_LETTER_CODE
from lmcore.data.minimal_pairs import MinimalPair, minimal_pairs
from lmcore.data.questions import Question, load_factbook, load_handwritten_questions
from lmcore.data.staged_topics import COMMON, STAGES, TOPICS
from lmcore.data.tasks import Example, Task, description_task, topic_task, word_order_task
from lmcore.data.textfile import load_text_file

__all__ = [
    "COMMON",
    "LETTERS",
    "LETTER_CODES",
    "NEW_LETTER_CODE",
    "STAGES",
    "TOPICS",
    "Document",
    "Example",
    "MinimalPair",
    "Question",
    "Task",
    "description_task",
    "load_factbook",
    "load_handwritten_questions",
    "load_state_of_the_union",
    "load_text_file",
    "load_wikipedia",
    "minimal_pairs",
    "topic_task",
    "word_order_task",
]
