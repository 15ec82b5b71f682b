"""What every distillation has: a student, a frozen teacher, and soft targets."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.config import Config
from lmcore.encoders import Encoder
from lmcore.objectives import Batch


def soft_target_loss(
    student: Tensor, teacher: Tensor, temperature: float, keep: Tensor | None = None
) -> Tensor:
    """T² · KL(teacher ‖ student), both softened by ``temperature``, mean over rows.

    Logits (N, V) each; ``keep`` (N,) is True at the rows that count. Dividing logits by T divides
    gradients by T²; the factor undoes it, so that a weight means the same at every temperature
    (Hinton et al. 2015, section 2). At T = 1 the gradient is that of a cross-entropy against the
    teacher's probabilities (TinyBERT, equation 10).
    """
    losses = F.kl_div(
        (student / temperature).log_softmax(-1),
        (teacher / temperature).log_softmax(-1),
        log_target=True,
        reduction="none",
    ).sum(-1)  # (N,)
    mean = losses.mean() if keep is None else (losses * keep).sum() / keep.sum()
    return mean * temperature**2


def freeze(teacher: Encoder) -> Encoder:
    """A teacher is asked and never taught: no gradient, in place."""
    return teacher.requires_grad_(False)


def real_tokens(batch: Batch) -> Tensor:
    """The batch's attention mask (B, T), all True where it has none."""
    return batch.get("attention_mask", torch.ones_like(batch["input_ids"])).bool()


class Distillation(nn.Module):
    """A student and its teacher, which is frozen in place and stays in eval mode.

    Raises ValueError where the two do not read the same tokens.
    """

    def __init__(self, student: Encoder, teacher: Encoder) -> None:
        super().__init__()
        sizes = student.config.vocab_size, teacher.config.vocab_size
        if sizes[0] != sizes[1]:
            raise ValueError(f"vocab_size {sizes[0]} is not the teacher's {sizes[1]}")
        self.student, self.teacher = student, freeze(teacher)

    @property
    def config(self) -> Config:
        """The student's."""
        return self.student.config

    def train(self, mode: bool = True) -> Distillation:
        """Training mode for the student alone."""
        super().train(mode)
        self.teacher.eval()
        return self
