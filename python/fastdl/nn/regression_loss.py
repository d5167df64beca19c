"""Losses of numbers as modules (the square: loss.py)."""

from __future__ import annotations

from ..check import number
from ..tensor import Tensor
from . import functional as F
from .loss import Loss


class L1Loss(Loss):
    """|input − target|, element by element.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: the shapes differ.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, self.reduction)


class HuberLoss(Loss):
    """d² / 2 for d = |input − target| up to delta, and delta (d − delta / 2) above.

    Args:
        reduction: "mean", "sum" or "none".
        delta: where the parabola ends, above 0.

    Shape and errors: `L1Loss`.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = number("HuberLoss: delta", delta, 5e-324, float("inf"))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    """d² / (2 beta) for d = |input − target| up to beta, d − beta / 2 above.

    Args:
        reduction: "mean", "sum" or "none".
        beta: where the parabola ends; 0 for `L1Loss`.

    Shape and errors: `L1Loss`.
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = number("SmoothL1Loss: beta", beta, 0.0, float("inf"))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)
