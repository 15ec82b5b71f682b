"""Every model class on a tiny config, and a batch that all of them take."""

import torch

from lmcore import (
    CausalClassifier,
    CausalLM,
    Config,
    Discriminator,
    Electra,
    MaskedLM,
    SequenceClassifier,
    SpanExtractor,
)
from lmcore.distill import DistilLoss, PredictionLoss, TinyBERTLoss

SIZES = dict(vocab_size=41, context_length=16, hidden_size=24, num_layers=3, num_heads=3)
GPT1 = Config(**SIZES, causal=True, activation="gelu_tanh", init_std=0.1)
GPT3 = GPT1.replace(pre_norm=True, windows=(None, 4))
BERT = Config(
    **SIZES, causal=False, num_segments=2, embedding_norm=True, pooler=True, norm_eps=1e-12,
    init_std=0.1,
)  # fmt: skip
BARE = BERT.replace(pooler=False)  # for heads that do not read the pooled state
ALBERT = BERT.replace(embedding_size=10, project=True, num_groups=1)

MODELS = {
    "CausalLM, GPT-1": lambda: CausalLM(GPT1),
    "CausalLM, GPT-3": lambda: CausalLM(GPT3),
    "CausalLM, untied": lambda: CausalLM(GPT3.replace(tied_head=False)),
    "CausalClassifier": lambda: CausalClassifier(CausalLM(GPT1), 3),
    "MaskedLM, BERT": lambda: MaskedLM(BERT, pair_head=True),
    "MaskedLM, ALBERT": lambda: MaskedLM(ALBERT, pair_head=True),
    "MaskedLM, untied": lambda: MaskedLM(BARE.replace(tied_head=False, num_segments=0)),
    "Discriminator": lambda: Discriminator(BARE.replace(embedding_size=10, project=True)),
    "Electra": lambda: Electra(
        BARE.replace(embedding_size=10, project=True),
        BARE.replace(embedding_size=10, project=True, hidden_size=6, feed_forward_size=24),
    ),
    "SequenceClassifier, pooler": lambda: SequenceClassifier(BERT, 3),
    "SequenceClassifier, GELU": lambda: SequenceClassifier(BARE, 3, "gelu"),
    "SpanExtractor": lambda: SpanExtractor(BARE),
}
SHALLOW = BARE.replace(num_layers=2, num_groups=2, num_segments=0)
NARROW = BERT.replace(
    num_layers=2, num_groups=2, hidden_size=12, embedding_size=12, feed_forward_size=24
)
DISTILLATIONS = {  # as MODELS, with a teacher in them
    "DistilLoss": lambda: DistilLoss(MaskedLM(SHALLOW), MaskedLM(BERT)),
    "DistilLoss at masks": lambda: DistilLoss(MaskedLM(SHALLOW), MaskedLM(BERT), masked_only=True),
    "TinyBERTLoss": lambda: TinyBERTLoss(MaskedLM(NARROW), MaskedLM(BERT), (1, 3)),
    "PredictionLoss": lambda: PredictionLoss(
        SequenceClassifier(NARROW, 3), SequenceClassifier(BERT, 3)
    ),
}


def make_batch(rows=4, length=12, vocab_size=41, seed=0):
    """Right-padded texts with what any head asks for."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(3, length + 1, (rows,), generator=generator)
    lengths[0] = length
    real = torch.arange(length)[None] < lengths[:, None]
    ids = torch.randint(1, vocab_size, (rows, length), generator=generator)
    return {
        "input_ids": ids.masked_fill(~real, 0),
        "attention_mask": real,
        "segment_ids": ((torch.arange(length)[None] >= lengths[:, None] // 2) & real).long(),
        "masked_positions": torch.arange(rows) * length + 1,
        "masked_ids": torch.randint(1, vocab_size, (rows,), generator=generator),
        "pair_labels": torch.randint(2, (rows,), generator=generator),
        "replaced": torch.randint(2, (rows, length), generator=generator),
        "labels": torch.randint(3, (rows,), generator=generator),
        "starts": torch.ones(rows, dtype=torch.long),
        "ends": lengths - 1,
    }


def logits_of(model, batch):
    """What ``forward`` returns for this batch, whatever the class."""
    if isinstance(model, CausalLM):
        return model(batch["input_ids"], attention_mask=batch["attention_mask"])
    return model(batch)
