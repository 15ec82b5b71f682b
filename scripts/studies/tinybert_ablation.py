"""TinyBERT's ablation at the book's size: which layers' losses, which stage, which layer map?

The task is word order, at which bert-mini is good. Fine-tuned on 1,000 labels it teaches a
student of half its layers and half its width:

1. general stage, 400 steps of 16 pieces of Wikipedia articles, layer losses, pre-trained teacher;
2. task stage, the fine-tuned teacher on 4,000 texts whose labels nobody looks at (they stand in
   for TinyBERT's augmentation): 100 steps of layer losses, then 200 of soft predictions.

Each arm leaves something out, of both stages, or maps layers otherwise; "prediction only" spends
all 700 steps on the fine-tuned teacher's predictions and wastes none. The general stage is run
once for each set of losses and map (runs/tinybert-ablation keeps it), so the five seeds vary the
task stage alone: head, texts, order. Writes tinybert_ablation.csv, a row a run as it comes: test
accuracy. A run that is there already is not run again.
Arms may be named, to run some of them beside others. The two rates
are the first that were tried on validation data, and not tuned for any arm.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from itertools import product
from pathlib import Path

import torch

from lmcore import (
    LabeledText,
    MaskedLM,
    Recipe,
    SequenceClassifier,
    Tokenizer,
    Transformer,
    load_checkpoint,
    preset,
    save_checkpoint,
    train,
)
from lmcore.checkpoint import shipped_checkpoint
from lmcore.data import Task, load_wikipedia, word_order_task
from lmcore.distill import PredictionLoss, TinyBERTLoss, layer_map
from lmcore.measure import accuracy
from lmcore.objectives import PairPacking, SentencePairs

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

HERE = Path(__file__)
RUNS = HERE.parents[2] / "runs" / "tinybert-ablation"
GENERAL, LAYERS, PREDICTION, SIZE, LENGTH = 400, 100, 200, 16, 32
LABELED, UNLABELED = 1000, 4000
NO_LAYERS = {"hidden": False, "attention": False}
# map, layer losses that take part, and what replaces the usual course of three stages
ARMS: dict[str, tuple[str, dict, str]] = {
    "full": ("uniform", {}, "all stages"),
    "no embedding": ("uniform", {"embedding": False}, "all stages"),
    "no attention": ("uniform", {"attention": False}, "all stages"),
    "no hidden states": ("uniform", {"hidden": False}, "all stages"),
    "no Transformer layers": ("uniform", NO_LAYERS, "all stages"),
    "map: top": ("top", {}, "all stages"),
    "map: bottom": ("bottom", {}, "all stages"),
    "no general stage": ("uniform", {}, "no general stage"),
    "prediction only": ("uniform", {}, "prediction only"),
    "labels only": ("uniform", {}, "labels only"),
}
GENERAL_RATE, TASK_RATE = 4e-3, 2e-3


def recipe(rate: float) -> Recipe:
    """The same at every stage but for the rate."""
    return Recipe(learning_rate=rate, warmup=0.1, decay="linear", betas=(0.9, 0.98))


def labeled(task: Task) -> LabeledText:
    """The task's texts, packed as BERT reads them."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 64)
    inputs = [packing(tokenizer.encode(e.text)) for e in task.examples]
    return LabeledText(inputs, [e.label for e in task.examples], packing)


