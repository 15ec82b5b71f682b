"""TinyBERT (Jiao et al. 2020): a narrower student imitates the teacher layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lmcore.attention import Trace
from lmcore.distill.base import Distillation, real_tokens, soft_target_loss
from lmcore.encoders import Encoder, SequenceClassifier
from lmcore.objectives import Batch


def squared_error(student: Tensor, teacher: Tensor, keep: Tensor) -> Tensor:
    """Mean square of what differs, over the entries that ``keep`` (broadcast) has."""
    keep = keep.expand_as(teacher)
    # masked scores are -inf in both, and -inf - -inf is no number: fill before subtracting
    difference = student.masked_fill(~keep, 0.0) - teacher.masked_fill(~keep, 0.0)
    return difference.square().sum() / keep.sum()


class TinyBERTLoss(Distillation):
    """Embeddings, hidden states and attention scores of the teacher as targets (section 3.1).

    Student layer m, of M, imitates teacher layer g(m) = ``layers[m - 1]``, both counted from 1
    (``layer_map`` makes the paper's three); layer 0, the embeddings, imitates layer 0. Scores are
    compared before the softmax (equation 7), states (equation 8) and embeddings (equation 9)
    through one learned matrix each, which belongs to this module and is thrown away with it.
    Every part is a mean square, over real tokens and pairs of them: padding counts for nothing.
    The heads must be as many; widths may differ. ``embedding``, ``hidden`` and ``attention`` say
    which parts take part.

    The same module serves both stages: general distillation on plain text with a pre-trained
    teacher, and the first half of task distillation with a fine-tuned one.

    Raises ValueError for numbers of heads or layers that do not fit, or where no part is left.
    """

    def __init__(
        self, student: Encoder, teacher: Encoder, layers: Sequence[int], *,
        embedding: bool = True, hidden: bool = True, attention: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(student, teacher)
        mine, theirs = student.config, teacher.config
        if attention and mine.num_heads != theirs.num_heads:
            raise ValueError(f"num_heads {mine.num_heads} is not the teacher's {theirs.num_heads}")
        if len(layers) != mine.num_layers:
            raise ValueError(f"{len(layers)} layers for a student of {mine.num_layers}: as many")
        if not all(1 <= layer <= theirs.num_layers for layer in layers):
            raise ValueError(
                f"layers {list(layers)} are not allowed: from 1 to {theirs.num_layers}"
            )
        self.takes_part = {"embedding": embedding, "hidden": hidden, "attention": attention}
        if not any(self.takes_part.values()):
            raise ValueError("nothing to imitate: embedding, hidden or attention")
        self.layers = tuple(layers)
        widths = mine.hidden_size, theirs.hidden_size
        self.project_embedding = nn.Linear(*widths, bias=False) if embedding else None  # W_e
        self.project_hidden = nn.Linear(*widths, bias=False) if hidden else None  # W_h

    def loss(self, batch: Batch) -> Tensor:
        """The sum over parts and layers, unweighted as in the paper (equation 6 and 11)."""
        return sum(self.terms(batch).values())

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Embeddings and states, means over real tokens, and scores, a mean over pairs of them."""
        found: dict[str, Tensor] = {}
        for name, value in self.parts(batch).items():
            unit = "pairs" if name == "attention" else "tokens"
            found[unit] = found.get(unit, 0) + value
        return found

    def parts(self, batch: Batch) -> dict[str, Tensor]:
        """Each part, summed over the student's layers."""
        real = real_tokens(batch)
        tokens, pairs = real[:, :, None], (real[:, :, None] & real[:, None, :])[:, None]
        mine, theirs = Trace(), Trace()
        for encoder, trace in ((self.student, mine), (self.teacher, theirs)):
            encoder.hidden(batch, trace)
        parts = {}
        if self.project_embedding is not None:
            state = self.project_embedding(mine.hidden[0])  # (B, T, H of the teacher)
            parts["embedding"] = squared_error(state, theirs.hidden[0], tokens)
        if self.project_hidden is not None:
            errors = [
                squared_error(self.project_hidden(mine.hidden[m]), theirs.hidden[g], tokens)
                for m, g in enumerate(self.layers, 1)
            ]
            parts["hidden"] = torch.stack(errors).sum()
        if self.takes_part["attention"]:
            errors = [
                squared_error(mine.scores[m - 1], theirs.scores[g - 1], pairs)
                for m, g in enumerate(self.layers, 1)
            ]
            parts["attention"] = torch.stack(errors).sum()
        return parts


class PredictionLoss(Distillation):
    """The last half of task distillation: the fine-tuned teacher's answers as soft targets, at
    T = 1 (TinyBERT, equation 10). Labels are not looked at, so unlabeled text will do."""

    def __init__(
        self, student: SequenceClassifier, teacher: SequenceClassifier, temperature: float = 1.0
    ) -> None:
        super().__init__(student, teacher)
        labels = student.classify.out_features, teacher.classify.out_features
        if labels[0] != labels[1]:
            raise ValueError(f"num_labels {labels[0]} is not the teacher's {labels[1]}")
        self.temperature = temperature

    def loss(self, batch: Batch) -> Tensor:
        """Softened KL divergence, mean over texts."""
        return soft_target_loss(self.student(batch), self.teacher(batch), self.temperature)

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The loss, and that it is a mean over texts."""
        return {"texts": self.loss(batch)}
