"""The loop learns, repeats itself, stops when asked, and refuses a loss that is no number."""

import itertools
import math

import pytest
import torch

from lmcore import CausalLM, Config, PackedText, Recipe, train
from lmcore.train import build_optimizer, train_step

CONFIG = Config(
    vocab_size=20, context_length=8, hidden_size=16, num_layers=2, num_heads=2, causal=True
)
RECIPE = Recipe(learning_rate=1e-2)


def model():
    torch.manual_seed(0)
    return CausalLM(CONFIG)


def batches(seed=0):
    pattern = torch.arange(20).repeat(20)  # what comes next is certain: nothing but counting
    return PackedText(pattern, length=8).batches(size=8, seed=seed)


class Watcher:
    """A monitor that notes what it is told and asks to stop at a step."""

    def __init__(self, stop_at=None):
        self.stop_at, self.updates, self.validations, self.finished = stop_at, [], [], None
        self.stop_requested = False

    def update(self, step, loss, tokens_per_second, seconds_left):
        self.updates.append((step, loss, tokens_per_second, seconds_left))
        self.stop_requested = self.stop_at is not None and step >= self.stop_at

    def validate(self, step, loss):
        self.validations.append((step, loss))

    def finish(self, stopped):
        self.finished = stopped


def test_training_learns_to_count():
    history = train(model(), batches(), steps=150, recipe=RECIPE, device="cpu")
    assert history.losses[0] == pytest.approx(math.log(20), abs=0.3)  # an untrained guess
    assert history.losses[-1] < 0.1
    assert history.tokens == 150 * 8 * 9


def test_the_same_seed_gives_the_same_run():
    first, second = (
        train(model(), batches(), steps=12, recipe=RECIPE, device="cpu").losses for _ in range(2)
    )
    assert first == second
    assert train(model(), batches(1), steps=12, recipe=RECIPE, device="cpu").losses != first


def test_a_monitor_sees_the_run_and_can_stop_it():
    watcher, trained = Watcher(stop_at=20), model()
    history = train(
        trained, batches(), steps=100, recipe=RECIPE, device="cpu", monitor=watcher,
        evaluate=lambda m: 1.5, evaluate_every=5,
    )  # fmt: skip
    assert history.stopped
    assert watcher.finished is True
    assert len(history.losses) == 20
    assert [step for step, *_ in watcher.updates] == [10, 20]
    assert watcher.validations == history.validation == [(5, 1.5), (10, 1.5), (15, 1.5), (20, 1.5)]
    assert trained.loss(batches()[0]).item() < history.losses[0]  # what was learned is kept


def test_ctrl_c_keeps_what_was_learned():
    class Interrupting:
        def __getitem__(self, step):
            if step == 7:
                raise KeyboardInterrupt
            return batches()[step]

    history = train(model(), Interrupting(), steps=50, recipe=RECIPE, device="cpu")
    assert history.stopped
    assert len(history.losses) == 7


def test_a_loss_that_is_no_number_stops_with_its_step():
    broken = model()
    with torch.no_grad():
        broken.transformer.embeddings.token.weight[3] = float("nan")
    with pytest.raises(FloatingPointError, match="the loss became nan at step 0"):
        train(broken, batches(), steps=30, recipe=RECIPE, device="cpu")


def test_no_steps_is_refused():
    with pytest.raises(ValueError, match="steps 0 is not allowed"):
        train(model(), batches(), steps=0, recipe=RECIPE)


def test_warm_up_rises_from_above_zero_to_the_peak_then_falls():
    recipe = Recipe(learning_rate=1.0, warmup=0.1, floor=0.1)
    rates = [recipe.rate(step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert rates[55] == pytest.approx(0.55)  # the cosine's middle, between peak and floor
    assert rates[99] == pytest.approx(0.1, abs=1e-3)
    linear = recipe.replace(decay="linear", floor=0.0)
    assert linear.rate(55, 100) == pytest.approx(0.5)


def test_weight_decay_spares_biases_and_norms():
    decaying, sparing = build_optimizer(model(), RECIPE).param_groups
    assert all(p.ndim >= 2 for p in decaying["params"])
    assert all(p.ndim < 2 for p in sparing["params"])
    assert (decaying["weight_decay"], sparing["weight_decay"]) == (RECIPE.weight_decay, 0.0)
    counted = sum(p.numel() for group in (decaying, sparing) for p in group["params"])
    assert counted == sum(p.numel() for p in model().parameters())


def test_the_gradient_is_clipped():
    clipped, recipe = model(), RECIPE.replace(clip=1e-3)
    train_step(clipped, build_optimizer(clipped, recipe), batches()[0], recipe, 1e-2)
    norm = torch.stack([p.grad.norm() for p in clipped.parameters()]).norm().item()
    assert norm == pytest.approx(1e-3, rel=1e-3)


def test_the_loop_takes_its_steps_in_the_precision_asked_for():
    half = train(model(), batches(), steps=5, recipe=RECIPE, device="cpu", dtype=torch.bfloat16)
    by_hand = model()
    optimizer = build_optimizer(by_hand, RECIPE)
    losses = [
        train_step(
            by_hand, optimizer, batches()[step], RECIPE, RECIPE.rate(step, 5), torch.bfloat16
        ).item()
        for step in range(5)
    ]
    assert half.losses == losses
    assert losses != train(model(), batches(), steps=5, recipe=RECIPE, device="cpu").losses


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_runs_in_bf16_on_a_gpu():
    history = train(model(), batches(), steps=150, recipe=RECIPE, device="cuda")
    assert history.losses[-1] < 0.2
