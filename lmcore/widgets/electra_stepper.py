"""A sentence on its way through ELECTRA's pair, step by step, in the page (section 2, figure 2)."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets
from ipywidgets import widget_serialization

from lmcore.widgets.base import BookWidget, compose
from lmcore.widgets.page_model import MODEL_SCRIPTS, PageModel


class ElectraStepper(BookWidget):
    """``text`` as it was, masked, filled in by the ``generator``, and judged by the
    ``discriminator``, token by token; both are models in the page.

    ``examples`` are further texts to jump to; tokens whose chance of being replaced is above
    ``threshold`` are called so. Raises ValueError, in one line, for models of
    another kind, or with two vocabularies.
    """

    _esm = compose(*MODEL_SCRIPTS, "sampling.js", "electra_stepper.js")
    generator = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    discriminator = traitlets.Instance(PageModel).tag(sync=True, **widget_serialization)
    text = traitlets.Unicode().tag(sync=True)
    examples = traitlets.List().tag(sync=True)
    seed = traitlets.Int(1).tag(sync=True)
    threshold = traitlets.Float(0.5).tag(sync=True)

    def __init__(
        self,
        generator: PageModel,
        discriminator: PageModel,
        text: str,
        *,
        examples: Sequence[str] = (),
        seed: int = 1,
        threshold: float = 0.5,
    ) -> None:
        if not 0.05 <= threshold <= 0.95:
            raise ValueError(f"threshold {threshold} is not allowed: from 0.05 to 0.95")
        for page_model, needed, kind in (
            (generator, "head.dense.weight", "MaskedLM"),
            (discriminator, "predict.weight", "Discriminator"),
        ):
            if needed not in {tensor["name"] for tensor in page_model.manifest["tensors"]}:
                raise ValueError(f"{page_model.name} is no {kind}: the step needs one")
        if generator.tokenizer != discriminator.tokenizer:
            raise ValueError("generator and discriminator need one tokenizer: these have two")
        super().__init__(
            generator=generator, discriminator=discriminator, text=text,
            examples=list(examples), seed=seed, threshold=threshold,
        )  # fmt: skip
