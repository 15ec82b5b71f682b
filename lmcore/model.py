"""One Transformer for seven papers: feed-forward, block, embeddings, trunk.

Shapes in comments use the book's letters: B texts, T tokens, H hidden size, E embedding size,
F feed-forward size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmcore.attention import Attention, Cache, Trace, build_mask
from lmcore.config import Config

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,  # BERT: the exact Gaussian error function
    "gelu_tanh": partial(F.gelu, approximate="tanh"),  # GPT: Hendrycks & Gimpel's approximation
    "relu": F.relu,
    "silu": F.silu,
}


class FeedForward(nn.Module):
    """Two linear maps with GELU between, the same at every position."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.fc = nn.Linear(config.hidden_size, config.feed_forward_size)
        self.proj = nn.Linear(config.feed_forward_size, config.hidden_size)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(self.activation(self.fc(x)))  # (B, T, F) inside


class Block(nn.Module):
    """Attention and feed-forward, each with a residual connection and a LayerNorm.

    Where the norm stands is the one difference between GPT-1 or BERT (behind the sum) and GPT-2
    (before the sub-layer).
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.pre_norm = config.pre_norm
        self.norm1 = nn.LayerNorm(config.hidden_size, config.norm_eps)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, config.norm_eps)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, *context: object) -> Tensor:
        attend = partial(self._attend, context=context)
        if self.pre_norm:
            x = x + attend(self.norm1(x))
            return x + self._feed(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + self._feed(x))

    def _attend(self, x: Tensor, context: tuple) -> Tensor:
        return self.dropout(self.attention(x, *context))

    def _feed(self, x: Tensor) -> Tensor:
        return self.dropout(self.feed_forward(x))


class Embeddings(nn.Module):
    """Token + position (+ segment) vectors of size E, summed; then LayerNorm if there is one."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        size = config.embedding_size
        self.token = nn.Embedding(config.vocab_size, size)
        self.position = nn.Embedding(config.context_length, size)
        self.segment = nn.Embedding(config.num_segments, size) if config.num_segments else None
        self.norm = nn.LayerNorm(size, config.norm_eps) if config.embedding_norm else None
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, input_ids: Tensor, segment_ids: Tensor | None, start: int) -> Tensor:
        length = input_ids.shape[1]
        x = self.token(input_ids) + self.position.weight[start : start + length]  # (B, T, E)
        if self.segment is not None:
            segment_ids = torch.zeros_like(input_ids) if segment_ids is None else segment_ids
            x = x + self.segment(segment_ids)
        if self.norm is not None:
            x = self.norm(x)
        return self.dropout(x)


class Transformer(nn.Module):
    """The trunk that every model of the book shares: embeddings and L blocks."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        wide = config.project
        self.project = nn.Linear(config.embedding_size, config.hidden_size) if wide else None
        blocks = config.num_groups * config.layers_per_group
        self.blocks = nn.ModuleList(Block(config) for _ in range(blocks))
        final = config.pre_norm
        self.final_norm = nn.LayerNorm(config.hidden_size, config.norm_eps) if final else None
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size) if config.pooler else None

    def forward(
        self,
        input_ids: Tensor,
        *,
        segment_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        cache: Cache | None = None,
        trace: Trace | None = None,
    ) -> Tensor:
        """Token ids (B, T) to hidden states (B, T, H).

        ``attention_mask`` (B, T) is True at real tokens; pad on the right, since positions count
        from 0. ``segment_ids`` (B, T) default to 0. A ``cache`` holds the P positions read
        before and is extended in place; a ``trace`` is filled with states and scores.

        Raises ValueError where P + T exceeds the position table, and on the CPU for an id that no
        table has a row for (on a GPU that check would make every step wait).
        """
        if input_ids.ndim != 2:
            raise ValueError(f"input_ids of shape {tuple(input_ids.shape)} are not (B, T)")
        start = cache.length if cache is not None else 0
        length = start + input_ids.shape[1]
        if length > self.config.context_length:
            raise ValueError(
                f"a text of {length} tokens exceeds the position table of "
                f"{self.config.context_length}"
            )
        try:
            x = self.embeddings(input_ids, segment_ids, start)
        except IndexError:
            raise ValueError(_without_row(self.config, input_ids, segment_ids)) from None
        if self.project is not None:
            x = self.project(x)  # (B, T, E) -> (B, T, H)
        windows = {self.config.window_of_layer(i) for i in range(self.config.num_layers)}
        masks = {
            w: build_mask(self.config, w, start, length, attention_mask, x.device) for w in windows
        }
        for layer in range(self.config.num_layers):
            if trace is not None:
                trace.hidden.append(x)
            block = self.blocks[self.config.block_of_layer(layer)]
            x = block(x, masks[self.config.window_of_layer(layer)], layer, cache, trace)
        if self.final_norm is not None:
            x = self.final_norm(x)
        if trace is not None:
            trace.hidden.append(x)
        return x

    def pool(self, hidden: Tensor) -> Tensor:
        """BERT's summary of a text: tanh of a dense layer over the first position, (B, H)."""
        return torch.tanh(self.pooler(hidden[:, 0]))


def _without_row(config: Config, input_ids: Tensor, segment_ids: Tensor | None) -> str:
    """Which id it was."""
    outside = input_ids[(input_ids < 0) | (input_ids >= config.vocab_size)]
    if len(outside):
        return f"id {outside[0].item()} is not in the vocabulary of {config.vocab_size}"
    return f"segment_ids up to {segment_ids.max().item()}: there are {config.num_segments} segments"


def initialize(model: nn.Module, config: Config) -> None:
    """Draw fresh weights in place: matrices N(0, init_std), biases 0, LayerNorms 1 and 0.

    With pre-norm the residual stream sums 2L sub-layers, so GPT-2 (section 2.3) scales the
    matrices that write into it by 1/sqrt(2L).
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            writes = config.pre_norm and name.endswith(("attention.out", "feed_forward.proj"))
            scale = (2 * config.num_layers) ** -0.5 if writes else 1.0
            nn.init.normal_(module.weight, std=config.init_std * scale)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=config.embedding_init_std)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
