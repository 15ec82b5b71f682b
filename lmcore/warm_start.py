"""A masked language model's first steps, taken left to right (the unigram plateau of chapter 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lmcore.encoders import Batch, MaskedLM
from lmcore.model import Transformer
from lmcore.models import next_token_loss


class LeftToRight(nn.Module):
    """``model``'s own layers behind a causal mask, predicting each next token with its own head.

    Nothing is copied: what this module learns, ``model`` has learned. Train it for some hundred
    steps, then train ``model`` on masks.
    """

    def __init__(self, model: MaskedLM) -> None:
        super().__init__()
        self.config = model.config.replace(causal=True)
        with torch.device("meta"):  # a trunk of the same shape, to be filled with the model's parts
            self.transformer = Transformer(self.config)
        for name, part in model.transformer.named_children():
            setattr(self.transformer, name, part)
        self.head = model.head

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Token ids (B, T) to next-token logits (B, T, V)."""
        hidden = self.transformer(input_ids, attention_mask=attention_mask)
        return self.head(hidden, self.transformer.embeddings.token.weight)

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy, in nats, of each token of ``input_ids`` (B, T) given those before
        it; ``attention_mask`` (B, T), if given, is False at padding, which counts for nothing."""
        input_ids, real = batch["input_ids"], batch.get("attention_mask")
        logits = self(input_ids[:, :-1], None if real is None else real[:, :-1])  # (B, T-1, V)
        return next_token_loss(logits, input_ids[:, 1:], None if real is None else real[:, 1:])
