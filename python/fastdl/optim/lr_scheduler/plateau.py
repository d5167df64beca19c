"""A lower rate when a measure stops improving."""

from __future__ import annotations

import math
from typing import Any

from ...check import number, one_of
from ...explain import describe
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, for_groups, rates


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` when a measure has not improved for more than `patience` epochs.

    Args:
        optimizer: whose rates to set.
        mode: "min": lower is better; "max".
        factor: below 1.
        patience: so many epochs without improvement are let pass.
        threshold: what counts as an improvement: by this share of the best's magnitude
            (`threshold_mode="rel"`), or by this much ("abs").
        cooldown: so many epochs after a reduction do not count.
        min_lr: no rate below this; a number, or one for each group.
        eps: a change smaller than this is not made.

    Raises:
        TypeError: no optimizer; what is no number. ValueError: out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        name = "ReduceLROnPlateau"
        check_optimizer(name, optimizer)
        if number(f"{name}: factor", factor, 0, 1) == 1:
            raise ValueError(f"{name}: factor: expected a number below 1, got {factor}")
        self.optimizer = optimizer
        self.factor = factor
        self.min_lrs = [
            number(f"{name}: min_lr", x, 0, math.inf)
            for x in for_groups(f"{name}: min_lr", min_lr, optimizer)
        ]
        self.patience = number(f"{name}: patience", patience, 0, math.inf)
        self.cooldown = number(f"{name}: cooldown", cooldown, 0, math.inf)
        self.mode = one_of(f"{name}: mode", mode, ("min", "max"))
        self.threshold = number(f"{name}: threshold", threshold, 0, math.inf)
        self.threshold_mode = one_of(f"{name}: threshold_mode", threshold_mode, ("rel", "abs"))
        self.eps = number(f"{name}: eps", eps, 0, math.inf)
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = rates(optimizer)

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Takes the measure of one more epoch: a number, or a tensor of one; NaN is no improvement.

        Raises:
            TypeError: it is no number.
        """
        try:
            value = float(metrics)
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(
                f"ReduceLROnPlateau.step: metrics: expected a number, got {describe(metrics)}"
            ) from None
        self.last_epoch += 1
        if self._improves(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = int(self.cooldown), 0
        self._last_lr = rates(self.optimizer)

    def _improves(self, value: float) -> bool:
        margin = self.threshold
        if self.threshold_mode == "rel":
            margin *= abs(self.best) if math.isfinite(self.best) else 0.0
        return value < self.best - margin if self.mode == "min" else value > self.best + margin

    def _reduce(self) -> None:
        for group, floor in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = float(group["lr"])
            lower = max(lr * self.factor, floor)
            if lr - lower > self.eps:
                group["lr"] = lower
