"""A training run that lives in a folder: killed at any moment, it goes on where it was."""

from lmcore.run.plan import Run
from lmcore.run.training import train_in_folder

__all__ = ["Run", "train_in_folder"]
