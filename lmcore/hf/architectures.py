"""Which family and which heads an architecture of ``transformers`` has."""

from __future__ import annotations

# architecture -> (family, heads)
ARCHITECTURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "OpenAIGPTModel": ("openai-gpt", ()),
    "OpenAIGPTLMHeadModel": ("openai-gpt", ("lm",)),
    "OpenAIGPTForSequenceClassification": ("openai-gpt", ("classifier",)),
    "GPT2Model": ("gpt2", ()),
    "GPT2LMHeadModel": ("gpt2", ("lm",)),
    "GPT2ForSequenceClassification": ("gpt2", ("classifier",)),
    "BertModel": ("bert", ()),
    "BertForMaskedLM": ("bert", ("masked",)),
    "BertForPreTraining": ("bert", ("masked", "pair")),
    "BertForSequenceClassification": ("bert", ("classifier",)),
    "BertForQuestionAnswering": ("bert", ("span",)),
    "ElectraModel": ("electra", ()),
    "ElectraForMaskedLM": ("electra", ("masked",)),
    "ElectraForPreTraining": ("electra", ("discriminator",)),
    "ElectraForSequenceClassification": ("electra", ("classifier",)),
    "ElectraForQuestionAnswering": ("electra", ("span",)),
    "AlbertModel": ("albert", ()),
    "AlbertForMaskedLM": ("albert", ("masked",)),
    "AlbertForPreTraining": ("albert", ("masked", "pair")),
    "AlbertForSequenceClassification": ("albert", ("classifier",)),
    "AlbertForQuestionAnswering": ("albert", ("span",)),
    "DistilBertModel": ("distilbert", ()),
    "DistilBertForMaskedLM": ("distilbert", ("masked",)),
    "DistilBertForSequenceClassification": ("distilbert", ("classifier",)),
    "DistilBertForQuestionAnswering": ("distilbert", ("span",)),
}
