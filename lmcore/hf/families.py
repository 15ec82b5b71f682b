"""Six families of ``transformers`` checkpoints as data: how a config and a tensor are called there.

Adding a family is adding an entry. Nothing here computes; ``names.py`` and ``load.py`` read it.
"""

from __future__ import annotations

from lmcore.hf.family import Family

_GPT_BLOCK = {
    "blocks.{i}.attention.qkv": "h.{i}.attn.c_attn",
    "blocks.{i}.attention.out": "h.{i}.attn.c_proj",
    "blocks.{i}.norm1": "h.{i}.ln_1",
    "blocks.{i}.feed_forward.fc": "h.{i}.mlp.c_fc",
    "blocks.{i}.feed_forward.proj": "h.{i}.mlp.c_proj",
    "blocks.{i}.norm2": "h.{i}.ln_2",
}
_GPT_SIZES = {
    "vocab_size": "vocab_size",
    "context_length": "n_positions",
    "hidden_size": "n_embd",
    "num_layers": "n_layer",
    "num_heads": "n_head",
    "norm_eps": "layer_norm_epsilon",
    "dropout": "resid_pdrop",
    "init_std": "initializer_range",
}
_GPT_HEADS = {"lm": {}, "classifier": {"classify": "score"}}

_BERT_SIZES = {
    "vocab_size": "vocab_size",
    "context_length": "max_position_embeddings",
    "hidden_size": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "feed_forward_size": "intermediate_size",
    "num_segments": "type_vocab_size",
    "norm_eps": "layer_norm_eps",
    "dropout": "hidden_dropout_prob",
    "init_std": "initializer_range",
}
_BERT_EMBEDDINGS = {
    "embeddings.token": "embeddings.word_embeddings",
    "embeddings.position": "embeddings.position_embeddings",
    "embeddings.segment": "embeddings.token_type_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
}
_BERT_BLOCK = {
    "blocks.{i}.attention.qkv": [
        f"encoder.layer.{{i}}.attention.self.{part}" for part in ("query", "key", "value")
    ],
    "blocks.{i}.attention.out": "encoder.layer.{i}.attention.output.dense",
    "blocks.{i}.norm1": "encoder.layer.{i}.attention.output.LayerNorm",
    "blocks.{i}.feed_forward.fc": "encoder.layer.{i}.intermediate.dense",
    "blocks.{i}.feed_forward.proj": "encoder.layer.{i}.output.dense",
    "blocks.{i}.norm2": "encoder.layer.{i}.output.LayerNorm",
}
_BERT_HONORED = {"position_embedding_type": ("absolute",), "is_decoder": (False,)}


def _masked_head(dense: str, norm: str, output: str, bias: str) -> dict[str, str]:
    return {"head.dense": dense, "head.norm": norm, "head.output": output, "head.bias": bias}


_ALBERT_LAYER = "encoder.albert_layer_groups.{g}.albert_layers.{j}"

