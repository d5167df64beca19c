"""What a trained classifier says about each image of a test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .. import no_grad
from ..nn import functional as F


@dataclass(frozen=True)
class Predictions:
    """Arrays `[N]`, an entry per image.

    Attributes:
        labels: the class it is.
        predicted: the class with the highest probability.
        confidence: that probability, from 0 to 1.
    """

    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray


def predict(model: Any, loader: Any) -> Predictions:
    """Predict each image of a loader of (inputs, labels), in its order and in evaluation mode.

    The model is in the mode it was in before, afterwards.

    Raises:
        ValueError: a loader without batches.
    """
    was_training = model.training
    model.eval()
    parts = []
    try:
        with no_grad():
            for inputs, labels in loader:
                share = F.softmax(model(inputs), dim=1).numpy()
                parts.append(Predictions(labels.numpy(), share.argmax(1), share.max(1)))
    finally:
        model.train(was_training)
    if not parts:
        raise ValueError("predict: loader: expected at least one batch, got none")
    return join(parts)


def join(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several test sets, one after the other."""
    return Predictions(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Predictions))
    )
