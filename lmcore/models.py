"""The papers' models: the trunk, a head and a loss.

Every model has ``forward``, which returns logits, and ``loss(batch)``, which returns one number;
``train`` knows no more than that. A batch is a dict of tensors. A loss that is a mean over anything
but texts, or a sum of such means, has ``terms(batch)`` beside it: each mean by the name of what it
is taken over (``lmcore.objectives.counts``), so that pieces of a batch can be weighed rightly.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.attention import Cache, Trace
from lmcore.config import Config
from lmcore.model import Transformer, initialize

Batch = dict[str, Tensor]


class CausalLM(nn.Module):
    """A left-to-right language model: GPT-1 (section 3.1), GPT-2, GPT-3.

    The head is tied: the output matrix *is* the token table and costs no parameter of its own
    (a config with ``tied_head=False`` has a second matrix).
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        if not config.causal:
            raise ValueError("CausalLM needs causal=True: this config sees the future")
        if config.embedding_size != config.hidden_size:
            raise ValueError(
                f"CausalLM reads its logits off the token table, so embedding_size "
                f"{config.embedding_size} must equal hidden_size {config.hidden_size}"
            )
        self.config = config
        self.transformer = Transformer(config)
        untied = not config.tied_head
        self.output = (
            nn.Linear(config.hidden_size, config.vocab_size, bias=False) if untied else None
        )
        initialize(self, config)

    def forward(
        self,
        input_ids: Tensor,
        *,
        attention_mask: Tensor | None = None,
        cache: Cache | None = None,
        trace: Trace | None = None,
    ) -> Tensor:
        """Token ids (B, T) to next-token logits (B, T, V)."""
        hidden = self.transformer(
            input_ids, attention_mask=attention_mask, cache=cache, trace=trace
        )
        return self.logits(hidden)

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (…, H) to logits (…, V)."""
        tied = self.transformer.embeddings.token.weight
        return F.linear(hidden, tied if self.output is None else self.output.weight)

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy, in nats, of each token given those before it.

        ``input_ids`` (B, T+1): the first T are read, the last T are predicted.
        ``attention_mask`` (B, T+1), if given, is False at padding, which counts for nothing.
        """
        input_ids, real = batch["input_ids"], batch.get("attention_mask")
        logits = self(
            input_ids[:, :-1], attention_mask=None if real is None else real[:, :-1]
        )  # (B, T, V)
        return next_token_loss(logits, input_ids[:, 1:], None if real is None else real[:, 1:])

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The loss, and that it is a mean over the tokens predicted."""
        return {"targets": self.loss(batch)}


class CausalClassifier(nn.Module):
    """GPT-1 fine-tuned (section 3.2): the pre-trained trunk, one new linear layer over the last
    token, and the language-model loss kept on as an auxiliary objective.

    ``auxiliary_weight`` is the paper's λ (0.5; 0 leaves the language model's loss out).
    """

    def __init__(self, lm: CausalLM, num_labels: int, auxiliary_weight: float = 0.5) -> None:
        super().__init__()
        if num_labels < 2:
            raise ValueError(f"num_labels {num_labels} is not allowed: at least 2")
        self.config = lm.config
        self.lm = lm
        self.classify = nn.Linear(lm.config.hidden_size, num_labels, bias=False)  # W_y, eq. 3
        self.auxiliary_weight = auxiliary_weight
        nn.init.normal_(self.classify.weight, std=0.02)

    def forward(self, batch: Batch) -> Tensor:
        """``input_ids`` and ``attention_mask`` (B, T), padded on the right, to label logits
        (B, labels)."""
        real = batch["attention_mask"]
        hidden = self.lm.transformer(batch["input_ids"], attention_mask=real)  # (B, T, H)
        return self.classify(last_real(hidden, real))

    def loss(self, batch: Batch) -> Tensor:
        """Classification loss + λ · language-model loss, on ``input_ids`` and
        ``attention_mask`` (B, T) and ``labels`` (B,)."""
        return sum(self.terms(batch).values())

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The two losses: a mean over texts and one over tokens."""
        input_ids, real = batch["input_ids"], batch["attention_mask"]
        hidden = self.lm.transformer(input_ids, attention_mask=real)  # (B, T, H)
        found = {"texts": F.cross_entropy(self.classify(last_real(hidden, real)), batch["labels"])}
        if self.auxiliary_weight:
            logits = self.lm.logits(hidden[:, :-1])
            found["targets"] = self.auxiliary_weight * next_token_loss(
                logits, input_ids[:, 1:], real[:, 1:]
            )
        return found


def next_token_loss(logits: Tensor, targets: Tensor, real: Tensor | None) -> Tensor:
    """Mean cross-entropy of ``targets`` (B, T) under ``logits`` (B, T, V), over real targets."""
    if real is not None:
        targets = targets.masked_fill(~real, -100)  # cross_entropy ignores -100
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)


def last_real(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """The hidden state (B, H) at each text's last real token, out of (B, T, H)."""
    last = attention_mask.sum(1) - 1  # (B,)
    return hidden[torch.arange(len(hidden), device=hidden.device), last]
