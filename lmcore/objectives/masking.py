"""Masked language modeling: which tokens are hidden, and behind what (BERT, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lmcore.objectives.batches import Batch


@dataclass(frozen=True, kw_only=True)
class Masking:
    """How to corrupt a text: ``rate`` of its tokens are chosen anew each time that it is read.

    Of the chosen, ``share_masked`` become ``mask_id`` and ``share_random`` a random token; the
    rest stay as they are. The model has to name all three kinds. Tokens of ``special_ids`` are
    neither chosen nor drawn.

    Raises ValueError, in one line, for a rate or shares that are none.
    """

    mask_id: int
    special_ids: tuple[int, ...]
    vocab_size: int
    rate: float = 0.15
    share_masked: float = 0.8
    share_random: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"rate {self.rate} is not allowed: between 0 and 1")
        shares = (self.share_masked, self.share_random)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(f"shares {shares} are not allowed: none below 0, together at most 1")

    def replace(self, **changes: object) -> Masking:
        """The same rule with some values changed."""
        return replace(self, **changes)


def mask_tokens(batch: Batch, masking: Masking, generator: torch.Generator) -> Batch:
    """``batch`` with corrupted ``input_ids`` (B, T), and what stood there.

    ``masked_positions`` (M,) index the B·T positions and ``masked_ids`` (M,) are the tokens to
    predict. M is the same for every batch of a shape, ``max(round(rate · T), 1)`` a text, so that
    only M states are projected onto the vocabulary; where a text has fewer tokens to hide, the
    places left over hold -100, which the loss skips.
    """
    input_ids, real = batch["input_ids"], batch.get("attention_mask")
    rows, length = input_ids.shape
    if not length:
        raise ValueError("a text without tokens has none to hide")
    allowed = ~torch.isin(input_ids, torch.tensor(masking.special_ids))
    if real is not None:
        allowed &= real
    places = max(round(masking.rate * length), 1)
    wanted = (masking.rate * allowed.sum(1)).round().clamp(min=1).minimum(allowed.sum(1))
    lots = torch.rand(rows, length, generator=generator).masked_fill(~allowed, -1.0)
    chosen = lots.topk(places).indices  # (B, places): the allowed ones come first
    hidden = torch.arange(places) < wanted[:, None]  # (B, places)
    original = input_ids.gather(1, chosen)
    shown = _corrupt(original, masking, generator)
    corrupted = input_ids.scatter(1, chosen, torch.where(hidden, shown, original))
    offsets = torch.arange(rows)[:, None] * length
    return batch | {
        "input_ids": corrupted,
        "masked_positions": (chosen + offsets).flatten(),
        "masked_ids": original.masked_fill(~hidden, -100).flatten(),
    }


def _corrupt(original: Tensor, masking: Masking, generator: torch.Generator) -> Tensor:
    """What the model is shown instead of the chosen tokens."""
    plain = torch.ones(masking.vocab_size, dtype=torch.bool)
    plain[list(masking.special_ids)] = False
    plain = plain.nonzero().flatten()
    drawn = plain[torch.randint(len(plain), original.shape, generator=generator)]
    fate = torch.rand(original.shape, generator=generator)
    shown = torch.where(fate < masking.share_masked + masking.share_random, drawn, original)
    return torch.where(fate < masking.share_masked, masking.mask_id, shown)
