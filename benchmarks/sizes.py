"""What is measured: sizes, and batches that both libraries are given alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lmcore import Config
from lmcore.objectives import Batch, Masking, mask_tokens


@dataclass(frozen=True)
class Size:
    """Layers, width, heads, vocabulary, tokens a text and texts a batch."""

    layers: int
    hidden: int
    heads: int
    vocabulary: int
    length: int
    batch: int

    def config(self, *, causal: bool, **more: object) -> Config:
        """Its wiring: GPT-2's, or BERT's."""
        bert = dict(num_segments=2, embedding_norm=True, norm_eps=1e-12)
        kind = dict(pre_norm=True, activation="gelu_tanh") if causal else bert
        return Config(
            vocab_size=self.vocabulary, context_length=self.length, hidden_size=self.hidden,
            num_layers=self.layers, num_heads=self.heads, causal=causal, **kind | more,
        )  # fmt: skip

    def texts(self, extra: int = 0) -> Batch:
        """Random tokens: ``input_ids`` (batch, length + extra)."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.length + extra)
        return {"input_ids": torch.randint(5, self.vocabulary, shape, generator=generator)}

    def masked_texts(self) -> Batch:
        """Random tokens (batch, length) of which 15 % are hidden."""
        masking = Masking(mask_id=4, special_ids=(0, 1, 2, 3, 4), vocab_size=self.vocabulary)
        batch = self.texts() | {"segment_ids": torch.zeros(self.batch, self.length).long()}
        batch["attention_mask"] = torch.ones(self.batch, self.length, dtype=torch.bool)
        return mask_tokens(batch, masking, torch.Generator().manual_seed(0))


SIZES = {
    "tiny": Size(layers=2, hidden=64, heads=4, vocabulary=512, length=64, batch=8),
    "mini": Size(layers=4, hidden=256, heads=4, vocabulary=4096, length=128, batch=16),
    "small": Size(layers=8, hidden=512, heads=8, vocabulary=8192, length=256, batch=4),
}
