"""Two networks at once by transformers: ELECTRA's pair and DistilBERT's teacher and student.

The library has the models and leaves their loss to its reader; these are the authors' own steps
in its words. Like its examples they compute logits at every position.
"""

from __future__ import annotations

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import (
    BertForMaskedLM,
    DistilBertForMaskedLM,
    ElectraForMaskedLM,
    ElectraForPreTraining,
)


class ElectraPair(nn.Module):
    """A generator's masked-token loss, and 50 times that of the discriminator on its draws."""

    def __init__(self, generator: ElectraForMaskedLM, discriminator: ElectraForPreTraining) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        generator.electra.embeddings = discriminator.electra.embeddings
        generator.tie_weights()

    def forward(self, input_ids: Tensor, labels: Tensor, **texts: Tensor) -> SimpleNamespace:
        made = self.generator(input_ids, labels=labels, **texts)
        hidden = labels != -100  # (B, T)
        with torch.no_grad():
            logits = made.logits[hidden].float()  # (M, V)
            drawn = (logits - torch.empty_like(logits).exponential_().log()).argmax(-1)
            shown = input_ids.masked_scatter(hidden, drawn)
            replaced = hidden & (shown != labels)
        judged = self.discriminator(shown, labels=replaced.float(), **texts)
        return SimpleNamespace(loss=made.loss + 50 * judged.loss)


class Distillation(nn.Module):
    """DistilBERT's triple loss: soft targets at T = 2, masked tokens, a cosine of last states."""

    def __init__(self, student: DistilBertForMaskedLM, teacher: BertForMaskedLM) -> None:
        super().__init__()
        self.student, self.teacher = student, teacher.requires_grad_(False)

    def train(self, mode: bool = True) -> Distillation:
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, labels: Tensor
    ) -> SimpleNamespace:
        asked = dict(attention_mask=attention_mask, output_hidden_states=True)
        mine = self.student(input_ids, labels=labels, **asked)
        with torch.no_grad():
            theirs = self.teacher(input_ids, token_type_ids=token_type_ids, **asked)
        real = attention_mask.bool()
        soft = F.kl_div(
            (mine.logits[real] / 2).log_softmax(-1), (theirs.logits[real] / 2).softmax(-1),
            reduction="batchmean",
        )  # fmt: skip
        states = mine.hidden_states[-1][real], theirs.hidden_states[-1][real]
        away = F.cosine_embedding_loss(*states, torch.ones(len(states[0])))
        return SimpleNamespace(loss=5 * 4 * soft + 2 * mine.loss + away)
