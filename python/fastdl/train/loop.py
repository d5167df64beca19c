"""The epoch loop of a classifier."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from .. import compile as compiled, no_grad
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
    """Train a classifier for a fixed number of epochs, in compiled steps.

    The test data are evaluated after each epoch and never used for a choice.

    Args:
        model: maps inputs `[N, ...]` to logits `[N, classes]`; `fastdl.compile` says what its
            forward may do.
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
        CaptureError: the model or the loss does what cannot be repeated without Python.
    """
    if epochs < 1:
        raise ValueError(f"fit: epochs: expected at least 1, got {epochs}")
    batches = len(train_loader)
    if batches == 0:
        raise ValueError("fit: train_loader: expected at least one batch, got none")
    groups = optimizer.param_groups
    base_rates = [group["lr"] for group in groups]
    records: list[EpochRecord] = []
    train_step = compiled(_train_step(model, optimizer, loss))
    test_step = compiled(_test_step(model, loss))

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
                batch_loss, batch_right = (x.item() for x in train_step(inputs, labels))
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
            tested = _evaluate(model, test_loader, test_step)
            seconds = time.perf_counter() - started
            record = EpochRecord(fold, epoch, loss_sum / seen, right / seen, *tested, seconds)
            records.append(record)
            if on_epoch is not None:
                on_epoch(record)
    finally:
        set_rates(1.0)
    return records


# Returns the batch's mean loss and in how many rows the largest logit is at the label.
Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _train_step(model: Any, optimizer: Any, loss: Loss) -> Step:
    def step(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        optimizer.zero_grad()
        logits = model(inputs)
        batch_loss = loss(logits, labels)
        batch_loss.backward()
        optimizer.step()
        return batch_loss, (logits.argmax(1) == labels).sum()

    return step


def _test_step(model: Any, loss: Loss) -> Step:
    def step(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = model(inputs)
        return loss(logits, labels), (logits.argmax(1) == labels).sum()

    return step


def evaluate(model: Any, loader: Any, loss: Loss = F.cross_entropy) -> tuple[float, float]:
    """Mean loss and accuracy (0 to 1) over a loader, in evaluation mode.

    The model is in the mode it was in before, afterwards.

    Raises:
        ValueError: a loader without batches.
    """
    return _evaluate(model, loader, _test_step(model, loss))


def _evaluate(model: Any, loader: Any, step: Step) -> tuple[float, float]:
    was_training = model.training
    model.eval()
    loss_sum, right, seen = 0.0, 0, 0
    try:
        with no_grad():
            for inputs, labels in loader:
                batch_loss, batch_right = (x.item() for x in step(inputs, labels))
                loss_sum += batch_loss * len(labels)
                right += batch_right
                seen += len(labels)
    finally:
        model.train(was_training)
    if seen == 0:
        raise ValueError("evaluate: loader: expected at least one batch, got none")
    return loss_sum / seen, right / seen
