"""Between a ``transformers`` config and ours, both ways, and which model an architecture is."""

from __future__ import annotations

import re
from dataclasses import fields

from torch import nn

from lmcore.config import Config
from lmcore.encoders import Discriminator, MaskedLM, SequenceClassifier, SpanExtractor
from lmcore.hf.architectures import ARCHITECTURES
from lmcore.hf.families import FAMILIES
from lmcore.hf.family import Family
from lmcore.model import Transformer
from lmcore.models import CausalClassifier, CausalLM

# What old configs leave out, with the value that transformers then takes.
DEFAULTS: dict[str, object] = {
    "layer_norm_eps": 1e-12,
    "layer_norm_epsilon": 1e-5,
    "initializer_range": 0.02,
    "resid_pdrop": 0.1,
    "hidden_dropout_prob": 0.1,
    "dropout": 0.1,
    "n_inner": None,
    "type_vocab_size": 2,
    "num_hidden_groups": 1,
    "inner_group_num": 1,
}
# Values that a field may have in every family; another one would change the computation.
COMMON: dict[str, tuple] = {
    "is_encoder_decoder": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True, False),
    "pruned_heads": ({}, None),
    "quantization_config": (None,),
    "auto_map": (None,),  # code of its own
}
CLASSIFIER: dict[str, tuple] = {"problem_type": (None, "single_label_classification")}
# Fields that stay out of the comparison: they are nothing to a model that is trained.
_FRESH_ONLY = ("dropout", "init_std", "embedding_init_std")
# Heads that read BERT's or ALBERT's pooled state; the other heads come without a pooler.
POOLED = ("pair", "classifier")


def family_of(theirs: dict) -> tuple[Family, tuple[str, ...]]:
    """The family and heads of a config.json.

    Raises ValueError, in one line, for an architecture that lmcore does not have.
    """
    names = theirs.get("architectures") or []
    if len(names) != 1 or names[0] not in ARCHITECTURES:
        family = theirs.get("model_type")
        known = [name for name, (model_type, _) in ARCHITECTURES.items() if model_type == family]
        supported = known or [f"those of {', '.join(FAMILIES)}"]
        raise ValueError(f"architectures {names} is not supported: {', '.join(supported)}")
    model_type, heads = ARCHITECTURES[names[0]]
    if theirs.get("model_type", model_type) != model_type:
        raise ValueError(f"model_type {theirs['model_type']!r} does not go with {names[0]}")
    return FAMILIES[model_type], heads


def read_config(theirs: dict) -> Config:
    """A ``transformers`` config.json as ours.

    Raises ValueError, in one line that names the field, its value and what is supported, where
    it asks for something that lmcore does not compute.
    """
    family, heads = family_of(theirs)
    allowed_values = COMMON | family.honored | (CLASSIFIER if "classifier" in heads else {})
    for name, allowed in allowed_values.items():
        if name in theirs and theirs[name] not in allowed:
            raise ValueError(
                f"{name} {theirs[name]!r} is not supported for {family.model_type}: "
                f"{' or '.join(map(repr, allowed))}"
            )
    defaults = DEFAULTS | family.defaults
    values: dict = {}
    for ours, name in family.sizes.items():
        if name not in theirs and name not in defaults:
            raise ValueError(f"{name} is missing, which {family.model_type} needs")
        values[ours] = theirs.get(name, defaults.get(name))
    if values.get("num_segments", 1) == 0:
        raise ValueError("type_vocab_size 0 is not supported: at least 1")
    for ours in ("norm_eps", "dropout", "init_std"):
        value = values.get(ours, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
            raise ValueError(f"{family.sizes[ours]} {value!r} is not supported: from 0 to below 1")
    activation = theirs.get(family.activation, defaults.get(family.activation, "gelu"))
    if activation not in family.activation_names:
        raise ValueError(
            f"{family.activation} {activation!r} is not supported for {family.model_type}: "
            f"{', '.join(family.activation_names)}"
        )
    values["activation"] = family.activation_names[activation]
    inner = values.get("layers_per_group")
    if isinstance(inner, int) and inner > 0:  # inner groups multiply the depth
        values["num_layers"] *= inner
    values |= family.wiring
    if "lm" in heads or "masked" in heads:
        values["tied_head"] = theirs.get("tie_word_embeddings", True)
    if values.get("pooler") and heads:
        values["pooler"] = any(head in POOLED for head in heads)
    try:
        return Config(**values)
    except ValueError as error:  # in their words: hidden_size is n_embd or dim there
        words = re.compile(rf"\b({'|'.join(family.sizes)})\b")
        raise ValueError(words.sub(lambda m: family.sizes[m[0]], str(error))) from None


def write_config(config: Config, architecture: str, num_labels: int | None) -> dict:
    """Our config as a ``transformers`` config.json for ``architecture``, as far as that can say
    it: ``differences`` names what it cannot."""
    model_type, _ = ARCHITECTURES[architecture]
    family = FAMILIES[model_type]
    theirs: dict = {name: getattr(config, ours) for ours, name in family.sizes.items()}
    names = {ours: name for name, ours in reversed(family.activation_names.items())}
    theirs |= {
        "architectures": [architecture],
        "model_type": model_type,
        family.activation: names.get(config.activation, config.activation),
        "tie_word_embeddings": config.tied_head,
        "pad_token_id": 0,
    }
    if "layers_per_group" in family.sizes:
        theirs["num_hidden_layers"] = config.num_layers // config.layers_per_group
    if num_labels is not None:
        theirs["num_labels"] = num_labels
        theirs["id2label"] = {str(i): f"LABEL_{i}" for i in range(num_labels)}
        theirs["label2id"] = {f"LABEL_{i}": i for i in range(num_labels)}
    return theirs


def differences(config: Config, other: Config) -> list[str]:
    """Where ``config`` is wired unlike ``other``: "field value" each."""
    return [
        f"{field.name} {getattr(config, field.name)}"
        for field in fields(Config)
        if field.name not in _FRESH_ONLY
        and getattr(config, field.name) != getattr(other, field.name)
    ]


def build(config: Config, theirs: dict) -> nn.Module:
    """An untrained lmcore model of a config.json's architecture."""
    family, heads = family_of(theirs)
    labels = len(theirs.get("id2label") or ()) or theirs.get("num_labels", 2)
    if isinstance(labels, bool) or not isinstance(labels, int):
        raise ValueError(f"num_labels {labels!r} is not supported: a whole number of at least 2")
    if heads == ():
        return Transformer(config)
    if heads == ("lm",):
        return CausalLM(config)
    if heads == ("discriminator",):
        return Discriminator(config)
    if heads == ("span",):
        return SpanExtractor(config)
    if heads == ("classifier",) and config.causal:
        return CausalClassifier(CausalLM(config), labels)
    if heads == ("classifier",):
        summaries = {"electra": "gelu", "distilbert": "relu"}
        return SequenceClassifier(config, labels, summaries.get(family.model_type, "pooler"))
    return MaskedLM(config, pair_head="pair" in heads)
