"""Nothing of a model stays behind on another device or in another precision."""

import pytest
import torch
from every_model import MODELS, logits_of, make_batch

from lmcore import CausalLM, Electra, MaskedLM, Recipe, preset
from lmcore.train import build_optimizer, train_step

# bf16 keeps 8 bits of a number: three layers of it and a softmax stay within these.
LOGITS_WITHIN, LOSS_WITHIN, GRADIENT_WITHIN = 0.1, 0.02, 0.1


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_forward_loss_backward_and_a_step_on_meta(name, optimizer):
    """The meta device has no data, so a stray CPU tensor inside a model raises."""
    batch = {key: tensor.to("meta") for key, tensor in make_batch().items()}
    with torch.device("meta"):
        model = MODELS[name]()
    assert logits_of(model, batch).is_meta
    recipe = Recipe(learning_rate=1e-3, optimizer=optimizer)
    loss = train_step(model, build_optimizer(model, recipe), batch, recipe, 1e-3)
    assert loss.is_meta
    assert loss.shape == ()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", MODELS)
def test_bf16_autocast_stays_near_fp32(name):
    torch.manual_seed(0)
    model, batch = MODELS[name]().eval(), make_batch()
    torch.manual_seed(1)  # ELECTRA's loss draws tokens: the same ones both times
    logits, loss = logits_of(model, batch), model.loss(batch)
    loss.backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16):
        half_logits, half_loss = logits_of(model, batch), model.loss(batch)
    half_loss.backward()
    scale = logits.abs().max()
    assert (half_logits.float() - logits).abs().max() < LOGITS_WITHIN * scale
    assert abs(half_loss.item() - loss.item()) < LOSS_WITHIN * loss.item()
    largest = max(g.abs().max() for g in gradients.values())
    for parameter_name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        if parameter.grad is not None:
            difference = (parameter.grad - gradients[parameter_name]).abs().max()
            assert difference < GRADIENT_WITHIN * largest, parameter_name


@pytest.mark.parametrize("name", MODELS)
def test_eval_mode_has_no_dropout_left(name):
    torch.manual_seed(0)
    model, batch = MODELS[name](), make_batch()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.5
    model.train()
    assert not torch.equal(logits_of(model, batch), logits_of(model, batch))
    model.eval()
    assert torch.equal(logits_of(model, batch), logits_of(model, batch))


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("gpt-small", CausalLM),
        ("bert-small", lambda config: MaskedLM(config, pair_head=True)),
        ("albert-small", lambda config: MaskedLM(config, pair_head=True)),
        ("electra-small", lambda config: Electra(config, preset("electra-small-generator"))),
    ],
)
def test_the_size_for_a_gpu_takes_a_chapters_step(name, build):
    """The chapters' cells with another preset: bf16, one step, on whatever device there is."""
    torch.manual_seed(0)
    model = build(preset(name))
    batch = make_batch()
    recipe = Recipe(learning_rate=1e-4)
    (matrix, *_) = (p for name, p in model.named_parameters() if name.endswith("qkv.weight"))
    before = matrix.clone()
    loss = train_step(
        model, build_optimizer(model, recipe), batch, recipe, 1e-4, dtype=torch.bfloat16
    )
    assert torch.isfinite(loss)
    assert not torch.equal(before, matrix)
