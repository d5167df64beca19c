"""Losses as modules; the functions are in `fastdl.nn.functional`."""

from __future__ import annotations

from ..check import number, one_of
from ..ops.loss import REDUCTIONS
from ..tensor import Tensor
from . import functional as F
from .module import Module


class Loss(Module):
    """What the losses share: how the losses of the elements (or rows) become one number.

    Args:
        reduction: "mean", "sum" or "none".
    """

    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        where = f"{type(self).__name__}: reduction"
        self.reduction = one_of(where, reduction, self.reductions)


class CrossEntropyLoss(Loss):
    """−log softmax(input)[target], for classes or class probabilities.

    Args:
        weight: weight of each class, (classes,), or None for equal ones; kept as a buffer.
        ignore_index: a target that counts for nothing.
        reduction: "mean" (weighted by the targets' classes), "sum" or "none".
        label_smoothing: share of the target spread evenly over all classes, in [0, 1].

    Shape: input (batch, classes), target (batch,) int64 or int32, or probabilities as input
    → () or, unreduced, (batch,).

    Raises (when called):
        IndexError: a target is no class.
        ValueError: shapes do not fit.
        TypeError: a dtype does not fit.
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = number(
            "CrossEntropyLoss: label_smoothing", label_smoothing, 0.0, 1.0
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MSELoss(Loss):
    """(input − target)², element by element.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: the shapes differ.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)
