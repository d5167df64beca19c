"""Training: the epoch loop, learning-rate schedules, checkpoints, histories and their pictures."""

from __future__ import annotations

from .checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from .history import EpochRecord, save_history
from .loop import evaluate, fit
from .plots import plot_history
from .schedule import constant, cosine, linear

__all__ = [
    "CheckpointError",
    "EpochRecord",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "linear",
    "load_checkpoint",
    "plot_history",
    "save_checkpoint",
    "save_history",
]
