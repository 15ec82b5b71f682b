"""Every family and head computes what ``transformers`` computes, and goes there and back."""

import pytest
import torch
import transformers
from checkpoints import CHECKPOINTS, make_checkpoint

from lmcore.hf import export_hf, load_hf, parity


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_logits_loss_and_every_gradient_are_equal(name, tmp_path):
    make_checkpoint(tmp_path, name)
    found = parity(tmp_path)
    assert found.holds, found


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_export_gives_the_checkpoint_back(name, tmp_path):
    reference = make_checkpoint(tmp_path / "theirs", name)
    architecture = export_hf(load_hf(tmp_path / "theirs"), tmp_path / "back")
    again = getattr(transformers, architecture).from_pretrained(tmp_path / "back").eval()
    assert type(again) is type(reference)
    ids = torch.randint(1, 37, (2, 5))
    torch.testing.assert_close(again(ids)[0], reference(ids)[0], atol=1e-6, rtol=0)
