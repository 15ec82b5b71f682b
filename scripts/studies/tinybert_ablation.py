"""TinyBERT's ablation at the book's size: which losses, which stage, which layer map?

The task is word order, at which bert-mini is good. Fine-tuned on 1,000 labels it teaches a
student of half its layers and half its width:

1. general stage, 400 steps of 16 pieces of Wikipedia articles, layer losses, pre-trained teacher;
2. task stage, the fine-tuned teacher on 4,000 texts whose labels nobody looks at (they stand in
   for TinyBERT's augmentation): 100 steps of layer losses, then 400 of soft predictions.

Each arm leaves something out, or maps layers otherwise. A loss is left out of both stages; what
would have answered in the last stage is replaced by the 1,000 labels where it goes. Two rivals
spend all 900 steps on the teacher's predictions, or on the labels. Every seed has a general stage
of its own, which the arms that share it share (runs/tinybert-ablation keeps them).

``--rates`` tries rates on validation data, with seeds of its own (tinybert_rates.csv; the full
course also with a general stage twice as long). The last stage must be long enough, and its rate
low enough: of 200 steps a student spends 100 to 150 at chance, and at a high rate all of them, so
that its score is a coin's. At 4e-3 the full course stays there; 2e-3 is better by .05 than 1e-3
where it works, but left the first other arm at chance that it was given to (no embedding, for all
400 steps). So every arm has 1e-3.

Writes tinybert_ablation.csv, a row a run as it comes: test accuracy. A run that is there already is
not run again. Arms may be named, to run only those.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from lmcore import (
    LabeledText,
    MaskedLM,
    Recipe,
    SequenceClassifier,
    Tokenizer,
    Trace,
    Transformer,
    load_checkpoint,
    preset,
    save_checkpoint,
    train,
)
from lmcore.checkpoint import shipped_checkpoint
from lmcore.data import Task, load_wikipedia, word_order_task
from lmcore.distill import TinyBERTLoss, layer_map, soft_target_loss
from lmcore.encoders import Encoder
from lmcore.measure import accuracy
from lmcore.objectives import Batch, PairPacking, SentencePairs

sys.path.insert(0, str(Path(__file__).parent))
from rows import write_row

HERE = Path(__file__)
RUNS = HERE.parents[2] / "runs" / "tinybert-ablation"
RATE_TABLE = HERE.with_name("tinybert_rates.csv")
GENERAL, LAYERS, PREDICTION, SIZE, LENGTH = 400, 100, 400, 16, 32
ALL_STEPS = GENERAL + LAYERS + PREDICTION
GENERAL_RATE, TASK_RATE = 4e-3, 1e-3
LABELED, UNLABELED = 1000, 4000


@dataclass(frozen=True)
class Arm:
    """What a student goes through; as it stands, the whole course."""

    layers: str = "uniform"  # the map
    losses: dict[str, bool] = field(default_factory=dict)  # of the layers, those left out
    general: bool = True
    imitate: bool = True  # the fine-tuned teacher's layers, in the task stage
    texts: str = "unlabeled"  # of the task stage
    answers: str = "teacher"  # or labels, in the last stage
    steps: int = PREDICTION


ARMS = {
    "full": Arm(),
    "no embedding": Arm(losses={"embedding": False}),
    "no attention": Arm(losses={"attention": False}),
    "no hidden states": Arm(losses={"hidden": False}),
    "no Transformer layers": Arm(losses={"hidden": False, "attention": False}),
    "no predictions": Arm(answers="labels"),
    "map: top": Arm("top"),
    "map: bottom": Arm("bottom"),
    "no general stage": Arm(general=False),
    "no task stage": Arm(imitate=False, answers="labels", steps=LAYERS + PREDICTION),
    "no layers in the task stage": Arm(imitate=False, steps=LAYERS + PREDICTION),
    "no unlabeled texts": Arm(texts="labeled"),
    "predictions only": Arm(general=False, imitate=False, steps=ALL_STEPS),
    "labels only": Arm(general=False, imitate=False, answers="labels", steps=ALL_STEPS),
}


@dataclass(frozen=True)
class Plan:
    """Rates of both stages, and steps of the first."""

    general_rate: float = GENERAL_RATE
    task_rate: float = TASK_RATE
    general_steps: int = GENERAL


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


class AskedOnce(nn.Module):
    """``PredictionLoss`` at less than half of its cost: the teacher was asked once for each text,
    and its logits (B, labels) stand in the batch where labels would."""

    def __init__(self, student: SequenceClassifier) -> None:
        super().__init__()
        self.student, self.config = student, student.config

    @staticmethod
    @torch.no_grad()
    def ask(teacher: SequenceClassifier, text: LabeledText) -> LabeledText:
        """The texts with the teacher's answers for labels."""
        answers = torch.cat([teacher(batch) for batch in text.in_order(64)])
        return LabeledText(text.inputs, answers.tolist(), text.packing)

    def loss(self, batch: Batch) -> Tensor:
        """KL divergence, mean over texts (TinyBERT, equation 10)."""
        return soft_target_loss(self.student(batch), batch["labels"], 1.0)


