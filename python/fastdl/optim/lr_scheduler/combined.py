"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...explain import describe
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, check_state, rates
from .factors import check_milestones
from .plateau import ReduceLROnPlateau


class SequentialLR(LRScheduler):
    """One schedule after the other: at each milestone the next begins anew.

    Args:
        schedulers: made beforehand, of the same optimizer.
        milestones: the epochs at which the second, third ... take over, one fewer, rising.

    Raises:
        TypeError: no optimizer, no schedulers. ValueError: a number that does not fit, milestones
            that do not rise, schedulers of another optimizer, combined ones, `ReduceLROnPlateau`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("SequentialLR", optimizer)
        self._schedulers = _checked("SequentialLR", schedulers, optimizer)
        for i, scheduler in enumerate(self._schedulers):
            if isinstance(scheduler, SequentialLR | ChainedScheduler):
                raise ValueError(
                    "SequentialLR: schedulers: expected those that begin anew, got "
                    f"{type(scheduler).__name__} at {i}"
                )
        self._milestones = check_milestones("SequentialLR", milestones)
        if len(self._milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"SequentialLR: milestones: expected {len(self._schedulers) - 1}, one fewer than "
                f"schedulers, got {len(self._milestones)}"
            )
        if any(a >= b for a, b in zip(self._milestones, self._milestones[1:], strict=False)):
            raise ValueError(
                f"SequentialLR: milestones: expected rising epochs, got {self._milestones}"
            )
        self.optimizer = optimizer
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self._schedulers:  # each took its first step when it was made
            scheduler.last_epoch -= 1
        first = self._schedulers[bisect_right(self._milestones, self.last_epoch)]
        first.step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:
        self.last_epoch += 1
        current = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[current]
        if current > 0 and self._milestones[current - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return _state(super().state_dict(), self._schedulers)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        _load(self, state_dict)


class ChainedScheduler(LRScheduler):
    """Several schedules, each applied to what the one before left.

    Args:
        schedulers: made beforehand, of the same optimizer.

    Raises:
        TypeError: no schedulers. ValueError: none of them, schedulers of another optimizer, or
            `ReduceLROnPlateau`.
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        self._schedulers = _checked("ChainedScheduler", schedulers, optimizer)
        self.optimizer = self._schedulers[0].optimizer
        self._last_lr = rates(self.optimizer)

    def step(self) -> None:
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates(self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        return _state(super().state_dict(), self._schedulers)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        _load(self, state_dict)


def _checked(name: str, schedulers: Any, optimizer: Optimizer | None) -> list[LRScheduler]:
    if not isinstance(schedulers, list | tuple):
        raise TypeError(f"{name}: schedulers: expected a list, got {describe(schedulers)}")
    if not schedulers:
        raise ValueError(f"{name}: schedulers: expected at least one, got none")
    for i, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(
                f"{name}: schedulers: expected schedulers, got {describe(scheduler)} at {i}"
            )
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{name}: schedulers: expected those that step by themselves, got "
                f"ReduceLROnPlateau, which needs a measure, at {i}"
            )
        if scheduler.optimizer is not (optimizer or schedulers[0].optimizer):
            raise ValueError(
                f"{name}: schedulers: expected them of one optimizer, got another's at {i}"
            )
    return list(schedulers)


def _state(own: dict[str, Any], schedulers: list[LRScheduler]) -> dict[str, Any]:
    return {**own, "_schedulers": [scheduler.state_dict() for scheduler in schedulers]}


def _load(combined: SequentialLR | ChainedScheduler, state_dict: dict[str, Any]) -> None:
    name, own = type(combined).__name__, combined.state_dict()
    check_state(name, state_dict, own)
    saved = state_dict["_schedulers"]
    if len(saved) != len(combined._schedulers):
        raise ValueError(
            f"{name}.load_state_dict: _schedulers: expected {len(combined._schedulers)}, "
            f"got {len(saved)}"
        )
    for scheduler, state in zip(combined._schedulers, saved, strict=True):
        scheduler.load_state_dict(state)
    vars(combined).update({key: state_dict[key] for key in own if key != "_schedulers"})
