"""The trade: size, time and quality of bert-mini, its students, and the same sizes from scratch.

``--train`` pre-trains both students' sizes from scratch (left to right first, then masks, as
bert-mini) into runs/light-trade, each in about the CPU seconds of its distilled twin, or more.
Then, without an argument or with the names of some models:

- light_trade.csv: word order, 1,000 labels, 200 steps of fine-tuning, five seeds; a row a run as
  it comes. In DistilBERT's "second distillation" (section 4) a fine-tuned bert-mini teaches, on
  4,000 texts without labels. The student's int8 and bf16 forms are its own classifiers, converted.
  The TinyBERT-style student stands in tinybert_ablation.csv, "map: bottom". albert-mini, for the
  book's closing plot, is fine-tuned like the rest, at the rate that ``--rates`` found best on
  validation data with another seed (light_trade_rates.csv).
- light_trade_costs.csv, by ``--costs``: parameters, bytes, CPU milliseconds of one text and of 32
  (64 tokens, one thread, all models in turn, medians), masked-token loss and accuracy on test
  articles.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from lmcore import (
    CausalLM,
    MaskedLM,
    Recipe,
    SequenceClassifier,
    count_parameters,
    load_checkpoint,
    preset,
    save_checkpoint,
    train,
)  # fmt: skip
from lmcore.checkpoint import shipped_checkpoint
from lmcore.distill import PredictionLoss
from lmcore.measure import accuracy, masked_scores

sys.path.insert(0, str(Path(__file__).parent))
from bert_plateau import load_text
from rows import write_row
from tinybert_ablation import Study

HERE = Path(__file__)
RUNS = HERE.parents[2] / "runs" / "light-trade"
TEACHER, DISTIL, TINY, ALBERT = "bert-mini", "distilbert-mini", "tinybert-mini", "albert-mini"
SCRATCH = {f"{name}, from scratch": name for name in (DISTIL, TINY)}
STEPS = {f"{DISTIL}, from scratch": 3000, f"{TINY}, from scratch": 1000}
RATES = {TEACHER: 1e-3, ALBERT: 1e-3}  # of fine-tuning; 2e-3, not tuned, for the smaller ones
PRECISIONS = ("fp32", "int8", "bf16")


def pretrain(name: str) -> None:
    """A twin that never met a teacher, 32 texts of 64 tokens a step."""
    if (RUNS / name / "config.json").exists():
        return
    pairs, masking = load_text("train")
    torch.manual_seed(0)
    begin, recipe = time.process_time(), Recipe(
        learning_rate=4e-3, warmup=0.03, hold=0.37, decay="linear", betas=(0.9, 0.98)
    )  # fmt: skip
    model = MaskedLM(preset(SCRATCH[name]))
    first = CausalLM(model.config.replace(causal=True, pooler=False))
    start = Recipe(learning_rate=4e-3, warmup=0.1, hold=0.9, optimizer="muon")
    train(first, pairs.batches(16, 1, None, pairs=False), steps=400, recipe=start, device="cpu")
    model.transformer.load_state_dict(first.transformer.state_dict(), strict=False)
    batches = pairs.batches(32, 0, masking.replace(rate=0.3), pairs=False)
    train(model, batches, steps=STEPS[name], recipe=recipe, device="cpu")
    save_checkpoint(model, RUNS / name)
    print(f"{name}: {time.process_time() - begin:.0f} CPU seconds", flush=True)


def pretrained(name: str) -> nn.Module:
    """A checkpoint, shipped or of ``pretrain``; the TinyBERT-style student, of which only size and
    time are asked here, has fresh weights."""
    if name == TINY:
        return MaskedLM(preset(TINY)).eval()
    own = RUNS / name
    return load_checkpoint(own if own.exists() else shipped_checkpoint(name))


def classifier(name: str, seed: int) -> SequenceClassifier:
    """A fresh head on a pre-trained trunk."""
    trunk = pretrained(name).transformer
    torch.manual_seed(seed)
    summary = "pooler" if trunk.config.pooler else "relu"
    model = SequenceClassifier(trunk.config, 2, summary)
    model.transformer.load_state_dict(trunk.state_dict())
    return model


def finetune(study: Study, name: str, taught: bool, seed: int, rate: float) -> SequenceClassifier:
    """200 steps of 16 texts on labels, or on the fine-tuned teacher's answers."""
    model = classifier(name, seed)
    if not taught:
        study.train(model, study.labeled.batches(16, seed), 200, rate)
        return model.eval()
    soft = PredictionLoss(model, study.teacher)
    study.train(soft, study.unlabeled.batches(16, seed), 200, rate)
    return model.eval()


