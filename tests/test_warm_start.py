"""A masked model's first steps, left to right: its own weights, and no look at the future."""

import torch

from lmcore import MaskedLM, Recipe, preset, train
from lmcore.objectives import Batches
from lmcore.warm_start import LeftToRight

CONFIG = preset("albert-mini").replace(
    vocab_size=40, context_length=12, hidden_size=32, feed_forward_size=64, embedding_size=8
)
IDS = torch.randint(5, 40, (4, 12), generator=torch.Generator().manual_seed(0))


def made():
    torch.manual_seed(0)
    model = MaskedLM(CONFIG)
    return model, LeftToRight(model)


def test_it_shares_every_weight_but_the_poolers_with_its_model():
    model, reader = made()
    shared = {id(p) for p in reader.parameters()}
    assert shared == {id(p) for p in model.parameters()}


def test_it_sees_no_future_and_its_model_does():
    model, reader = made()
    later = IDS.clone()
    later[:, 8:] = 7
    with torch.no_grad():
        torch.testing.assert_close(reader(IDS)[:, :8], reader(later)[:, :8])
        seen = model({"input_ids": IDS}), model({"input_ids": later})
    assert not torch.allclose(seen[0][:, :8], seen[1][:, :8], atol=1e-3)


def test_what_it_learns_its_model_has_learned():
    model, reader = made()
    batches = Batches(lambda generator: {"input_ids": IDS}, 0)
    before = [p.detach().clone() for p in model.transformer.blocks.parameters()]
    recipe = Recipe(learning_rate=5e-3)
    history = train(reader, batches, steps=100, recipe=recipe, device="cpu")
    assert history.losses[-1] < 0.5 * history.losses[0]
    after = list(model.transformer.blocks.parameters())
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_padding_counts_for_nothing():
    _, reader = made()
    real = torch.ones_like(IDS, dtype=torch.bool)
    real[:, 9:] = False
    padded = IDS.masked_fill(~real, 0)
    with torch.no_grad():
        losses = [
            reader.loss({"input_ids": ids, "attention_mask": real}).item() for ids in (IDS, padded)
        ]
        short = reader.loss({"input_ids": IDS[:, :9]}).item()
    assert abs(losses[0] - losses[1]) < 1e-5
    assert abs(losses[0] - short) < 1e-5
