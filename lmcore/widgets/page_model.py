"""A trained model inside the page: its weights once, for every widget that asks it something."""

from __future__ import annotations

import traitlets

from lmcore.encoders import Discriminator, MaskedLM
from lmcore.ledger import count_parameters
from lmcore.models import CausalLM
from lmcore.tokenizer import Tokenizer
from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.pack import PackedType, pack_model

MODEL_SCRIPTS = (
    "shelf.js", "arithmetic.js", "engine.js", "kernel.js", "heads.js", "unpack.js", "bpe.js",
    "wordpiece.js", "page_model.js",
)  # fmt: skip


class PageModel(BookWidget):
    """``model``'s weights and ``tokenizer`` as the page keeps them; other widgets refer to it."""

    _esm = compose("page_model_view.js")
    name = traitlets.Unicode().tag(sync=True)
    parameters = traitlets.Int().tag(sync=True)
    manifest = traitlets.Dict().tag(sync=True)
    payload = traitlets.Bytes().tag(sync=True)
    tokenizer = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        name: str,
        model: CausalLM | MaskedLM | Discriminator,
        tokenizer: Tokenizer,
        dtype: PackedType = "float16",
    ) -> None:
        manifest, payload = pack_model(model, dtype)
        super().__init__(
            name=name,
            parameters=count_parameters(model),
            manifest=manifest,
            payload=payload,
            tokenizer=tokenizer.to_json(),
        )
