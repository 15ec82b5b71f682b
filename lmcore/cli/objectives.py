"""What ``lmcore train --objective`` may be: for each a model, its batches and its validation.

To add one, write a function from ``Setting`` to ``Built`` and name it in ``OBJECTIVES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from lmcore.config import Config
from lmcore.data import Document, TokenShards
from lmcore.electra import Electra
from lmcore.encoders import MaskedLM
from lmcore.measure import detection_scores, held_out_loss, masked_scores
from lmcore.models import CausalLM
from lmcore.objectives import (
    Indexed,
    Masking,
    PackedText,
    PairPacking,
    SentencePairs,
    StreamText,
    WholeSentencePairs,
)
from lmcore.presets import PRESETS, preset
from lmcore.tokenizer import Tokenizer

VALIDATION_TEXTS, VALIDATION_BATCHES = 32, 8  # of a masked model, the same at every look


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the command line says of a run: ``texts`` by split, as documents or as ``shards``,
    ``length`` tokens a text, ``batch_size`` texts a step."""

    config: Config
    tokenizer: Tokenizer
    texts: dict[str, tuple[Document, ...]]
    shards: dict[str, TokenShards]
    length: int
    batch_size: int
    mask_rate: float
    seed: int

    def sentences(self, split: str) -> list[tuple[str, ...]]:
        """The documents of ``split`` as sentences, or as paragraphs where there are none.

        Raises ValueError for a corpus of shards.
        """
        if self.shards:
            raise ValueError("shards hold a stream without sentences: --objective clm or mlm")
        return [d.sentences or d.paragraphs for d in self.texts[split]]

    @property
    def draws(self) -> tuple[tuple[str, int, int], ...]:
        """Split, texts a batch and seed: of the training batches, then of the validation's."""
        return ("train", self.batch_size, self.seed), ("validation", VALIDATION_TEXTS, 0)

    @property
    def packing(self) -> PairPacking:
        """``[CLS] A [SEP] B [SEP]`` in this setting's tokens and length."""
        ids = (self.tokenizer.id_of(marker) for marker in ("[CLS]", "[SEP]"))
        return PairPacking(*ids, self.length)

    @property
    def masking(self) -> Masking:
        """Which tokens are hidden, in this setting's tokens and rate."""
        return Masking(
            mask_id=self.tokenizer.id_of("[MASK]"),
            special_ids=tuple(self.tokenizer.special_ids.values()),
            vocab_size=len(self.tokenizer),
            rate=self.mask_rate,
        )


class Built(NamedTuple):
    """A fresh model, a batch for every step, and the loss on held-out text."""

    model: nn.Module
    batches: Indexed
    validate: Callable[[nn.Module], float]


def _causal(setting: Setting) -> Built:
    if setting.shards:
        packed = {
            split: StreamText(tokens, setting.length) for split, tokens in setting.shards.items()
        }
    else:
        end = setting.tokenizer.id_of("<|endoftext|>")
        packed = {
            split: PackedText.encode((d.text for d in part), setting.tokenizer, end, setting.length)
            for split, part in setting.texts.items()
        }
    return Built(
        CausalLM(setting.config),
        packed["train"].batches(setting.batch_size, setting.seed),
        lambda model: held_out_loss(model, packed["validation"], most_windows=256),
    )


def _masked(setting: Setting) -> Built:
    train, held_out = masked_batches(setting)
    return Built(MaskedLM(setting.config), train, masked_loss_on(held_out))


def _masked_and_next(setting: Setting) -> Built:
    train, held_out = masked_batches(setting, pairs=True)
    return Built(MaskedLM(setting.config, pair_head=True), train, masked_loss_on(held_out))


def _masked_and_ordered(setting: Setting) -> Built:
    train, held_out = (
        WholeSentencePairs.encode(
            setting.sentences(split), setting.tokenizer, setting.packing
        ).batches(size, seed, setting.masking, "order")
        for split, size, seed in setting.draws
    )
    return Built(MaskedLM(setting.config, pair_head=True), train, masked_loss_on(held_out))


def masked_batches(
    setting: Setting, *, pairs: bool = False, **masking_changes: float
) -> list[Indexed]:
    """Masked texts to train on, and those to validate on; true continuations, or next-sentence
    pairs if so asked. ``masking_changes`` are fields of the masking rule that are not BERT's."""
    packing, masking = setting.packing, setting.masking.replace(**masking_changes)
    if setting.shards and not pairs:
        ids = (packing.cls_id, packing.sep_id)
        return [
            StreamText(setting.shards[split], setting.length - 2).masked_batches(
                size, seed, masking, *ids
            )
            for split, size, seed in setting.draws
        ]
    return [
        SentencePairs.encode(setting.sentences(split), setting.tokenizer, packing).batches(
            size, seed, masking, pairs=pairs
        )
        for split, size, seed in setting.draws
    ]


def masked_loss_on(held_out: Indexed) -> Callable[[nn.Module], float]:
    """The masked-token loss of a model on the first of the ``held_out`` batches."""
    return lambda model: masked_scores(model, (held_out[i] for i in range(VALIDATION_BATCHES))).loss


def _replaced(setting: Setting) -> Built:
    """ELECTRA's pair, every hidden token behind [MASK] (its section 2)."""
    model = Electra(setting.config, _generator_of(setting.config))
    train, held_out = masked_batches(setting, share_masked=1.0, share_random=0.0)
    return Built(model, train, _detection_loss_on(held_out))


def _detection_loss_on(held_out: Indexed) -> Callable[[nn.Module], float]:
    """Both losses of a pair, weighted, on the first of the ``held_out`` batches."""
    return lambda model: (
        detection_scores(model, (held_out[i] for i in range(VALIDATION_BATCHES))).loss
    )


def _generator_of(config: Config) -> Config:
    """The wiring of the generator that goes with a preset's discriminator, at its vocabulary."""
    names = [name for name in PRESETS if f"{name}-generator" in PRESETS]
    for name in names:
        if preset(name).replace(vocab_size=config.vocab_size) == config:
            return preset(f"{name}-generator").replace(vocab_size=config.vocab_size)
    raise ValueError(f"--preset has no generator for rtd: one of {', '.join(names)}")


OBJECTIVES: dict[str, Callable[[Setting], Built]] = {
    "clm": _causal,
    "mlm": _masked,
    "mlm+nsp": _masked_and_next,
    "mlm+sop": _masked_and_ordered,
    "rtd": _replaced,
}
