"""The epoch loop of a classifier."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from .. import no_grad
from ..nn import functional as F
from ..tensor import Tensor
from .history import EpochRecord
from .schedule import constant

Loss = Callable[[Tensor, Tensor], Tensor]


def fit(
    model: Any,
    train_loader: Any,
    test_loader: Any,
    optimizer: Any,
    *,
    epochs: int,
    loss: Loss = F.cross_entropy,
    schedule: Callable[[float], float] = constant,
    fold: int = 1,
    on_batch: Callable[[], None] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> list[EpochRecord]:
    """Train a classifier for a fixed number of epochs.

    The test data are evaluated after each epoch and never used for a choice.

    Args:
        model: maps inputs `[N, ...]` to logits `[N, classes]`.
        train_loader, test_loader: iterables of (inputs, labels int64 `[N]`), with a length.
        optimizer: each step runs at its learning rates times the schedule; they are as before
            when the training is over.
        epochs: how often to go through the training data.
        loss: (logits, labels) → the batch's mean loss, in training and in the test.
        schedule: share of the training done → factor on the learning rate.
        fold: the number that the records carry.
        on_batch, on_epoch: called after each batch and after each epoch.

    Returns:
        One record per epoch.

    Raises:
        ValueError: fewer than 1 epoch, or a loader without batches.
        FloatingPointError: the loss became infinite or NaN.
    """
    if epochs < 1:
        raise ValueError(f"fit: epochs: expected at least 1, got {epochs}")
    batches = len(train_loader)
    if batches == 0:
        raise ValueError("fit: train_loader: expected at least one batch, got none")
    groups = optimizer.param_groups
    base_rates = [group["lr"] for group in groups]
    records: list[EpochRecord] = []

    def set_rates(factor: float) -> None:
        for group, rate in zip(groups, base_rates, strict=True):
            group["lr"] = rate * factor

    try:
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            model.train()
            loss_sum, right, seen = 0.0, 0, 0
            for batch, (inputs, labels) in enumerate(train_loader, start=(epoch - 1) * batches):
                set_rates(schedule(batch / (epochs * batches)))
                batch_loss, batch_right = _step(model, inputs, labels, optimizer, loss)
                if not math.isfinite(batch_loss):
                    raise FloatingPointError(
                        f"fit: the training loss became {batch_loss} in epoch {epoch}; "
                        "a smaller learning rate may help"
                    )
                loss_sum += batch_loss * len(labels)
                right += batch_right
                seen += len(labels)
                if on_batch is not None:
                    on_batch()
            tested = evaluate(model, test_loader, loss)
            seconds = time.perf_counter() - started
            record = EpochRecord(fold, epoch, loss_sum / seen, right / seen, *tested, seconds)
            records.append(record)
            if on_epoch is not None:
                on_epoch(record)
    finally:
        set_rates(1.0)
    return records


def _step(
    model: Any, inputs: Tensor, labels: Tensor, optimizer: Any, loss: Loss
) -> tuple[float, int]:
    """One update; returns the loss and how many of the batch were right, both before it."""
    optimizer.zero_grad()
    logits = model(inputs)
    batch_loss = loss(logits, labels)
    batch_loss.backward()
    optimizer.step()
    return batch_loss.item(), _right(logits, labels)


def evaluate(model: Any, loader: Any, loss: Loss = F.cross_entropy) -> tuple[float, float]:
    """Mean loss and accuracy (0 to 1) over a loader, in evaluation mode.

    The model is in the mode it was in before, afterwards.

    Raises:
        ValueError: a loader without batches.
    """
    was_training = model.training
    model.eval()
    loss_sum, right, seen = 0.0, 0, 0
    try:
        with no_grad():
            for inputs, labels in loader:
                logits = model(inputs)
                loss_sum += loss(logits, labels).item() * len(labels)
                right += _right(logits, labels)
                seen += len(labels)
    finally:
        model.train(was_training)
    if seen == 0:
        raise ValueError("evaluate: loader: expected at least one batch, got none")
    return loss_sum / seen, right / seen


def _right(logits: Tensor, labels: Tensor) -> int:
    """How many rows of the logits have their largest entry at the label."""
    return int((logits.detach().numpy().argmax(1) == labels.numpy()).sum())