class Remembered(nn.Module):
    """A teacher that keeps its states and scores of the last batches: all arms of a seed see the
    same ones, one arm after another."""

    def __init__(self, teacher: Encoder) -> None:
        super().__init__()
        self.teacher, self.config = teacher, teacher.config
        self.seen: OrderedDict[bytes, Trace] = OrderedDict()

    def hidden(self, batch: Batch, trace: Trace) -> None:
        """Fill ``trace``, as ``Encoder.hidden`` does."""
        key = batch["input_ids"].numpy().tobytes()
        if key not in self.seen:
            self.seen[key] = Trace()
            self.teacher.hidden(batch, self.seen[key])
            if len(self.seen) > GENERAL + 2 * LAYERS:  # a seed's; about a gigabyte
                self.seen.popitem(last=False)
        trace.hidden, trace.scores = self.seen[key].hidden, self.seen[key].scores


class Study:
    """What all runs share: texts and teachers."""

    def __init__(self, split: str = "test") -> None:
        self.pairs = articles()
        self.examined = labeled(word_order_task(split, 400, 0))
        self.labeled = labeled(word_order_task("train", LABELED, 0))
        self.unlabeled = labeled(word_order_task("train", UNLABELED, 1))
        self.pretrained = Remembered(load_checkpoint(shipped_checkpoint("bert-mini")))
        self.teacher = fine_tuned_teacher()
        self.imitated = Remembered(self.teacher)
        texts = {"labeled": self.labeled, "unlabeled": self.unlabeled}
        self.answered = {name: AskedOnce.ask(self.teacher, text) for name, text in texts.items()}

    def general(self, arm: Arm, seed: int, plan: Plan) -> Transformer:
        """A trunk after the general stage; run where it was not yet."""
        place = RUNS / "-".join(
            [arm.layers, *arm.losses, f"{plan.general_rate:g}", str(plan.general_steps), str(seed)]
        )
        if not place.exists():
            torch.manual_seed(seed)
            student = MaskedLM(preset("tinybert-mini"))
            objective = TinyBERTLoss(
                student, self.pretrained, layer_map(arm.layers, 2, 4), **arm.losses
            )
            batches = self.pairs.batches(SIZE, seed, None, pairs=False)
            self.train(objective, batches, plan.general_steps, plan.general_rate)
            save_checkpoint(student, place)
        return load_checkpoint(place).transformer

    def student(self, arm: Arm, seed: int, plan: Plan) -> SequenceClassifier:
        """Behind the general stage, or fresh."""
        trunk = self.general(arm, seed, plan).state_dict() if arm.general else {}
        torch.manual_seed(seed)
        student = SequenceClassifier(preset("tinybert-mini"), 2)
        known = {name: t for name, t in trunk.items() if not name.startswith("pooler")}
        student.transformer.load_state_dict(known, strict=False)
        return student

    def train(self, objective: nn.Module, batches: object, steps: int, rate: float) -> None:
        """``steps`` with a schedule of their own."""
        train(objective, batches, steps=steps, recipe=recipe(rate), device="cpu")

    def run(self, name: str, seed: int, plan: Plan) -> dict:
        """Accuracy of one student."""
        arm, begin = ARMS[name], time.process_time()
        student = self.student(arm, seed, plan)
        if arm.imitate:
            texts = self.labeled if arm.texts == "labeled" else self.unlabeled
            layers = layer_map(arm.layers, 2, 4)
            imitate = TinyBERTLoss(student, self.imitated, layers, **arm.losses)
            self.train(imitate, texts.batches(SIZE, seed), LAYERS, plan.task_rate)
        if arm.answers == "labels":
            objective, texts = student, self.labeled
        else:
            objective, texts = AskedOnce(student), self.answered[arm.texts]
        self.train(objective, texts.batches(SIZE, seed + 1000), arm.steps, plan.task_rate)
        return {
            "cpu_seconds": round(time.process_time() - begin, 1),
            "accuracy": round(accuracy(student.eval(), self.examined), 4),
        }  # fmt: skip


def try_rates(study: Study) -> None:
    """The general stage's rate, then the task stage's, by two seeds where it is close; for rivals,
    the latter alone."""

    def attempt(name: str, plan: Plan, seed: int = 100) -> None:
        key = {"arm": name, **vars(plan), "seed": seed}
        write_row(RATE_TABLE, key, partial(study.run, name, seed, plan))

    for rate in (2e-3, 4e-3, 8e-3, 1.6e-2):
        attempt("full", Plan(rate, 2e-3))
    for rate in (5e-4, 1e-3, 4e-3):
        attempt("full", Plan(GENERAL_RATE, rate))
    for rate in (1e-3, 2e-3):
        attempt("full", Plan(GENERAL_RATE, rate), 101)
    attempt("full", Plan(GENERAL_RATE, 2e-3, 2 * GENERAL))
    for name, rate in product(("predictions only", "labels only"), (5e-4, 1e-3, 2e-3)):
        attempt(name, Plan(0.0, rate))
    attempt("predictions only", Plan(0.0, 4e-3))


def main() -> None:
    """Try rates, or run the study, seed by seed."""
    torch.set_num_threads(1)
    if "--rates" in sys.argv:
        try_rates(Study("validation"))
        return
    study, table = Study(), HERE.with_suffix(".csv")
    right: Callable[[], dict] = lambda: {  # noqa: E731
        "cpu_seconds": "", "accuracy": round(accuracy(study.teacher, study.examined), 4)
    }  # fmt: skip
    write_row(table, {"arm": "teacher", "seed": 0}, right)
    for seed, arm in product(range(5), sys.argv[1:] or ARMS):
        write_row(table, {"arm": arm, "seed": seed}, partial(study.run, arm, seed, Plan()))


if __name__ == "__main__":
    main()
