"""The mean squared error."""

from __future__ import annotations

from .. import check
from ..tensor import Tensor


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input - target)², element by element.

    Args:
        input, target: of one shape; nothing is broadcast.
        reduction: "mean", "sum" or "none".  The mean of no elements is NaN, as in PyTorch.

    Raises:
        ValueError: the shapes differ, or the reduction is not known.
        TypeError: a dtype is not float32 or float64.
    """
    for name, x in (("input", input), ("target", target)):
        check.tensor(f"mse_loss: {name}", x)
        if not x.dtype.is_floating_point:
            raise TypeError(
                f"mse_loss: {name}: expected dtype float32 or float64, got {x.dtype.name}"
            )
    if input.shape != target.shape:
        raise ValueError(
            f"mse_loss: target: expected the shape {input.shape} of input, got {target.shape}"
        )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(
            f"mse_loss: reduction: expected 'none', 'mean' or 'sum', got {reduction!r}"
        )
    difference = input - target
    squares = difference * difference
    if reduction == "none":
        return squares
    return squares.sum() if reduction == "sum" else squares.mean()
