"""Training: the epoch loop, learning-rate schedules, checkpoints, histories and their pictures."""

from __future__ import annotations

from .checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from .confusion import confusion_matrix, plot_confusion
from .history import EpochRecord, save_history
from .loop import evaluate, fit
from .mistakes import plot_mistakes, worst_mistakes
from .plots import plot_history
from .predictions import Predictions, predict
from .schedule import constant, cosine, linear

__all__ = [
    "CheckpointError",
    "EpochRecord",
    "Predictions",
    "confusion_matrix",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "linear",
    "load_checkpoint",
    "plot_confusion",
    "plot_history",
    "plot_mistakes",
    "predict",
    "save_checkpoint",
    "save_history",
    "worst_mistakes",
]
