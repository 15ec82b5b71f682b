"""Where a causal model's parameters are: a ledger that the reader can turn."""

from __future__ import annotations

import traitlets

from lmcore.presets import preset
from lmcore.widgets.base import BookWidget, compose


class ParameterLedger(BookWidget):
    """Vocabulary, context, layers and width to parameters, for the wiring of a GPT or of BERT.

    Opens at the first of ``presets``, by default GPT-1's own 116,534,784.
    """

    _esm = compose("parameter_ledger.js")
    presets = traitlets.List().tag(sync=True)
    V = traitlets.Int().tag(sync=True)
    C = traitlets.Int().tag(sync=True)
    L = traitlets.Int().tag(sync=True)
    H = traitlets.Int().tag(sync=True)
    final_norm = traitlets.Bool(False).tag(sync=True)
    bert_parts = traitlets.Bool(False).tag(sync=True)
    total = traitlets.Int(help="what the page shows, for whoever asks from Python").tag(sync=True)

    def __init__(self, *names: str) -> None:
        sizes = [_sizes(name) for name in names or ("gpt1", "gpt2", "gpt-mini")]
        first = {key: sizes[0][key] for key in ("V", "C", "L", "H", "final_norm", "bert_parts")}
        super().__init__(presets=sizes, **first)


def _sizes(name: str) -> dict:
    config = preset(name)
    return {
        "name": name,
        "V": config.vocab_size,
        "C": config.context_length,
        "L": config.num_layers,
        "H": config.hidden_size,
        "final_norm": config.pre_norm,
        "bert_parts": config.pooler,
    }
