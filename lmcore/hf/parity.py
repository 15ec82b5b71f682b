"""The same batch through ``transformers`` and through lmcore: how far apart are they?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lmcore.encoders import Discriminator, MaskedLM, SequenceClassifier, SpanExtractor
from lmcore.hf.files import CONFIG, find_folder, read_json
from lmcore.hf.load import load_hf
from lmcore.hf.names import from_theirs
from lmcore.hf.wiring import family_of
from lmcore.model import Transformer
from lmcore.models import CausalClassifier, CausalLM

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Parity:
    """The largest differences over all batches; ``gradient_of`` names the worst parameter.

    A difference is absolute, or in units of the largest value of the reference where that
    exceeds 1: fp32 rounds a logit of 20 twenty times as coarsely as one of 1.
    """

    logits: float
    loss: float
    gradient: float
    gradient_of: str

    @property
    def holds(self) -> bool:
        """Whether nothing differs by more than the tolerance of 1e-5."""
        return max(self.logits, self.loss, self.gradient) <= TOLERANCE


def parity(
    folder_or_name: str | Path, *, revision: str | None = None, batches: int = 3, seed: int = 0
) -> Parity:
    """Compare logits, loss and every parameter's gradient on random right-padded batches.

    Needs ``transformers``. Raises ValueError, in one line, for what ``load_hf`` refuses.
    """
    try:
        import transformers
    except ImportError:
        raise ValueError("parity needs transformers: pip install transformers") from None
    folder = find_folder(folder_or_name, revision)
    ours = load_hf(folder)
    theirs_config = read_json(folder / CONFIG)
    family, heads = family_of(theirs_config)
    cls = getattr(transformers, theirs_config["architectures"][0])
    try:
        reference = cls.from_pretrained(folder, dtype=torch.float32).eval()
    except Exception as error:  # of many kinds; what lmcore loads may be too odd for it
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{folder}: transformers does not load it: {reason}") from None
    pad = theirs_config.get("pad_token_id") or 0
    reference.config.pad_token_id = pad
    generator = torch.Generator().manual_seed(seed)
    worst = Parity(0.0, 0.0, 0.0, "")
    for _ in range(batches):
        batch = draw_batch(ours, generator, pad)
        ours.zero_grad()
        reference.zero_grad()
        logits, loss = run_ours(ours, batch)
        expected, expected_loss = run_theirs(reference, ours, batch)
        loss.backward()
        expected_loss.backward()
        shapes = {name: parameter.shape for name, parameter in ours.named_parameters()}
        gradients = {name: _grad(parameter) for name, parameter in reference.named_parameters()}
        converted = from_theirs(family, ours.config, heads, shapes, gradients)
        if isinstance(ours, SpanExtractor):  # the one loss that looks at padding
            _grad(ours.transformer.embeddings.token.weight)[pad] = 0.0
        differences = {
            name: distance(_grad(parameter), converted[name])
            for name, parameter in ours.named_parameters()
        }
        name = max(differences, key=differences.get)
        worst = Parity(
            max(worst.logits, distance(logits, expected)),
            max(worst.loss, distance(loss, expected_loss)),
            *max((worst.gradient, worst.gradient_of), (differences[name], name)),
        )
    return worst


def distance(a: Tensor, b: Tensor) -> float:
    """The largest difference of ``a`` from the reference ``b``, in units of b's largest value
    where that exceeds 1; infinite where either is no number."""
    largest = ((a - b).abs().max() / b.abs().max().clamp(min=1)).item() if a.numel() else 0.0
    return largest if math.isfinite(largest) else math.inf


def draw_batch(model: nn.Module, generator: torch.Generator, pad: int) -> dict[str, Tensor]:
    """Random ids, right-padded to different lengths, with segments and labels for any head."""
    config = model.config
    rows, length = 3, min(config.context_length, 24)
    lengths = torch.randint(2, length + 1, (rows,), generator=generator)
    lengths[0] = length
    real = torch.arange(length)[None] < lengths[:, None]  # (B, T)
    # transformers gives the padding row no gradient, so no real token may be that one
    ids = torch.randint(config.vocab_size - 1, (rows, length), generator=generator)
    ids += ids >= pad
    batch = {"input_ids": ids.masked_fill(~real, pad), "attention_mask": real}
    if config.num_segments:
        second = torch.arange(length)[None] >= lengths[:, None] // 2
        batch["segment_ids"] = (second & real).long() % config.num_segments
    positions = real.flatten().nonzero().flatten()
    chosen = positions[torch.randperm(len(positions), generator=generator)]
    batch["masked_positions"] = chosen[: max(len(chosen) // 4, 1)].sort().values
    batch["masked_ids"] = torch.randint(
        1, config.vocab_size, batch["masked_positions"].shape, generator=generator
    )
    batch["pair_labels"] = torch.randint(2, (rows,), generator=generator)
    labels = getattr(getattr(model, "classify", None), "out_features", 2)
    batch["labels"] = torch.randint(labels, (rows,), generator=generator)
    batch["replaced"] = torch.randint(2, (rows, length), generator=generator)
    batch["starts"] = torch.zeros(rows, dtype=torch.long)
    batch["ends"] = lengths - 1
    return batch


def run_ours(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Logits at real positions, flattened, and the loss."""
    real = batch["attention_mask"]
    if isinstance(model, Transformer):
        hidden = model(
            batch["input_ids"], attention_mask=real, segment_ids=batch.get("segment_ids")
        )
        pooled = [model.pool(hidden)] if model.pooler is not None else []
        logits = torch.cat([part.flatten() for part in (hidden[real], *pooled)])
        return logits, logits.square().mean()
    if isinstance(model, CausalLM):
        logits = model(batch["input_ids"], attention_mask=real)[real].flatten()
        return logits, model.loss(batch)
    if isinstance(model, CausalClassifier):
        model.auxiliary_weight = 0.0  # the reference has none
        logits = model(batch).flatten()
        return logits, model.loss(batch)
    if isinstance(model, MaskedLM) and model.pair is not None:
        hidden = model.hidden(batch)
        parts = (model.project(hidden[real]), model.pair_logits(hidden))
        return torch.cat([part.flatten() for part in parts]), model.loss(batch)
    if isinstance(model, SpanExtractor):  # (B, 2, T): both scores at each real position
        return model(batch).transpose(1, 2)[real].flatten(), model.loss(batch)
    logits = model(batch)
    if isinstance(model, MaskedLM | Discriminator):
        logits = logits[real]
    return logits.flatten(), model.loss(batch)