def converted(model: nn.Module, precision: str) -> nn.Module:
    """A copy in int8 (torch's dynamic quantization of linear layers) or bf16."""
    model = copy.deepcopy(model)
    if precision == "bf16":
        return model.bfloat16()
    if precision == "int8":
        with warnings.catch_warnings():  # its successor, torchao, is a package of its own
            warnings.simplefilter("ignore")
            return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    return model


def size_in_bytes(model: nn.Module) -> int:
    """What a file of the weights takes; an int8 matrix has a scale and a zero point."""
    plain = {n: t.contiguous() for n, t in model.state_dict().items() if torch.is_tensor(t)}
    quantized = [m for m in model.modules() if hasattr(m, "weight") and callable(m.weight)]
    whole = {n: t for n, t in plain.items() if not t.is_quantized and t.ndim}
    return len(save(whole)) + sum(
        m.weight().numel() + 8 + 4 * m.bias().numel() for m in quantized
    )  # fmt: skip


@torch.no_grad()
def milliseconds(models: dict[str, nn.Module], size: int, rounds: int) -> dict[str, float]:
    """CPU time of a forward pass, the models in turn, medians."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 2048, (size, 64), generator=generator)
    seen: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            begin = time.process_time()
            model({"input_ids": ids})
            seen[name].append(1000 * (time.process_time() - begin))
    return {name: round(statistics.median(times), 2) for name, times in seen.items()}


def measure_costs() -> None:
    """Size, time, and masked tokens where there is a head for them."""
    pairs, masking = load_text("test")
    looks = pairs.batches(64, 0, masking, pairs=False)
    names = [TEACHER, DISTIL, *SCRATCH, TINY]
    classifiers = {name: classifier(name, 0).eval() for name in names}
    forms = {name: (name, "fp32") for name in names}
    forms |= {f"{DISTIL}, {precision}": (DISTIL, precision) for precision in PRECISIONS[1:]}
    models = {form: converted(classifiers[name], p) for form, (name, p) in forms.items()}
    one, many = milliseconds(models, 1, 60), milliseconds(models, 32, 20)
    for form, (name, precision) in forms.items():
        body = pretrained(name)
        row = {
            "parameters": count_parameters(classifiers[name]),
            "bytes": size_in_bytes(models[form]), "ms_1": one[form], "ms_32": many[form],
            "masked_loss": "", "masked_accuracy": "",
        }  # fmt: skip
        if isinstance(body, MaskedLM) and name != TINY:  # whose head nothing has trained
            scores = masked_scores(converted(body, precision), (looks[i] for i in range(16)))
            row |= {"masked_loss": round(scores.loss, 4)}
            row |= {"masked_accuracy": round(scores.accuracy, 4)}
        write_row(HERE.with_name("light_trade_costs.csv"), {"model": form}, partial(dict, row))


def choose_rate() -> None:
    """Validation accuracy of albert-mini by rate of fine-tuning."""
    study = Study("validation")
    for rate in (5e-4, 1e-3, 2e-3, 4e-3):
        write_row(
            HERE.with_name("light_trade_rates.csv"), {"model": ALBERT, "rate": rate},
            lambda rate=rate: {
                "accuracy": accuracy(finetune(study, ALBERT, False, 100, rate), study.examined)
            },
        )  # fmt: skip


def main() -> None:
    """Train what is missing, or measure."""
    torch.set_num_threads(1)
    if "--rates" in sys.argv:
        choose_rate()
        return
    if "--train" in sys.argv:
        for name in STEPS:
            pretrain(name)
        return
    if "--costs" in sys.argv:
        measure_costs()
        return
    study, table = Study(), HERE.with_suffix(".csv")
    taught = {f"{DISTIL}, taught the task": DISTIL}
    plain = {name: name for name in (TEACHER, DISTIL, *SCRATCH, ALBERT)}
    models = plain | taught
    for seed, label in product(range(5), sys.argv[1:] or models):
        name, key = models[label], {"model": label, "seed": seed}
        model = None

        def measure(label: str = label, name: str = name, seed: int = seed) -> dict:
            nonlocal model
            model = finetune(study, name, label in taught, seed, RATES.get(name, 2e-3))
            return {"accuracy": round(accuracy(model, study.examined), 4)}

        write_row(table, key, measure)
        if label == DISTIL and model is not None:
            for precision in PRECISIONS[1:]:
                score = accuracy(converted(model, precision), study.examined)
                row = {"accuracy": round(score, 4)}
                write_row(
                    table, {"model": f"{DISTIL}, {precision}", "seed": seed}, partial(dict, row)
                )


if __name__ == "__main__":
    main()
