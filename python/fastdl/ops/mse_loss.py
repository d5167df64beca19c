"""The mean squared error."""

from __future__ import annotations

from ..tensor import Tensor
from .loss import check_loss, numbers, reduced


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input - target)², element by element.

    Args:
        input, target: of one shape; nothing is broadcast.
        reduction: "mean", "sum" or "none".  The mean of no elements is NaN, as in PyTorch.

    Raises:
        ValueError: the shapes differ, or the reduction is not known.
        TypeError: a dtype is not float32 or float64 (of the target also int64, int32, uint8).
    """
    target = numbers(input, target)
    check_loss("mse_loss", reduction, input=input, target=target)
    difference = input - target
    return reduced(difference * difference, reduction)
