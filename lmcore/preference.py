"""Zero-shot: which of two texts does a model find likelier?

No label, no new layer, no training step: a language model's probabilities are the answer. A
scorer takes token ids of several texts and returns a log-probability (nats) for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lmcore.data import MinimalPair
from lmcore.models import CausalLM
from lmcore.objectives import TextEncoder

Texts = Sequence[Sequence[int]]
Scorer = Callable[[Texts], Tensor]


@dataclass(frozen=True)
class Preference:
    """The ``share`` of ``pairs`` in which the real text is likelier (a tie counts half), and its
    binomial standard ``error``."""

    share: float
    error: float
    pairs: int


@torch.no_grad()
def log_probabilities(model: CausalLM, texts: Texts, *, batch_size: int = 64) -> Tensor:
    """Log-probability in nats of each text's tokens but the first, which is read and not scored:
    (N,), on the CPU. Give each text the separator that training put between documents.

    Raises ValueError for a text with fewer than two tokens.
    """
    if any(len(ids) < 2 for ids in texts):
        raise ValueError("a text of fewer than 2 tokens has nothing to predict")
    was_training = model.training
    model.eval()
    device = model.transformer.embeddings.token.weight.device
    scores = []
    for start in range(0, len(texts), batch_size):
        part = [torch.tensor(ids) for ids in texts[start : start + batch_size]]
        lengths = torch.tensor([len(ids) for ids in part])
        input_ids = torch.nn.utils.rnn.pad_sequence(part, batch_first=True).to(device)  # (B, T)
        # Padding stands on the right and the mask hides the future: no real token sees it.
        odds = model(input_ids[:, :-1]).float().log_softmax(-1)  # (B, T-1, V)
        said = odds.gather(-1, input_ids[:, 1:, None])[..., 0].cpu()  # (B, T-1)
        real = torch.arange(1, input_ids.shape[1])[None] < lengths[:, None]
        scores.append((said * real).sum(-1))
    model.train(was_training)
    return torch.cat(scores)


class BigramCounts:
    """The plain scorer: how often did this token follow that one in the training text?

    Counts of pairs are mixed with counts of single tokens in the share ``mix``, and those with
    one of each token, so that nothing is impossible. ``ids`` is a stream (N,).
    """

    def __init__(self, ids: Tensor, vocab_size: int, mix: float = 0.1) -> None:
        if not 0 < mix <= 1:
            raise ValueError(f"mix {mix} is not allowed: above 0, at most 1")
        single = torch.bincount(ids, minlength=vocab_size).float() + 1
        pairs = torch.bincount(ids[:-1] * vocab_size + ids[1:], minlength=vocab_size**2)
        pairs = pairs.view(vocab_size, vocab_size).float()  # (V, V): row, then column
        after = pairs / pairs.sum(-1, keepdim=True).clamp(min=1)
        seen = pairs.sum(-1, keepdim=True) > 0
        share = torch.where(seen, mix, 1.0)
        self.log_odds = ((1 - share) * after + share * single / single.sum()).log()

    def __call__(self, texts: Texts) -> Tensor:
        """Log-probability in nats of each text's tokens but the first: (N,)."""
        return torch.stack(
            [self.log_odds[torch.tensor(ids[:-1]), torch.tensor(ids[1:])].sum() for ids in texts]
        )


def preference(
    score: Scorer, pairs: Sequence[MinimalPair], tokenizer: TextEncoder, separator: int
) -> Preference:
    """How often ``score`` finds the real text of ``pairs`` likelier than the altered one.

    Each text stands behind ``separator``, as a document does in training. Raises ValueError
    without pairs.
    """
    if not pairs:
        raise ValueError("0 pairs were given: at least one is needed")
    real = score([[separator, *tokenizer.encode(pair.real)] for pair in pairs])
    altered = score([[separator, *tokenizer.encode(pair.altered)] for pair in pairs])
    share = ((real > altered).double() + 0.5 * (real == altered).double()).mean().item()
    return Preference(share, (share * (1 - share) / len(pairs)) ** 0.5, len(pairs))
