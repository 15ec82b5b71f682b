"""How well a model does, in units that compare: bits per byte, and shares of right answers.

The baselines of a language model stand here too: what counting letters, pairs of letters or a
general-purpose compressor makes of the same bytes.
"""

from __future__ import annotations

import lzma
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.electra import Electra
from lmcore.encoders import MaskedLM
from lmcore.models import CausalLM
from lmcore.objectives import Batch, LabeledText, PackedText, StreamText


@torch.no_grad()
def held_out_loss(
    model: CausalLM,
    text: PackedText | StreamText,
    *,
    most_windows: int | None = None,
    batch_size: int = 64,
) -> float:
    """Mean loss in nats a token over ``text``, or over its first ``most_windows`` windows."""
    device = model.transformer.embeddings.token.weight.device
    nats = windows = 0.0
    for batch in text.windows(batch_size):
        input_ids = batch["input_ids"].to(device)
        nats += model.loss({"input_ids": input_ids}).item() * len(input_ids)
        windows += len(input_ids)
        if most_windows is not None and windows >= most_windows:
            break
    return nats / windows


def bits_per_byte(model: CausalLM, text: PackedText, num_bytes: int) -> float:
    """Bits that ``model`` needs for each byte of the text that ``text`` encodes.

    Unlike a loss per token, it compares across vocabularies: a tokenizer with longer tokens
    pays for each of them with more bits. ``num_bytes`` is the length of the text in UTF-8, a
    byte for each separator included.
    """
    return held_out_loss(model, text) * len(text.ids) / num_bytes / math.log(2)


@torch.no_grad()
def accuracy(model: nn.Module, data: LabeledText, *, batch_size: int = 64) -> float:
    """The share of ``data`` that a classifier labels rightly: ``model(batch)`` gives logits
    (B, labels)."""
    device = next(model.parameters()).device
    right = 0
    for batch in data.in_order(batch_size):
        logits = model({name: tensor.to(device) for name, tensor in batch.items()})
        right += (logits.argmax(-1).cpu() == batch["labels"]).sum().item()
    return right / len(data.inputs)


@dataclass(frozen=True)
class MaskedScores:
    """A masked language model on given batches: mean loss in nats a masked token, the share of
    them that it names first, and of pairs that it labels rightly (None without pair labels)."""

    loss: float
    accuracy: float
    pair_accuracy: float | None


@torch.no_grad()
def masked_scores(model: MaskedLM, batches: Iterable[Batch]) -> MaskedScores:
    """How well ``model`` fills the masks of ``batches`` and tells their pairs."""
    device = next(model.parameters()).device
    nats = right = tokens = pairs_right = pairs = 0
    for batch in batches:
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        hidden = model.hidden(batch)  # (B, T, H)
        asked = batch["masked_ids"] >= 0
        logits = model.project(hidden.flatten(0, 1)[batch["masked_positions"][asked]])  # (M, V)
        answers = batch["masked_ids"][asked]
        nats += F.cross_entropy(logits, answers, reduction="sum").item()
        right += (logits.argmax(-1) == answers).sum().item()
        tokens += len(answers)
        if model.pair is not None and "pair_labels" in batch:
            found = model.pair_logits(hidden).argmax(-1)
            pairs_right += (found == batch["pair_labels"]).sum().item()
            pairs += len(found)
    return MaskedScores(nats / tokens, right / tokens, pairs_right / pairs if pairs else None)


@dataclass(frozen=True)
class DetectionScores:
    """ELECTRA's pair on given batches: the weighted ``loss``; the ``generator``'s nats a hidden
    token and the ``discriminator``'s nats a real one; of the hidden tokens, the share that was
    ``replaced`` (the others were drawn rightly); of the replaced ones, the share ``detected``; of
    the originals, the share of ``false_alarms``. Detected means a logit above 0.

    ``majority`` is the ``discriminator`` of one that knows only how many tokens are replaced, the
    entropy of that share. ``auc`` is how often a replaced token has a higher logit than an
    original, whatever the threshold: 0.5 is chance."""

    loss: float
    generator: float
    discriminator: float
    replaced: float
    detected: float
    false_alarms: float
    majority: float
    auc: float


