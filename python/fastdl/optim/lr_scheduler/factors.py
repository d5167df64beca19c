"""Schedules that multiply the rate by a factor."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ...check import is_iterable, number, positive_int
from ...explain import describe
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, check_state, for_groups, rates


class _FactorLR(LRScheduler):
    """lr = eta_min + (base − eta_min) · factor(t).

    In this closed form as long as nobody else changes the rate; otherwise the change of the factor
    is applied to the rate as it is, so that schedulers can be chained.
    """

    eta_min = 0.0

    def _factor(self, t: int) -> float:
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        now, before = self._factor(t), self._factor(t - 1) if t > 0 else 1.0
        return [
            self._next(float(group["lr"]), base, now, before)
            for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True)
        ]

    def _next(self, lr: float, base: float, now: float, before: float) -> float:
        low, span = self.eta_min, base - self.eta_min
        if lr == low + span * before:
            return low + span * now
        if before == 0:
            return lr + span * now
        return low + (lr - low) * (now / before)


class StepLR(_FactorLR):
    """The rate times gamma after every `step_size` epochs.

    Raises: as `LRScheduler`; TypeError and ValueError for a step_size that is no int of at least 1
        and a gamma below 0.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = positive_int("StepLR: step_size", step_size)
        self.gamma = number("StepLR: gamma", gamma, 0, math.inf)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return self.gamma ** (t // self.step_size)


class MultiStepLR(_FactorLR):
    """The rate times gamma at each of the `milestones` (epochs; one listed twice counts twice).

    Raises: as `LRScheduler`; TypeError and ValueError for milestones that are no ints of at least 0
        and a gamma below 0.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = Counter(check_milestones("MultiStepLR", milestones))
        self.gamma = number("MultiStepLR: gamma", gamma, 0, math.inf)
        super().__init__(optimizer, last_epoch)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.milestones = Counter({int(epoch): n for epoch, n in self.milestones.items()})  # JSON's

    def _factor(self, t: int) -> float:
        return self.gamma ** sum(n for epoch, n in self.milestones.items() if epoch <= t)


class ConstantLR(_FactorLR):
    """The rate times `factor` for the first `total_iters` epochs.

    Raises: as `LRScheduler`; TypeError and ValueError for a factor outside [0, 1] and a total_iters
        that is no int of at least 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.factor = number("ConstantLR: factor", factor, 0, 1)
        self.total_iters = positive_int("ConstantLR: total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return self.factor if t < self.total_iters else 1.0


class LinearLR(_FactorLR):
    """The rate times a factor that goes on a straight line from `start_factor` to `end_factor`
    within `total_iters` epochs, and stays there: a warm-up, or a decay to a floor.

    Raises: as `LRScheduler`; TypeError and ValueError for a factor outside [0, 1] and a total_iters
        that is no int of at least 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = number("LinearLR: start_factor", start_factor, 0, 1)
        self.end_factor = number("LinearLR: end_factor", end_factor, 0, 1)
        self.total_iters = positive_int("LinearLR: total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        if t >= self.total_iters:
            return self.end_factor
        return self.start_factor + (self.end_factor - self.start_factor) * t / self.total_iters


class ExponentialLR(_FactorLR):
    """The rate times gamma after every epoch.

    Raises: as `LRScheduler`; TypeError and ValueError for a gamma below 0.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = number("ExponentialLR: gamma", gamma, 0, math.inf)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return self.gamma**t


class PolynomialLR(_FactorLR):
    """The rate times (1 − t / total_iters)^power, down to 0.

    Raises: as `LRScheduler`; TypeError and ValueError for a total_iters that is no int of at least
        1 and a power below 0.
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = positive_int("PolynomialLR: total_iters", total_iters)
        self.power = number("PolynomialLR: power", power, 0, math.inf)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return (1.0 - min(t, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(_FactorLR):
    """From the rate down to `eta_min` on half a cosine wave of T_max epochs; then up again.

    Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    equation 5, without the restarts.

    Raises: as `LRScheduler`; TypeError and ValueError for a T_max that is no int of at least 1 and
        an eta_min below 0.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = positive_int("CosineAnnealingLR: T_max", T_max)
        self.eta_min = number("CosineAnnealingLR: eta_min", eta_min, 0, math.inf)
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return (1.0 + math.cos(math.pi * t / self.T_max)) / 2


class LambdaLR(LRScheduler):
    """The base rate times a function of the epoch, whatever the rate is now.

    Args:
        lr_lambda: the function, or one for each group.  An object that can be called is saved with
            its attributes; of a function nothing is saved.

    Raises: as `LRScheduler`; TypeError if it cannot be called, ValueError for a wrong number.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        name = type(self).__name__
        check_optimizer(name, optimizer)
        self.lr_lambdas = for_groups(f"{name}: lr_lambda", lr_lambda, optimizer)
        for f in self.lr_lambdas:
            if not callable(f):
                raise TypeError(f"{name}: lr_lambda: expected a function, got {describe(f)}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        return [base * f(t) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        saved = [
            None if isinstance(f, FunctionType) else dict(getattr(f, "__dict__", {}))
            for f in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = self.state_dict()
        check_state(type(self).__name__, state_dict, own)
        for f, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved:
                f.__dict__.update(saved)
        vars(self).update({key: state_dict[key] for key in own if key != "lr_lambdas"})


class MultiplicativeLR(LambdaLR):
    """The rate as it is times a function of the epoch, from epoch 1 on; else as `LambdaLR`."""

    def get_lr(self) -> list[float]:
        lrs = [float(group["lr"]) for group in self.optimizer.param_groups]
        if self.last_epoch == 0:
            return lrs
        return [lr * f(self.last_epoch) for lr, f in zip(lrs, self.lr_lambdas, strict=True)]

    def _restart(self) -> None:  # goes on from the rate as it is
        self.last_epoch = 0
        for group, f in zip(self.optimizer.param_groups, self.lr_lambdas, strict=True):
            group["lr"] = float(group["lr"]) * f(0)
        self._last_lr = rates(self.optimizer)


def check_milestones(name: str, milestones: Any) -> list[int]:
    """A list of epochs; TypeError or ValueError otherwise."""
    if not is_iterable(milestones):
        raise TypeError(f"{name}: milestones: expected ints, got {describe(milestones)}")
    epochs = list(milestones)
    for epoch in epochs:
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            raise TypeError(f"{name}: milestones: expected ints, got {describe(epoch)}")
        if epoch < 0:
            raise ValueError(f"{name}: milestones: expected epochs of at least 0, got {epoch}")
    return epochs
