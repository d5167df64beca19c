"""Losses of numbers: absolute, and absolute with a rounded tip.  (The square: mse_loss.py.)"""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .loss import check_loss, numbers, reduced
from .unary import abs
from .where import where


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """|input - target|, element by element; its gradient at 0 is 0.

    Args:
        input, target: of one shape; nothing is broadcast.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an option does not fit.
        TypeError: a dtype is not float32 or float64 (of the target also int64, int32, uint8).
    """
    target = numbers(input, target)
    check_loss("l1_loss", reduction, input=input, target=target)
    return reduced(abs(input - target), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """d² / 2 for d = |input - target| up to delta, and delta (d - delta / 2) above.

    Huber, "Robust estimation of a location parameter", 1964.  Arguments and errors: `l1_loss`;
    delta is above 0.
    """
    target = numbers(input, target)
    check_loss("huber_loss", reduction, input=input, target=target)
    check.number("huber_loss: delta", delta, 5e-324, float("inf"))
    return reduced(huber(input - target, delta), reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """Huber's loss over beta: d² / (2 beta) for d = |input - target| to beta, d - beta / 2 above.

    With beta = 0 it is `l1_loss`, whose arguments and errors it has.
    """
    target = numbers(input, target)
    check_loss("smooth_l1_loss", reduction, input=input, target=target)
    check.number("smooth_l1_loss: beta", beta, 0.0, float("inf"))
    if beta == 0:
        return l1_loss(input, target, reduction)
    return reduced(huber(input - target, beta) / beta, reduction)


def huber(d: Tensor, delta: float) -> Tensor:
    """d² / 2 where |d| <= delta, delta (|d| - delta / 2) elsewhere."""
    size = _C.abs(d)
    out = _C.where(_C.le(size, delta), _C.mul(size, 0.5), delta)
    out = _C.mul(out, _C.where(_C.le(size, delta), size, _C.sub(size, 0.5 * delta)))
    return record(out, _huber_vjp, (d,), (d,), delta)


def _huber_vjp(node: Node, g: Tensor, delta: float) -> Tensor:
    (d,) = node.saved_tensors
    return g * where(_C.gt(d, delta), delta, where(_C.lt(d, -delta), -delta, d))