def run_theirs(
    reference: nn.Module, ours: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """The same two of the reference."""
    real = batch["attention_mask"]
    inputs = {"input_ids": batch["input_ids"], "attention_mask": real.long()}
    if "segment_ids" in batch:
        inputs["token_type_ids"] = batch["segment_ids"]
    if isinstance(ours, Transformer):
        output = reference(**inputs)
        parts = [output.last_hidden_state[real]]
        if ours.pooler is not None:
            parts.append(output.pooler_output)
        logits = torch.cat([part.flatten() for part in parts])
        return logits, logits.square().mean()
    if isinstance(ours, CausalLM):
        output = reference(**inputs, labels=batch["input_ids"].masked_fill(~real, -100))
        return output.logits[real].flatten(), output.loss
    if isinstance(ours, CausalClassifier | SequenceClassifier):
        output = reference(**inputs, labels=batch["labels"])
        return output.logits.flatten(), output.loss
    if isinstance(ours, Discriminator):
        output = reference(**inputs, labels=batch["replaced"])
        return output.logits[real].flatten(), output.loss
    if isinstance(ours, SpanExtractor):
        output = reference(**inputs, start_positions=batch["starts"], end_positions=batch["ends"])
        scores = torch.stack([output.start_logits, output.end_logits], -1)
        return scores[real].flatten(), output.loss
    labels = torch.full_like(batch["input_ids"], -100).flatten()
    labels[batch["masked_positions"]] = batch["masked_ids"]
    labels = labels.view_as(batch["input_ids"])
    if ours.pair is None:
        output = reference(**inputs, labels=labels)
        return output.logits[real].flatten(), output.loss
    named = {"bert": "next_sentence_label", "albert": "sentence_order_label"}
    pair = {named[reference.config.model_type]: batch["pair_labels"]}
    output = reference(**inputs, labels=labels, **pair)
    second = getattr(output, "seq_relationship_logits", None)
    second = output.sop_logits if second is None else second
    return torch.cat([output.prediction_logits[real].flatten(), second.flatten()]), output.loss


def _grad(parameter: nn.Parameter) -> Tensor:
    return parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
