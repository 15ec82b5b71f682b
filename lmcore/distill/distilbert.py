"""DistilBERT (Sanh et al. 2019): distillation while pre-training."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from lmcore.distill.base import Distillation, real_tokens, soft_target_loss
from lmcore.encoders import MaskedLM
from lmcore.objectives import Batch


class DistilLoss(Distillation):
    """DistilBERT's triple loss (section 3): soft targets, masked tokens, direction of the last
    hidden state. The paper gives no weights; 5, 2, 1 and T = 2 are its code's.

    Soft targets count at all real positions, as in that code by default, or with ``masked_only``
    where a token was hidden, which saves most of their cost. A weight of 0 leaves a part out,
    and its cost. Padding counts for nothing.

    Raises ValueError where the widths differ, which a cosine needs equal.
    """

    def __init__(
        self, student: MaskedLM, teacher: MaskedLM, *, temperature: float = 2.0,
        soft: float = 5.0, masked: float = 2.0, cosine: float = 1.0, masked_only: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(student, teacher)
        widths = student.config.hidden_size, teacher.config.hidden_size
        if cosine and widths[0] != widths[1]:
            raise ValueError(
                f"a cosine needs equal widths: hidden_size {widths[0]} and {widths[1]}"
            )
        if temperature <= 0:
            raise ValueError(f"temperature {temperature} is not allowed: above 0")
        self.temperature, self.masked_only = temperature, masked_only
        self.weights = {"soft": soft, "masked": masked, "cosine": cosine}

    def loss(self, batch: Batch) -> Tensor:
        """The weighted sum; a batch as for ``MaskedLM.loss``."""
        return sum(self.terms(batch).values())

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted losses, those that are means over real tokens in one, and those that are
        means over hidden tokens in another."""
        over = {"soft": "masked" if self.masked_only else "tokens", "masked": "masked"}
        found: dict[str, Tensor] = {}
        for name, value in self.parts(batch).items():
            unit = over.get(name, "tokens")
            found[unit] = found.get(unit, 0) + self.weights[name] * value
        return found

    def parts(self, batch: Batch) -> dict[str, Tensor]:
        """The unweighted losses of those parts whose weight is not 0."""
        real, positions = real_tokens(batch).flatten(), batch["masked_positions"]
        mine = self.student.hidden(batch).flatten(0, 1)  # (B·T, H)
        asks = self.weights["soft"] or self.weights["cosine"]
        theirs = self.teacher.hidden(batch).flatten(0, 1) if asks else None
        everywhere = bool(self.weights["soft"]) and not self.masked_only
        logits = self.student.project(mine if everywhere else mine[positions])
        parts = {}
        if self.weights["soft"]:
            taught = self.teacher.project(theirs if everywhere else theirs[positions])
            keep = real if everywhere else batch["masked_ids"] >= 0
            parts["soft"] = soft_target_loss(logits, taught, self.temperature, keep)
        if self.weights["masked"]:
            asked = logits[positions] if everywhere else logits
            parts["masked"] = F.cross_entropy(asked, batch["masked_ids"])
        if self.weights["cosine"]:
            away = 1 - F.cosine_similarity(mine, theirs, dim=-1)  # (B·T,)
            parts["cosine"] = (away * real).sum() / real.sum()
        return parts
