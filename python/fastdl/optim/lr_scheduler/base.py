"""The base of all schedules."""

from __future__ import annotations

from typing import Any

from ...explain import describe
from ..optimizer import Optimizer


class LRScheduler:
    """Sets each group's `lr` when made, and anew at each `step()`.

    A subclass gives the rates of epoch `last_epoch` by `get_lr()`, one for each group, from the
    groups' rates so far and `base_lrs`, those when the first scheduler was made (kept in the groups
    as `initial_lr`).

    Args:
        optimizer: whose rates to set.
        last_epoch: −1 starts.  Another number goes on after that epoch: the groups then have the
            rates of the next one already, and `initial_lr`, as a saved optimizer's.

    Raises:
        TypeError: no optimizer; last_epoch is no int.
        ValueError: last_epoch is below −1, or a group has no `initial_lr` to go on from.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        check_optimizer(name, optimizer)
        if isinstance(last_epoch, bool) or not isinstance(last_epoch, int):
            raise TypeError(f"{name}: last_epoch: expected an int, got {describe(last_epoch)}")
        if last_epoch < -1:
            raise ValueError(f"{name}: last_epoch: expected at least -1, got {last_epoch}")
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{name}: last_epoch: expected group {i} to have 'initial_lr' to go on after "
                    f"epoch {last_epoch}, got {sorted(group)}"
                )
        self.optimizer = optimizer
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if last_epoch == -1:
            self.step()
        else:
            self.last_epoch += 1
            self._last_lr = rates(optimizer)

    def get_lr(self) -> list[float]:
        """The rates of epoch `last_epoch`, where the groups still have those before."""
        raise NotImplementedError

    def step(self) -> None:
        """Goes on to the next epoch.

        Raises:
            ValueError: the optimizer was given another group meanwhile.
        """
        if len(self.optimizer.param_groups) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__}.step: expected {len(self.base_lrs)} groups, as when it was "
                f"made, got {len(self.optimizer.param_groups)}"
            )
        self.last_epoch += 1
        self._write()

    def _write(self) -> None:
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = rates(self.optimizer)

    def _restart(self) -> None:
        """Begins anew, as when it was made: at a milestone of `SequentialLR`."""
        for group, lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = lr
        self.last_epoch = -1
        self.step()

    def get_last_lr(self) -> list[float]:
        """The rates that the last step set."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """What it is made of except the optimizer (and functions)."""
        return {key: value for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave; the rates themselves are the optimizer's state.

        Raises:
            TypeError: no dict. ValueError: it lacks something, or is of another number of groups.
        """
        check_state(type(self).__name__, state_dict, self.state_dict())
        vars(self).update({key: state_dict[key] for key in self.state_dict()})


def rates(optimizer: Optimizer) -> list[float]:
    """The groups' learning rates."""
    return [float(group["lr"]) for group in optimizer.param_groups]


def for_groups(where: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """One value for each group: a list of as many, or the same for all."""
    n = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * n
    if len(value) != n:
        raise ValueError(f"{where}: expected {n} of them, one for each group, got {len(value)}")
    return list(value)


def check_optimizer(name: str, optimizer: Any) -> None:
    """TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: optimizer: expected an Optimizer, got {describe(optimizer)}")


def check_state(name: str, given: Any, own: dict[str, Any]) -> None:
    """Refuses a state that cannot be of this scheduler; further keys are let pass."""
    where = f"{name}.load_state_dict"
    if not isinstance(given, dict):
        raise TypeError(f"{where}: expected a dict, got {describe(given)}")
    if not own.keys() <= given.keys():
        missing = sorted(own.keys() - given.keys())
        raise ValueError(f"{where}: expected also {missing}, got {sorted(map(str, given))}")
    n = len(own["_last_lr"])
    for key in ("_last_lr", "base_lrs"):
        if key in own and len(given[key]) != n:
            raise ValueError(f"{where}: {key}: expected {n} rates, got {given[key]!r}")
