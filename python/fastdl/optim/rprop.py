"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .optimizer import Group, check_number, check_pair
from .rule import RuleOptimizer


class Rprop(RuleOptimizer):
    """p −= sign(g) · s; the step s grows while the sign of g stays, and shrinks where it turned.

    Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning", ICNN 1993;
    where the sign turned p stays, as in PyTorch.  For gradients of the whole set of examples.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: the first step, at least 0.
        etas: factors that shrink, in (0, 1), and that grow, above 1.
        step_sizes: the smallest and the largest step.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.rprop
    own = ("etas", "step_sizes")
    buffers = ("prev", "step_size")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "maximize": maximize,
            },
        )

    def _check(self, group: Group) -> None:
        check_number("Rprop: lr", group["lr"])
        for key in self.own:
            check_pair(f"Rprop: {key}", group[key])
        (down, up), (least, most) = group["etas"], group["step_sizes"]
        if not 0 < down < 1 < up:
            raise ValueError(
                f"Rprop: etas: expected 0 < etas[0] < 1 < etas[1], got {down} and {up}"
            )
        if least > most:
            raise ValueError(
                f"Rprop: step_sizes: expected the smaller first, got {least} and {most}"
            )
