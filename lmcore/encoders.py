"""The bidirectional models: masked language model, discriminator, classifier, span extractor.

BERT, ALBERT, ELECTRA and the distilled students are these four heads on one trunk; which paper
it is stands in the config. Shapes: B texts, T tokens, H hidden, E embedding, V vocabulary.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.attention import Trace
from lmcore.config import Config
from lmcore.model import ACTIVATIONS, Transformer, initialize

Batch = dict[str, Tensor]


class Encoder(nn.Module):
    """What the four share: a trunk that sees both sides, called with a batch's three inputs."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        if config.causal:
            raise ValueError(f"{type(self).__name__} needs causal=False: this config is causal")
        self.config = config
        self.transformer = Transformer(config)

    def hidden(self, batch: Batch, trace: Trace | None = None) -> Tensor:
        """Hidden states (B, T, H) of ``input_ids``, with ``attention_mask`` and ``segment_ids``
        (B, T) where the batch has them; a ``trace`` is filled on the way."""
        return self.transformer(
            batch["input_ids"],
            attention_mask=batch.get("attention_mask"),
            segment_ids=batch.get("segment_ids"),
            trace=trace,
        )


class MaskedLMHead(nn.Module):
    """Dense to E, activation, LayerNorm, then the token table once more and a bias (BERT's code;
    ALBERT and the generators of ELECTRA have the same with E < H)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.embedding_size)
        self.activation = ACTIVATIONS[config.head_activation]
        self.norm = nn.LayerNorm(config.embedding_size, config.norm_eps)
        self.output = (
            None
            if config.tied_head
            else nn.Linear(config.embedding_size, config.vocab_size, bias=False)
        )
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: Tensor, token_table: Tensor) -> Tensor:
        """Hidden states (…, H) to logits (…, V)."""
        table = token_table if self.output is None else self.output.weight
        return F.linear(self.norm(self.activation(self.dense(hidden))), table, self.bias)


class MaskedLM(Encoder):
    """Masked language model (BERT, section 3.1), with a pair head if asked: next sentence (BERT)
    or sentence order (ALBERT, section 3.1) are one linear layer over the pooled state."""

    def __init__(self, config: Config, *, pair_head: bool = False) -> None:
        super().__init__(config)
        if pair_head and not config.pooler:
            raise ValueError("a pair head reads the pooled state: this config has pooler=False")
        self.head = MaskedLMHead(config)
        self.pair = nn.Linear(config.hidden_size, 2) if pair_head else None
        initialize(self, config)

    def forward(self, batch: Batch) -> Tensor:
        """Logits (B, T, V) at every position."""
        return self.project(self.hidden(batch))

    def project(self, hidden: Tensor) -> Tensor:
        """Hidden states (…, H) to logits (…, V)."""
        return self.head(hidden, self.transformer.embeddings.token.weight)

    def pair_logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (B, T, H) to pair logits (B, 2); label 0 is the true or unswapped pair."""
        return self.pair(self.transformer.pool(hidden))

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy at the masked positions, plus that of the pair where there is one.

        ``masked_positions`` (M,) index the B·T positions of the batch and ``masked_ids`` (M,) are
        the tokens that stood there: nothing else is projected onto the vocabulary.
        ``pair_labels`` (B,) go with a pair head; a batch without them trains the rest.
        """
        return sum(self.terms(batch).values())

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The two losses: a mean over masked tokens and one over texts."""
        hidden = self.hidden(batch)
        masked = hidden.flatten(0, 1)[batch["masked_positions"]]  # (M, H)
        found = {"masked": F.cross_entropy(self.project(masked), batch["masked_ids"])}
        if self.pair is not None and "pair_labels" in batch:
            found["texts"] = F.cross_entropy(self.pair_logits(hidden), batch["pair_labels"])
        return found


