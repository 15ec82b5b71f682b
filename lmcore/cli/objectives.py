"""What ``lmcore train --objective`` may be: for each a model, its batches and its validation.

To add one, write a function from ``Setting`` to ``Built`` and name it in ``OBJECTIVES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from lmcore.config import Config
from lmcore.data import Document
from lmcore.electra import Electra
from lmcore.encoders import MaskedLM
from lmcore.measure import detection_scores, held_out_loss, masked_scores
from lmcore.models import CausalLM
from lmcore.objectives import Batches, Masking, PackedText, PairPacking, SentencePairs
from lmcore.presets import PRESETS, preset
from lmcore.tokenizer import Tokenizer
from lmcore.train import Indexed

VALIDATION_TEXTS, VALIDATION_BATCHES = 32, 8  # of a masked model, the same at every look


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the command line says of a run: ``texts`` by split, ``length`` tokens a text,
    ``batch_size`` texts a step."""

    config: Config
    tokenizer: Tokenizer
    texts: dict[str, tuple[Document, ...]]
    length: int
    batch_size: int
    mask_rate: float
    seed: int

    def sentences(self, split: str) -> list[tuple[str, ...]]:
        """The documents of ``split`` as sentences, or as paragraphs where there are none."""
        return [d.sentences or d.paragraphs for d in self.texts[split]]

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


def _masked(setting: Setting, *, pairs: bool = False) -> Built:
    train, held_out = (
        SentencePairs.encode(setting.sentences(split), setting.tokenizer, setting.packing).batches(
            size, seed, setting.masking, pairs=pairs
        )
        for split, size, seed in (
            ("train", setting.batch_size, setting.seed),
            ("validation", VALIDATION_TEXTS, 0),
        )
    )
    return Built(MaskedLM(setting.config, pair_head=pairs), train, masked_loss_on(held_out))


def masked_loss_on(held_out: Batches) -> Callable[[nn.Module], float]:
    """The masked-token loss of a model on the first of the ``held_out`` batches."""
    return lambda model: masked_scores(model, (held_out[i] for i in range(VALIDATION_BATCHES))).loss


def _replaced(setting: Setting) -> Built:
    """ELECTRA's pair, every hidden token behind [MASK] (its section 2)."""
    masking = setting.masking.replace(share_masked=1.0, share_random=0.0)
    train, held_out = (
        SentencePairs.encode(setting.sentences(split), setting.tokenizer, setting.packing).batches(
            size, seed, masking, pairs=False
        )
        for split, size, seed in (
            ("train", setting.batch_size, setting.seed),
            ("validation", VALIDATION_TEXTS, 0),
        )
    )
    model = Electra(setting.config, _generator_of(setting.config))
    return Built(
        model,
        train,
        lambda model: (
            detection_scores(model, (held_out[i] for i in range(VALIDATION_BATCHES))).loss
        ),
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
    "mlm+nsp": lambda setting: _masked(setting, pairs=True),
    "rtd": _replaced,
}
