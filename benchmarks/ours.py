"""A training step of lmcore for each task, as the chapters take it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.sizes import Size
from lmcore import CausalLM, Electra, MaskedLM, Recipe
from lmcore.distill import DistilLoss
from lmcore.objectives import Batch
from lmcore.recipe import build_optimizer
from lmcore.train import train_step

RECIPE = Recipe(learning_rate=1e-4)


def clm(size: Size) -> tuple[torch.nn.Module, Batch]:
    """GPT-2."""
    return CausalLM(size.config(causal=True)), size.texts(extra=1)


def mlm(size: Size) -> tuple[torch.nn.Module, Batch]:
    """BERT, without pairs."""
    return MaskedLM(size.config(causal=False)), size.masked_texts()


def albert(size: Size) -> tuple[torch.nn.Module, Batch]:
    """ALBERT: one set of block weights, a narrow table."""
    diff = dict(num_groups=1, embedding_size=size.hidden // 4, activation="gelu_tanh")
    return MaskedLM(size.config(causal=False, **diff)), size.masked_texts()


def electra(size: Size) -> tuple[torch.nn.Module, Batch]:
    """ELECTRA's pair: a generator of half the width, and the discriminator."""
    narrow = dict(
        hidden_size=size.hidden // 2, num_heads=size.heads // 2, num_groups=size.layers,
        feed_forward_size=2 * size.hidden, embedding_size=size.hidden, project=True,
    )  # fmt: skip
    config = size.config(causal=False)
    return Electra(config, config.replace(**narrow)), size.masked_texts()


def distil(size: Size) -> tuple[torch.nn.Module, Batch]:
    """DistilBERT: BERT teaches a student of half its layers, by all three losses."""
    teacher = size.config(causal=False)
    depth = dict(num_layers=size.layers // 2, num_groups=size.layers // 2, num_segments=0)
    student = teacher.replace(**depth)
    return DistilLoss(MaskedLM(student), MaskedLM(teacher)), size.masked_texts()


TASKS: dict[str, Callable[[Size], tuple[torch.nn.Module, Batch]]] = {
    "clm": clm,
    "mlm": mlm,
    "albert": albert,
    "electra": electra,
    "distil": distil,
}


def build_step(task: str, size: Size, dtype: torch.dtype) -> Callable[[], float]:
    """A function that takes a step and returns the loss."""
    torch.manual_seed(0)
    model, batch = TASKS[task](size)
    optimizer = build_optimizer(model.train(), RECIPE)
    return lambda: train_step(model, optimizer, batch, RECIPE, 1e-4, dtype).item()
