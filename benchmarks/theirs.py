"""The same steps by transformers: as it comes, and at lmcore's settings.

As it comes: its own dropout (0.1; ALBERT's is 0) and AdamW as PyTorch gives it. At equal
settings: no dropout and fused AdamW. Both clip, and both compute logits at every position.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import torch
from transformers import (
    AlbertConfig,
    AlbertForMaskedLM,
    BertConfig,
    BertForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraForPreTraining,
    GPT2Config,
    GPT2LMHeadModel,
)

from benchmarks.sizes import Size
from benchmarks.theirs_pairs import Distillation, ElectraPair

DROPOUT = ("hidden_dropout_prob", "attention_probs_dropout_prob")
DISTIL_DROPOUT = ("dropout", "attention_dropout")
GPT_DROPOUT = ("resid_pdrop", "embd_pdrop", "attn_pdrop")


def clm(size: Size, equal: bool) -> tuple[torch.nn.Module, dict]:
    """GPT-2. It reads the token more that it predicts, too."""
    config = GPT2Config(
        vocab_size=size.vocabulary, n_positions=size.length + 1, n_embd=size.hidden,
        n_layer=size.layers, n_head=size.heads, **_off(GPT_DROPOUT, equal),
    )  # fmt: skip
    ids = size.texts(extra=1)["input_ids"]
    return GPT2LMHeadModel(config), {"input_ids": ids, "labels": ids}


def mlm(size: Size, equal: bool) -> tuple[torch.nn.Module, dict]:
    """BERT, without pairs."""
    return BertForMaskedLM(BertConfig(**_sizes(size), **_off(DROPOUT, equal))), _masked(size)


def albert(size: Size, equal: bool) -> tuple[torch.nn.Module, dict]:
    """ALBERT."""
    narrow = dict(embedding_size=size.hidden // 4)
    config = AlbertConfig(**_sizes(size), **narrow, **_off(DROPOUT, equal))
    return AlbertForMaskedLM(config), _masked(size)


def electra(size: Size, equal: bool) -> tuple[torch.nn.Module, dict]:
    """ELECTRA's pair."""
    wide = _sizes(size) | dict(embedding_size=size.hidden) | _off(DROPOUT, equal)
    half = dict(
        hidden_size=size.hidden // 2, num_attention_heads=size.heads // 2,
        intermediate_size=2 * size.hidden,
    )  # fmt: skip
    pair = ElectraPair(
        ElectraForMaskedLM(ElectraConfig(**wide | half)),
        ElectraForPreTraining(ElectraConfig(**wide)),
    )
    return pair, _masked(size)


def distil(size: Size, equal: bool) -> tuple[torch.nn.Module, dict]:
    """DistilBERT."""
    student = DistilBertConfig(
        vocab_size=size.vocabulary, max_position_embeddings=size.length, dim=size.hidden,
        n_layers=size.layers // 2, n_heads=size.heads, hidden_dim=4 * size.hidden,
        **_off(DISTIL_DROPOUT, equal),
    )  # fmt: skip
    teacher = BertConfig(**_sizes(size))
    pair = Distillation(DistilBertForMaskedLM(student), BertForMaskedLM(teacher))
    return pair, _masked(size)


TASKS: dict[str, Callable[[Size, bool], tuple[torch.nn.Module, dict]]] = {
    "clm": clm,
    "mlm": mlm,
    "albert": albert,
    "electra": electra,
    "distil": distil,
}


def build_step(task: str, size: Size, dtype: torch.dtype, *, equal: bool) -> Callable[[], float]:
    """A function that takes a step and returns the loss."""
    torch.manual_seed(0)
    model, batch = TASKS[task](size, equal)
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-4, fused=equal or None)
    half = dtype == torch.bfloat16

    def step() -> float:
        with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
            loss = model(**batch).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def _sizes(size: Size) -> dict:
    return dict(
        vocab_size=size.vocabulary, max_position_embeddings=size.length, hidden_size=size.hidden,
        num_hidden_layers=size.layers, num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
    )  # fmt: skip


def _off(names: tuple[str, ...], equal: bool) -> dict[str, float]:
    return dict.fromkeys(names, 0.0) if equal else {}


def _masked(size: Size) -> dict:
    """A masked batch in their words: a label for every position, -100 where none is asked."""
    batch = size.masked_texts()
    labels = torch.full((size.batch * size.length,), -100)
    labels[batch["masked_positions"]] = batch["masked_ids"]
    return {
        "input_ids": batch["input_ids"],
        "attention_mask": batch["attention_mask"].long(),
        "token_type_ids": batch["segment_ids"],
        "labels": labels.view(size.batch, size.length),
    }
