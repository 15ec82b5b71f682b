"""Tiny random checkpoints of ``transformers``, of every family, head and odd shape of the book."""

import torch
import transformers

GPT = dict(vocab_size=37, n_positions=20, n_embd=24, n_layer=3, n_head=3)
GPT |= dict(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, pad_token_id=0)
BERT = dict(
    vocab_size=37, max_position_embeddings=20, hidden_size=24, num_hidden_layers=3,
    num_attention_heads=3, intermediate_size=40, hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, pad_token_id=0,
)  # fmt: skip
DISTIL = dict(
    vocab_size=37, max_position_embeddings=20, dim=24, n_layers=3, n_heads=3, hidden_dim=40,
    dropout=0.0, attention_dropout=0.0, qa_dropout=0.0, seq_classif_dropout=0.0, pad_token_id=0,
)  # fmt: skip

CHECKPOINTS = {
    "gpt1": ("OpenAIGPTModel", GPT, {}),
    "gpt1 lm": ("OpenAIGPTLMHeadModel", GPT, {}),
    "gpt1 classifier": ("OpenAIGPTForSequenceClassification", GPT, {"num_labels": 3}),
    "gpt1 relu": ("OpenAIGPTLMHeadModel", GPT, {"afn": "relu"}),
    "gpt1 swish": ("OpenAIGPTLMHeadModel", GPT, {"afn": "swish"}),
    "gpt1 untied": ("OpenAIGPTLMHeadModel", GPT, {"tie_word_embeddings": False}),
    "gpt2": ("GPT2Model", GPT, {}),
    "gpt2 lm": ("GPT2LMHeadModel", GPT, {}),
    "gpt2 classifier": ("GPT2ForSequenceClassification", GPT, {"num_labels": 5}),
    "gpt2 narrow": ("GPT2LMHeadModel", GPT, {"n_inner": 17, "layer_norm_epsilon": 1e-3}),
    "gpt2 exact gelu": ("GPT2LMHeadModel", GPT, {"activation_function": "gelu"}),
    "gpt2 untied": ("GPT2LMHeadModel", GPT, {"tie_word_embeddings": False}),
    "gpt2 short": ("GPT2LMHeadModel", GPT, {"n_positions": 5, "n_head": 1}),
    "bert": ("BertModel", BERT, {}),
    "bert lm": ("BertForMaskedLM", BERT, {}),
    "bert pair": ("BertForPreTraining", BERT, {}),
    "bert classifier": ("BertForSequenceClassification", BERT, {"num_labels": 4}),
    "bert span": ("BertForQuestionAnswering", BERT, {}),
    "bert relu": ("BertForPreTraining", BERT, {"hidden_act": "relu"}),
    "bert tanh gelu": ("BertForMaskedLM", BERT, {"hidden_act": "gelu_new"}),
    "bert untied": ("BertForMaskedLM", BERT, {"tie_word_embeddings": False}),
    "bert segments": ("BertModel", BERT, {"type_vocab_size": 3, "num_attention_heads": 8}),
    "bert wide eps": ("BertForMaskedLM", BERT, {"layer_norm_eps": 1e-3}),
    "bert short": ("BertForPreTraining", BERT, {"max_position_embeddings": 7}),
    "albert": ("AlbertModel", BERT, {"embedding_size": 10}),
    "albert E = H": ("AlbertModel", BERT, {"embedding_size": 24}),
    "albert lm": ("AlbertForMaskedLM", BERT, {"embedding_size": 10}),
    "albert lm E = H": ("AlbertForMaskedLM", BERT, {"embedding_size": 24}),
    "albert pair": ("AlbertForPreTraining", BERT, {"embedding_size": 10}),
    "albert classifier": ("AlbertForSequenceClassification", BERT, {"embedding_size": 10}),
    "albert span": ("AlbertForQuestionAnswering", BERT, {"embedding_size": 10}),
    "albert two groups": (
        "AlbertForMaskedLM", BERT,
        {"embedding_size": 10, "num_hidden_layers": 5, "num_hidden_groups": 2},
    ),
    "albert inner groups": (
        "AlbertForPreTraining", BERT,
        {"embedding_size": 10, "num_hidden_layers": 4, "num_hidden_groups": 2,
         "inner_group_num": 2},
    ),
    "electra": ("ElectraModel", BERT, {"embedding_size": 10}),
    "electra E = H": ("ElectraModel", BERT, {"embedding_size": 24}),
    "electra generator": ("ElectraForMaskedLM", BERT, {"embedding_size": 10}),
    "electra generator relu": (
        "ElectraForMaskedLM", BERT, {"embedding_size": 24, "hidden_act": "relu"}
    ),
    "electra discriminator": ("ElectraForPreTraining", BERT, {"embedding_size": 10}),
    "electra discriminator relu": (
        "ElectraForPreTraining", BERT, {"embedding_size": 24, "hidden_act": "relu"}
    ),
    "electra classifier": ("ElectraForSequenceClassification", BERT, {"embedding_size": 10}),
    "electra span": ("ElectraForQuestionAnswering", BERT, {"embedding_size": 10}),
    "albert untied": (
        "AlbertForPreTraining", BERT, {"embedding_size": 10, "tie_word_embeddings": False}
    ),
    "electra untied": (
        "ElectraForMaskedLM", BERT, {"embedding_size": 10, "tie_word_embeddings": False}
    ),
    "distilbert": ("DistilBertModel", DISTIL, {}),
    "distilbert lm": ("DistilBertForMaskedLM", DISTIL, {}),
    "distilbert untied": ("DistilBertForMaskedLM", DISTIL, {"tie_word_embeddings": False}),
    "distilbert relu": ("DistilBertForMaskedLM", DISTIL, {"activation": "relu"}),
    "distilbert classifier": ("DistilBertForSequenceClassification", DISTIL, {"num_labels": 3}),
    "distilbert span": ("DistilBertForQuestionAnswering", DISTIL, {}),
}  # fmt: skip


def make_checkpoint(folder, name, **more):
    """Write one to ``folder``, its LayerNorms and biases random too, and return it."""
    architecture, sizes, changes = CHECKPOINTS[name]
    model_class = getattr(transformers, architecture)
    torch.manual_seed(len(name))
    reference = model_class(model_class.config_class(**(sizes | changes | more)))
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    reference.save_pretrained(folder)
    return reference.eval()