FAMILIES: dict[str, Family] = {
    "openai-gpt": Family(
        model_type="openai-gpt",
        prefix="transformer.",
        sizes=_GPT_SIZES,
        wiring={"causal": True},
        activation="afn",
        # "gelu" here is the tanh formula, as in OpenAI's code
        activation_names={"gelu": "gelu_tanh", "relu": "relu", "silu": "silu", "swish": "silu"},
        tensors={"embeddings.token": "tokens_embed", "embeddings.position": "positions_embed"}
        | _GPT_BLOCK,
        heads=_GPT_HEADS,
        transposed=True,
    ),
    "gpt2": Family(
        model_type="gpt2",
        prefix="transformer.",
        sizes=_GPT_SIZES | {"feed_forward_size": "n_inner"},
        wiring={"causal": True, "pre_norm": True},
        activation="activation_function",
        tensors={
            "embeddings.token": "wte",
            "embeddings.position": "wpe",
            "final_norm": "ln_f",
        }
        | _GPT_BLOCK,
        heads=_GPT_HEADS,
        honored={
            "scale_attn_weights": (True,),
            "scale_attn_by_inverse_layer_idx": (False,),
        },
        defaults={"activation_function": "gelu_new"},
        transposed=True,
    ),
    "bert": Family(
        model_type="bert",
        prefix="bert.",
        sizes=_BERT_SIZES,
        wiring={"causal": False, "embedding_norm": True, "pooler": True},
        activation="hidden_act",
        tensors=_BERT_EMBEDDINGS | _BERT_BLOCK | {"pooler": "pooler.dense"},
        heads={
            "masked": _masked_head(
                "cls.predictions.transform.dense",
                "cls.predictions.transform.LayerNorm",
                "cls.predictions.decoder",
                "cls.predictions.bias",
            ),
            "pair": {"pair": "cls.seq_relationship"},
            "classifier": {"classify": "classifier"},
            "span": {"span": "qa_outputs"},
        },
        honored=_BERT_HONORED,
    ),
    "albert": Family(
        model_type="albert",
        prefix="albert.",
        sizes=_BERT_SIZES
        | {"embedding_size": "embedding_size"}
        | {"num_groups": "num_hidden_groups", "layers_per_group": "inner_group_num"},
        wiring={"causal": False, "embedding_norm": True, "pooler": True, "project": True},
        activation="hidden_act",
        tensors=_BERT_EMBEDDINGS
        | {
            "project": "encoder.embedding_hidden_mapping_in",
            "blocks.{i}.attention.qkv": [
                f"{_ALBERT_LAYER}.attention.{part}" for part in ("query", "key", "value")
            ],
            "blocks.{i}.attention.out": f"{_ALBERT_LAYER}.attention.dense",
            "blocks.{i}.norm1": f"{_ALBERT_LAYER}.attention.LayerNorm",
            "blocks.{i}.feed_forward.fc": f"{_ALBERT_LAYER}.ffn",
            "blocks.{i}.feed_forward.proj": f"{_ALBERT_LAYER}.ffn_output",
            "blocks.{i}.norm2": f"{_ALBERT_LAYER}.full_layer_layer_norm",
            "pooler": "pooler",
        },
        heads={
            "masked": _masked_head(
                "predictions.dense",
                "predictions.LayerNorm",
                "predictions.decoder",
                "predictions.bias",
            ),
            "pair": {"pair": "sop_classifier.classifier"},
            "classifier": {"classify": "classifier"},
            "span": {"span": "qa_outputs"},
        },
        honored=_BERT_HONORED,
        defaults={"hidden_act": "gelu_new", "hidden_dropout_prob": 0.0},
    ),
    "electra": Family(
        model_type="electra",
        prefix="electra.",
        sizes=_BERT_SIZES | {"embedding_size": "embedding_size"},
        # the generator's head has GELU by the error function whatever hidden_act says
        wiring={"causal": False, "embedding_norm": True, "head_activation": "gelu"},
        activation="hidden_act",
        tensors=_BERT_EMBEDDINGS | {"project": "embeddings_project"} | _BERT_BLOCK,
        heads={
            "masked": _masked_head(
                "generator_predictions.dense",
                "generator_predictions.LayerNorm",
                "generator_lm_head",
                "generator_lm_head.bias",
            ),
            "discriminator": {
                "dense": "discriminator_predictions.dense",
                "predict": "discriminator_predictions.dense_prediction",
            },
            "classifier": {"summary": "classifier.dense", "classify": "classifier.out_proj"},
            "span": {"span": "qa_outputs"},
        },
        honored=_BERT_HONORED,
    ),
    "distilbert": Family(
        model_type="distilbert",
        prefix="distilbert.",
        sizes={
            "vocab_size": "vocab_size",
            "context_length": "max_position_embeddings",
            "hidden_size": "dim",
            "num_layers": "n_layers",
            "num_heads": "n_heads",
            "feed_forward_size": "hidden_dim",
            "dropout": "dropout",
            "init_std": "initializer_range",
        },
        # the epsilon is written into the reference's code
        wiring={"causal": False, "embedding_norm": True, "norm_eps": 1e-12},
        activation="activation",
        tensors={
            "embeddings.token": "embeddings.word_embeddings",
            "embeddings.position": "embeddings.position_embeddings",
            "embeddings.norm": "embeddings.LayerNorm",
            "blocks.{i}.attention.qkv": [
                f"transformer.layer.{{i}}.attention.{part}_lin" for part in "qkv"
            ],
            "blocks.{i}.attention.out": "transformer.layer.{i}.attention.out_lin",
            "blocks.{i}.norm1": "transformer.layer.{i}.sa_layer_norm",
            "blocks.{i}.feed_forward.fc": "transformer.layer.{i}.ffn.lin1",
            "blocks.{i}.feed_forward.proj": "transformer.layer.{i}.ffn.lin2",
            "blocks.{i}.norm2": "transformer.layer.{i}.output_layer_norm",
        },
        heads={
            "masked": _masked_head(
                "vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias"
            ),
            "classifier": {"summary": "pre_classifier", "classify": "classifier"},
            "span": {"span": "qa_outputs"},
        },
    ),
}
