"""Checkpoints of ``transformers``: load them, write them, and compare with them."""

from lmcore.hf.load import export_hf, load_hf
from lmcore.hf.parity import Parity, parity

__all__ = ["Parity", "export_hf", "load_hf", "parity"]
