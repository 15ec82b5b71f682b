"""Distillation: objectives whose targets are a teacher's.

An objective holds a student and a frozen teacher and has ``loss(batch)``, which is all that
``train`` asks for, and ``terms(batch)``, so that pieces of a batch and processes share the work;
of a run in a folder the student is what is left. What only the objective needs, such as TinyBERT's
projections, lives in it and is thrown away with it. Shapes: B texts, T tokens, H hidden,
V vocabulary, A heads.
"""

from lmcore.distill.base import Distillation, soft_target_loss
from lmcore.distill.distilbert import DistilLoss
from lmcore.distill.layers import init_student, layer_map, spread_layers
from lmcore.distill.tinybert import PredictionLoss, TinyBERTLoss

__all__ = [
    "DistilLoss",
    "Distillation",
    "PredictionLoss",
    "TinyBERTLoss",
    "init_student",
    "layer_map",
    "soft_target_loss",
    "spread_layers",
]
