"""lmcore: one Transformer, seven papers."""

from lmcore.attention import Cache, Trace
from lmcore.checkpoint import load_checkpoint, load_config, load_weights, save_checkpoint
from lmcore.config import Config
from lmcore.electra import Electra
from lmcore.encoders import Discriminator, MaskedLM, SequenceClassifier, SpanExtractor
from lmcore.generate import generate
from lmcore.hf import Parity, export_hf, load_hf, parity
from lmcore.ledger import count_parameters, ledger
from lmcore.model import Transformer
from lmcore.models import CausalClassifier, CausalLM
from lmcore.objectives import InputTransform, LabeledText, PackedText
from lmcore.presets import PRESETS, preset
from lmcore.recipe import Recipe
from lmcore.recipes import GPT1_FINETUNING, GPT1_RECIPE, RECIPES
from lmcore.tokenizer import Tokenizer
from lmcore.train import History, train

__all__ = [
    "GPT1_FINETUNING",
    "GPT1_RECIPE",
    "PRESETS",
    "RECIPES",
    "Cache",
    "CausalClassifier",
    "CausalLM",
    "Config",
    "Discriminator",
    "Electra",
    "History",
    "InputTransform",
    "LabeledText",
    "MaskedLM",
    "PackedText",
    "Parity",
    "Recipe",
    "SequenceClassifier",
    "SpanExtractor",
    "Tokenizer",
    "Trace",
    "Transformer",
    "count_parameters",
    "export_hf",
    "generate",
    "ledger",
    "load_checkpoint",
    "load_config",
    "load_hf",
    "load_weights",
    "parity",
    "preset",
    "save_checkpoint",
    "train",
]
