"""ELECTRA's pre-training: a small generator replaces tokens, a discriminator finds them (Clark et
al. 2020, section 2). Shapes: B texts, T tokens, M hidden positions, V vocabulary.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lmcore.config import Config
from lmcore.encoders import Batch, Discriminator, MaskedLM

# What the one Embeddings object is built from: the two configs must agree on it.
_SHARED = (
    "vocab_size", "context_length", "embedding_size", "num_segments", "embedding_norm", "norm_eps",
)  # fmt: skip


class ElectraLosses(NamedTuple):
    """The two losses of a step: nats a hidden token, nats a real token."""

    generator: Tensor
    discriminator: Tensor


class Electra(nn.Module):
    """A generator and a discriminator that share their embeddings; only the latter is kept.

    The generator is a masked language model. What it draws for the hidden tokens takes their
    place, and the discriminator judges every token of the result: replaced, or as it was? Both
    losses are minimized at once, ``generator + weight · discriminator`` (section 2; the weight of
    50 is appendix A's). Token, position and segment tables and their LayerNorm are one object, as
    in the authors' code; each network has a projection of its own.

    Raises ValueError, in one line, where the two configs cannot share embeddings.
    """

    def __init__(self, config: Config, generator: Config, *, weight: float = 50.0) -> None:
        super().__init__()
        for name in _SHARED:
            ours, theirs = getattr(config, name), getattr(generator, name)
            if ours != theirs:
                raise ValueError(
                    f"shared embeddings need one {name}: the discriminator has {ours}, "
                    f"the generator {theirs}"
                )
        self.config = config
        self.weight = weight
        self.discriminator = Discriminator(config)
        self.generator = MaskedLM(generator)
        self.generator.transformer.embeddings = self.discriminator.transformer.embeddings
        self.register_state_dict_post_hook(_keep_once)
        self.register_load_state_dict_pre_hook(_give_back)

    def forward(self, batch: Batch) -> Tensor:
        """The discriminator's logits (B, T) for the tokens as they stand in the batch."""
        return self.discriminator(batch)

    def loss(self, batch: Batch) -> Tensor:
        """The weighted sum of both losses of a masked batch (see ``MaskedLM.loss``)."""
        return sum(self.terms(batch).values())

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The two weighted losses: a mean over hidden tokens and one over real tokens."""
        losses = self.losses(batch)
        return {"masked": losses.generator, "tokens": self.weight * losses.discriminator}

    def losses(self, batch: Batch) -> ElectraLosses:
        """Both losses; the discriminator's is the mean over all real tokens."""
        logits = self.generator_logits(batch)
        generator = nn.functional.cross_entropy(logits, batch["masked_ids"])
        return ElectraLosses(generator, self.detection_loss(self.replace(batch, logits)))

    def detection_loss(self, judged: Batch) -> Tensor:
        """The discriminator's loss on a batch that ``replace`` made."""
        return self.discriminator.loss(judged)

    def generator_logits(self, batch: Batch) -> Tensor:
        """The generator's logits (M, V) at the hidden positions."""
        hidden = self.generator.hidden(batch).flatten(0, 1)  # (B·T, H)
        return self.generator.project(hidden[batch["masked_positions"]])

    @torch.no_grad()  # a draw has no gradient: nothing flows back from the discriminator
    def replace(self, batch: Batch, logits: Tensor) -> Batch:
        """The batch with a token drawn for each hidden one, and which tokens that changed.

        ``replaced`` (B, T) is 1 where ``input_ids`` (B, T) differ from the text as it was. Where
        the generator happens to draw the right token, nothing was replaced (section 2).
        """
        shape, positions = batch["input_ids"].shape, batch["masked_positions"]
        shown, asked = batch["input_ids"].flatten(), batch["masked_ids"] >= 0
        there = shown[positions]  # stays where nothing was asked
        text = shown.scatter(0, positions, torch.where(asked, batch["masked_ids"], there))
        drawn = shown.scatter(0, positions, torch.where(asked, draw(logits), there))
        return batch | {
            "input_ids": drawn.view(shape),
            "replaced": (drawn != text).long().view(shape),
        }


def draw(logits: Tensor) -> Tensor:
    """One id a row of logits (…, V), with the softmax's odds: the largest sum of a logit and
    Gumbel noise is such a draw."""
    noise = -torch.empty_like(logits, dtype=torch.float32).exponential_().log()
    return (logits.float() + noise).argmax(-1)


_KEPT, _DROPPED = (f"{part}.transformer.embeddings." for part in ("discriminator", "generator"))


def _keep_once(model: Electra, tensors: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """A state names the shared tensors once, as the discriminator's."""
    for name in [name for name in tensors if name.startswith(prefix + _DROPPED)]:
        del tensors[name]


def _give_back(model: Electra, tensors: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Loading a state, both parts find them."""
    for name in [name for name in tensors if name.startswith(prefix + _KEPT)]:
        tensors[prefix + _DROPPED + name.removeprefix(prefix + _KEPT)] = tensors[name]
