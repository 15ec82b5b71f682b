"""lmcore: one Transformer, seven papers."""

from lmcore.attention import Cache, Trace
from lmcore.checkpoint import load_config, load_weights, save_checkpoint
from lmcore.config import PRESETS, Config, preset
from lmcore.generate import generate
from lmcore.ledger import count_parameters, ledger
from lmcore.model import Transformer
from lmcore.models import CausalClassifier, CausalLM
from lmcore.objectives import InputTransform, LabeledText, PackedText
from lmcore.recipe import GPT1_FINETUNING, GPT1_RECIPE, Recipe
from lmcore.tokenizer import Tokenizer
from lmcore.train import History, train

__all__ = [
    "GPT1_FINETUNING",
    "GPT1_RECIPE",
    "PRESETS",
    "Cache",
    "CausalClassifier",
    "CausalLM",
    "Config",
    "History",
    "InputTransform",
    "LabeledText",
    "PackedText",
    "Recipe",
    "Tokenizer",
    "Trace",
    "Transformer",
    "count_parameters",
    "generate",
    "ledger",
    "load_config",
    "load_weights",
    "preset",
    "save_checkpoint",
    "train",
]