def articles() -> SentencePairs:
    """The training articles in pieces as long as the task's sentences."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), LENGTH)
    return SentencePairs.encode((d.sentences for d in load_wikipedia("train")), tokenizer, packing)


def fine_tuned_teacher() -> SequenceClassifier:
    """bert-mini after 400 steps on 1,000 labels, the same in every run."""
    place = RUNS / "teacher"
    if not place.exists():
        torch.manual_seed(0)
        teacher = SequenceClassifier(preset("bert-mini"), 2)
        trained = load_checkpoint(shipped_checkpoint("bert-mini"))
        teacher.transformer.load_state_dict(trained.transformer.state_dict())
        batches = labeled(word_order_task("train", LABELED, 0)).batches(SIZE, 0)
        train(teacher, batches, steps=400, recipe=recipe(1e-3), device="cpu")
        save_checkpoint(teacher, place)
    return load_checkpoint(place)


class Study:
    """What all runs share: texts and teachers."""

    def __init__(self, split: str = "test", taught: bool = True) -> None:
        self.pairs = articles()
        self.examined = labeled(word_order_task(split, 400, 0))
        self.labeled = labeled(word_order_task("train", LABELED, 0))
        self.unlabeled = labeled(word_order_task("train", UNLABELED, 1))
        self.pretrained = load_checkpoint(shipped_checkpoint("bert-mini"))
        self.teacher = fine_tuned_teacher() if taught else None

    def general(self, kind: str, losses: dict) -> Transformer:
        """A trunk after the general stage, by map and losses; run where it was not yet."""
        place = RUNS / "-".join([kind, *losses])
        if not place.exists():
            torch.manual_seed(0)
            student = MaskedLM(preset("tinybert-mini"))
            objective = TinyBERTLoss(student, self.pretrained, layer_map(kind, 2, 4), **losses)
            batches = self.pairs.batches(SIZE, 0, None, pairs=False)
            self.train(objective, batches, GENERAL, GENERAL_RATE)
            save_checkpoint(student, place)
        return load_checkpoint(place).transformer

    def student(self, kind: str, losses: dict, seed: int) -> SequenceClassifier:
        """Behind the general stage, or fresh for an empty ``kind``."""
        torch.manual_seed(seed)
        student = SequenceClassifier(preset("tinybert-mini"), 2)
        if kind:
            trunk = self.general(kind, losses).state_dict()
            known = {name: t for name, t in trunk.items() if not name.startswith("pooler")}
            student.transformer.load_state_dict(known, strict=False)
        return student

    def train(self, objective: torch.nn.Module, batches: object, steps: int, rate: float) -> None:
        """``steps`` with a schedule of their own."""
        train(objective, batches, steps=steps, recipe=recipe(rate), device="cpu")

    def run(self, arm: str, seed: int) -> dict:
        """Test accuracy of one student."""
        kind, losses, course = ARMS[arm]
        begin = time.process_time()
        alone = course in ("no general stage", "prediction only", "labels only")
        student = self.student("" if alone else kind, losses, seed)
        soft = PredictionLoss(student, self.teacher)
        if course == "labels only":
            batches = self.labeled.batches(SIZE, seed)
            self.train(student, batches, GENERAL + LAYERS + PREDICTION, TASK_RATE)
        elif course == "prediction only":
            batches = self.unlabeled.batches(SIZE, seed)
            self.train(soft, batches, GENERAL + LAYERS + PREDICTION, TASK_RATE)
        else:
            imitate = TinyBERTLoss(student, self.teacher, layer_map(kind, 2, 4), **losses)
            self.train(imitate, self.unlabeled.batches(SIZE, seed), LAYERS, TASK_RATE)
            self.train(soft, self.unlabeled.batches(SIZE, seed + 1000), PREDICTION, TASK_RATE)
        return {
            "cpu_seconds": round(time.process_time() - begin, 1),
            "accuracy": round(accuracy(student.eval(), self.examined), 4),
        }  # fmt: skip


def main() -> None:
    """The study, seed by seed."""
    torch.set_num_threads(1)
    study, table = Study(), HERE.with_suffix(".csv")
    teacher = accuracy(study.teacher, study.examined)
    write_row(
        table, {"arm": "teacher", "seed": 0},
        lambda: {"cpu_seconds": "", "accuracy": round(teacher, 4)},
    )  # fmt: skip
    for seed, arm in product(range(5), sys.argv[1:] or ARMS):
        write_row(table, {"arm": arm, "seed": seed}, partial(study.run, arm, seed))


if __name__ == "__main__":
    main()