class Discriminator(Encoder):
    """ELECTRA's discriminator (section 2): was each token replaced?"""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = ACTIVATIONS[config.activation]
        self.predict = nn.Linear(config.hidden_size, 1)
        initialize(self, config)

    def forward(self, batch: Batch) -> Tensor:
        """One logit a token, (B, T): above 0 means replaced."""
        return self.predict(self.activation(self.dense(self.hidden(batch)))).squeeze(-1)

    def loss(self, batch: Batch) -> Tensor:
        """Mean binary cross-entropy over all real tokens; ``replaced`` (B, T) is 1 or 0."""
        logits = self(batch)
        losses = F.binary_cross_entropy_with_logits(
            logits, batch["replaced"].to(logits.dtype), reduction="none"
        )
        real = batch.get("attention_mask")
        return losses.mean() if real is None else (losses * real).sum() / real.sum()

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The loss, and that it is a mean over tokens."""
        return {"tokens": self.loss(batch)}


class SequenceClassifier(Encoder):
    """A label for a text or a pair, off the first position.

    ``summary`` is what stands between the first state and the label: the trunk's own pooler
    (BERT, section 4.1; ALBERT), or a new dense layer with GELU (ELECTRA) or ReLU (DistilBERT).
    """

    def __init__(
        self,
        config: Config,
        num_labels: int,
        summary: Literal["pooler", "gelu", "relu"] = "pooler",
    ) -> None:
        super().__init__(config)
        if num_labels < 2:
            raise ValueError(f"num_labels {num_labels} is not allowed: at least 2")
        if summary not in ("pooler", "gelu", "relu"):
            raise ValueError(f"summary {summary!r} is unknown: pooler, gelu or relu")
        if summary == "pooler" and not config.pooler:
            raise ValueError("summary 'pooler' needs a config with pooler=True")
        size, new = config.hidden_size, summary != "pooler"
        self.summary_kind = summary
        self.summary = nn.Linear(size, size) if new else None
        self.activation = ACTIVATIONS[summary] if new else None
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(size, num_labels)
        initialize(self, config)

    def forward(self, batch: Batch) -> Tensor:
        """Label logits (B, labels)."""
        hidden = self.hidden(batch)
        if self.summary is None:
            pooled = self.transformer.pool(hidden)
        else:
            pooled = self.activation(self.summary(hidden[:, 0]))
        return self.classify(self.dropout(pooled))

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of ``labels`` (B,)."""
        return F.cross_entropy(self(batch), batch["labels"])


class ChoiceScorer(Encoder):
    """Which of several continuations fits: one score each, off the pooled state (BERT, section
    4.4, on SWAG)."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if not config.pooler:
            raise ValueError("ChoiceScorer reads the pooled state: this config has pooler=False")
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(config.hidden_size, 1)
        initialize(self, config)

    def forward(self, batch: Batch) -> Tensor:
        """Scores (B, choices) of ``input_ids`` (B, choices, T), of which segments and mask have
        the shape too."""
        questions, choices, length = batch["input_ids"].shape
        flat = {
            name: batch[name].view(questions * choices, length)
            for name in ("input_ids", "attention_mask", "segment_ids")
            if name in batch
        }
        pooled = self.transformer.pool(self.hidden(flat))
        return self.classify(self.dropout(pooled)).view(questions, choices)

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of ``labels`` (B,), the right choice's number."""
        return F.cross_entropy(self(batch), batch["labels"])


class SpanExtractor(Encoder):
    """Where in the text an answer starts and ends (BERT, section 4.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.span = nn.Linear(config.hidden_size, 2)
        initialize(self, config)

    def forward(self, batch: Batch) -> Tensor:
        """Start and end scores, (B, 2, T)."""
        return self.span(self.hidden(batch)).transpose(1, 2)

    def loss(self, batch: Batch) -> Tensor:
        """The mean of the cross-entropies of ``starts`` and ``ends`` (B,); position 0, the
        [CLS] token, stands for no answer (section 4.3)."""
        start, end = self(batch).unbind(1)  # (B, T) each
        starts, ends = batch["starts"], batch["ends"]
        return (F.cross_entropy(start, starts) + F.cross_entropy(end, ends)) / 2