@torch.no_grad()
def detection_scores(model: Electra, batches: Iterable[Batch]) -> DetectionScores:
    """How well ``model``'s generator fills the masks of ``batches``, and how well its
    discriminator finds what was filled in. The draws are the same at every call."""
    device = next(model.parameters()).device
    nats = torch.zeros(2, dtype=torch.float64)
    tokens = replaced = detected = alarms = real = 0
    suspicions: tuple[list[Tensor], list[Tensor]] = [], []  # of originals, of replaced tokens
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        for batch in batches:
            batch = {name: tensor.to(device) for name, tensor in batch.items()}
            asked = int((batch["masked_ids"] >= 0).sum())
            logits = model.generator_logits(batch)
            judged = model.replace(batch, logits)
            doubts = model(judged)  # (B, T)
            found = doubts > 0
            truth, seen = judged["replaced"].bool(), batch["attention_mask"].bool()
            nats[0] += asked * F.cross_entropy(logits, batch["masked_ids"]).item()
            nats[1] += int(seen.sum()) * model.discriminator.loss(judged).item()
            tokens, real = tokens + asked, real + int(seen.sum())
            replaced += int(truth.sum())
            detected += int((found & truth).sum())
            alarms += int((found & ~truth & seen).sum())
            for kept, kind in zip(suspicions, (seen & ~truth, truth), strict=True):
                kept.append(doubts[kind].float().cpu())
    generator, discriminator = (nats / torch.tensor([tokens, real])).tolist()
    return DetectionScores(
        loss=generator + model.weight * discriminator,
        generator=generator,
        discriminator=discriminator,
        replaced=replaced / tokens,
        detected=detected / max(replaced, 1),
        false_alarms=alarms / (real - replaced),
        majority=_entropy(replaced / real),
        auc=_higher(*(torch.cat(kept) for kept in suspicions)),
    )


def _entropy(share: float) -> float:
    """Nats that a yes or no costs whose share of yes is known, and nothing else."""
    return -sum(p * math.log(p) for p in (share, 1 - share) if p)


def _higher(ones: Tensor, others: Tensor) -> float:
    """How often one of ``others`` is above one of ``ones``; equals count half, none at all too."""
    if not len(ones) or not len(others):
        return 0.5
    ones = ones.sort().values
    below = sum(torch.searchsorted(ones, others, right=right) for right in (False, True))
    return below.double().mean().item() / 2 / len(ones)


def ngram_bits_per_byte(train: bytes, test: bytes, order: int) -> float:
    """Bits per byte of ``test`` under counts of ``order`` bytes in ``train``.

    Order 1 is a unigram, 2 a bigram. Add-one smoothing over 256 values keeps unseen bytes
    possible.
    """
    if order < 1:
        raise ValueError(f"order {order} is not allowed: at least 1")
    pieces = Counter(train[i : i + order] for i in range(len(train) - order + 1))
    contexts = Counter(train[i : i + order - 1] for i in range(len(train) - order + 1))
    bits = 0.0
    for i in range(order - 1, len(test)):
        piece = test[i - order + 1 : i + 1]
        bits -= math.log2((pieces[piece] + 1) / (contexts[piece[:-1]] + 256))
    return bits / (len(test) - order + 1)


def compressor_bits_per_byte(train: bytes, test: bytes, *, method: str = "gzip") -> float:
    """Bits per byte that a compressor needs for ``test`` when it has just read ``train``.

    ``gzip`` remembers the last 32 kB, ``xz`` everything.
    """
    compress = {"gzip": lambda data: zlib.compress(data, 9), "xz": lzma.compress}
    if method not in compress:
        raise ValueError(f"method {method!r} is unknown: gzip or xz")
    size = len(compress[method](train + test)) - len(compress[method](train))
    return 8 * size / len(test)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1) over seeds."""
    tensor = torch.tensor(values, dtype=torch.float64)
    return tensor.mean().item(), tensor.std().item() if len(values) > 1 else 0.0
