"""Where a model's parameters are: a ledger that the reader can turn."""

from __future__ import annotations

import traitlets

from lmcore.presets import preset
from lmcore.widgets.base import BookWidget, compose


class ParameterLedger(BookWidget):
    """Vocabulary, context, layers and widths to parameters, for the wiring of a GPT, of BERT or
    of a student of BERT: each part that not all of them have can be had or left out.

    Opens at the first of ``presets``, by default GPT-1's own 116,534,784. Raises ValueError for a
    preset with a factorized table or shared layers.
    """

    _esm = compose("parameter_ledger.js")
    presets = traitlets.List().tag(sync=True)
    V = traitlets.Int().tag(sync=True)
    C = traitlets.Int().tag(sync=True)
    L = traitlets.Int().tag(sync=True)
    H = traitlets.Int().tag(sync=True)
    F = traitlets.Int().tag(sync=True)
    segments = traitlets.Bool(False).tag(sync=True)
    embedding_norm = traitlets.Bool(False).tag(sync=True)
    final_norm = traitlets.Bool(False).tag(sync=True)
    pooler = traitlets.Bool(False).tag(sync=True)
    total = traitlets.Int(help="what the page shows, for whoever asks from Python").tag(sync=True)

    def __init__(self, *names: str) -> None:
        sizes = [_sizes(name) for name in names or ("gpt1", "gpt2", "gpt-mini")]
        first = {key: value for key, value in sizes[0].items() if key != "name"}
        super().__init__(presets=sizes, **first)


def _sizes(name: str) -> dict:
    config = preset(name)
    if config.project or config.num_groups * config.layers_per_group != config.num_layers:
        raise ValueError(f"{name} factorizes its table or shares layers: this ledger has neither")
    return {
        "name": name,
        "V": config.vocab_size,
        "C": config.context_length,
        "L": config.num_layers,
        "H": config.hidden_size,
        "F": config.feed_forward_size,
        "segments": config.num_segments == 2,
        "embedding_norm": config.embedding_norm,
        "final_norm": config.pre_norm,
        "pooler": config.pooler,
    }
