"""Schedules that go up and down, with the momentum against the rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...check import number, one_of, positive_int
from ..optimizer import Group, Optimizer
from .base import LRScheduler, check_optimizer, for_groups


class CosineAnnealingWarmRestarts(LRScheduler):
    """From the base rate down to `eta_min` on half a cosine wave, and anew: the first time within
    T_0 epochs, each further time within T_mult times as many.

    Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Raises: as `LRScheduler`; TypeError and ValueError for a T_0 or T_mult that is no int of at
        least 1 and an eta_min below 0.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        name = "CosineAnnealingWarmRestarts"
        self.T_0 = self.T_i = positive_int(f"{name}: T_0", T_0)
        self.T_mult = positive_int(f"{name}: T_mult", T_mult)
        self.eta_min = number(f"{name}: eta_min", eta_min, 0, math.inf)
        self.T_cur = 0.0
        super().__init__(optimizer, last_epoch)
        self._go_to(float(self.last_epoch))

    def _go_to(self, epoch: float) -> None:
        self.T_cur, self.T_i = epoch, self.T_0
        self._wrap()

    def _wrap(self) -> None:
        if self.T_mult == 1:
            self.T_cur %= self.T_i
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult

    def get_lr(self) -> list[float]:
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Goes on by one epoch, or to `epoch`, which may lie between two: `step(e + i / n)`.

        Raises:
            ValueError: epoch is below 0.
        """
        if epoch is None:
            self.T_cur = self.T_cur + 1 if self.last_epoch >= 0 else 0.0
            self._wrap()
            super().step()
            return
        self._go_to(float(number("CosineAnnealingWarmRestarts.step: epoch", epoch, 0, 2**53)))
        self.last_epoch = math.floor(epoch)
        self._write()

    def _restart(self) -> None:
        self.step(0)


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr within `step_size_up` steps and down within `step_size_down`, again
    and again; the momentum meanwhile from max_momentum down to base_momentum and up.

    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017.  Step after each
    batch.

    Args:
        base_lr, max_lr, base_momentum, max_momentum: a number, or one for each group.
        mode: the height of a cycle: "triangular" stays, "triangular2" is halved with each,
            "exp_range" is gamma^t.
        scale_fn: instead of mode: the height as a function of the number of the cycle, from 1, or
            (`scale_mode="iterations"`) of the step.
        cycle_momentum: whether the momentum (or the first of `betas`) goes along.

    Raises: as `LRScheduler`; TypeError and ValueError for what is no number or out of range;
        ValueError where there is no momentum to set.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("CyclicLR", optimizer)
        lows = _numbers("CyclicLR: base_lr", base_lr, optimizer)
        self.max_lrs = _numbers("CyclicLR: max_lr", max_lr, optimizer)
        up = positive_int("CyclicLR: step_size_up", step_size_up)
        down = (
            up
            if step_size_down is None
            else positive_int("CyclicLR: step_size_down", step_size_down)
        )
        self.total_size = float(up + down)
        self.step_ratio = up / self.total_size
        if scale_fn is None:
            one_of("CyclicLR: mode", mode, ("triangular", "triangular2", "exp_range"))
        elif not callable(scale_fn):
            raise TypeError(f"CyclicLR: scale_fn: expected a function, got {scale_fn!r}")
        self.mode, self._scale_fn = mode, scale_fn
        self.gamma = number("CyclicLR: gamma", gamma, 0, math.inf)
        self.scale_mode = one_of("CyclicLR: scale_mode", scale_mode, ("cycle", "iterations"))
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            check_momentum("CyclicLR", optimizer)
            self.base_momentums = _numbers("CyclicLR: base_momentum", base_momentum, optimizer, 1)
            self.max_momentums = _numbers("CyclicLR: max_momentum", max_momentum, optimizer, 1)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows, strict=True):
                group["lr"] = low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows
        if last_epoch == -1:  # another scheduler may have said where its rates begin
            self._write()

    def _scale(self, cycle: int, step: int) -> float:
        if self._scale_fn is not None:
            return self._scale_fn(cycle if self.scale_mode == "cycle" else step)
        if self.mode == "exp_range":
            return self.gamma**step
        return 0.5 ** (cycle - 1) if self.mode == "triangular2" else 1.0

    def get_lr(self) -> list[float]:
        cycle, place = divmod(self.last_epoch, self.total_size)
        x = place / self.total_size
        height = x / self.step_ratio if x <= self.step_ratio else (1 - x) / (1 - self.step_ratio)
        height *= self._scale(int(cycle) + 1, self.last_epoch)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group, low, high in zip(
                groups, self.base_momentums, self.max_momentums, strict=True
            ):
                set_momentum(group, high - (high - low) * height)
        return [a + (b - a) * height for a, b in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {key: value for key, value in super().state_dict().items() if key != "_scale_fn"}


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to max_lr, and down to final_div_factor-th of where it began: one
    cycle in the whole training; the momentum from max_momentum down to base_momentum and up.

    L. N. Smith & N. Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", 2019.  Step after each batch.

    Args:
        max_lr, base_momentum, max_momentum: a number, or one for each group.
        total_steps: or epochs and steps_per_epoch: how many steps there will be.
        pct_start: the share of them that goes up.
        anneal_strategy: "cos", or "linear".
        cycle_momentum: whether the momentum (or the first of `betas`) goes along.
        three_phase: up, down in as many steps to where it began, and then to the end.

    Raises: as `LRScheduler`; TypeError and ValueError for what is no number or out of range;
        ValueError where there is no momentum to set, and at the step after `total_steps`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("OneCycleLR", optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError(
                    "OneCycleLR: total_steps: expected it, or epochs and steps_per_epoch, got none"
                )
            total_steps = positive_int("OneCycleLR: epochs", epochs) * positive_int(
                "OneCycleLR: steps_per_epoch", steps_per_epoch
            )
        self.total_steps = positive_int("OneCycleLR: total_steps", total_steps)
        number("OneCycleLR: pct_start", pct_start, 0, 1)
        one_of("OneCycleLR: anneal_strategy", anneal_strategy, ("cos", "linear"))
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self.cycle_momentum = cycle_momentum
        highs = _numbers("OneCycleLR: max_lr", max_lr, optimizer)
        for what, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            if number(f"OneCycleLR: {what}", value, 0, math.inf) == 0:
                raise ValueError(f"OneCycleLR: {what}: expected a number above 0, got 0")
        if cycle_momentum:
            check_momentum("OneCycleLR", optimizer)
            bases = _numbers("OneCycleLR: base_momentum", base_momentum, optimizer, 1)
            tops = _numbers("OneCycleLR: max_momentum", max_momentum, optimizer, 1)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                initial = highs[i] / div_factor
                group.update(initial_lr=initial, max_lr=highs[i], min_lr=initial / final_div_factor)
                if cycle_momentum:
                    group.update(base_momentum=bases[i], max_momentum=tops[i])
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t > self.total_steps:
            raise ValueError(f"OneCycleLR.step: expected {self.total_steps} steps, got one more")
        begin = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if t <= end:
                break
            begin = end
        left = max((end - t) / (end - begin), 0.0) if end > begin else 0.0
        if self._anneal_func_type == "cos":
            left = (1 + math.cos(math.pi * (1 - left))) / 2

        def between(group: Group, what: str) -> float:
            a, b = group[phase[f"start_{what}"]], group[phase[f"end_{what}"]]
            return b + (a - b) * left

        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                set_momentum(group, between(group, "momentum"))
        return [between(group, "lr") for group in groups]


def _phases(total: int, share: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase of `OneCycleLR` ends, and between which of a group's numbers it goes."""
    up, last = share * total - 1.0, total - 1.0
    ends = [up, 2 * up, last] if three else [up, last]
    lrs = ["initial_lr", "max_lr", *(["initial_lr"] if three else []), "min_lr"]
    momenta = ["max_momentum", "base_momentum", *["max_momentum"] * (2 if three else 1)]
    return [
        {
            "end_step": end,
            "start_lr": lrs[i],
            "end_lr": lrs[i + 1],
            "start_momentum": momenta[i],
            "end_momentum": momenta[i + 1],
        }
        for i, end in enumerate(ends)
    ]


def _numbers(where: str, value: Any, optimizer: Optimizer, high: float = math.inf) -> list[float]:
    return [number(where, x, 0, high) for x in for_groups(where, value, optimizer)]


def check_momentum(name: str, optimizer: Optimizer) -> None:
    """ValueError if the optimizer has none."""
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ValueError(
            f"{name}: cycle_momentum: expected an optimizer with momentum or betas, "
            f"got {type(optimizer).__name__}; use cycle_momentum=False"
        )


def set_momentum(group: Group, value: float) -> None:
    """Sets the momentum of a group, or the first of its betas."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value
