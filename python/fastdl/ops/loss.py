"""What the losses share: checks before anything is computed, and the reduction."""

from __future__ import annotations

import math

from .. import _C, check
from ..tensor import Tensor
from .copy import cast
from .where import where

REDUCTIONS = ("mean", "sum", "none")


def check_loss(op: str, reduction: str, **tensors: Tensor) -> None:
    """Raises unless the tensors are floats of one shape, that of the first: nothing is broadcast.

    Raises:
        TypeError: no tensor, or not of float32 or float64.
        ValueError: the shapes differ, or the reduction is not known.
    """
    first, *_ = tensors
    shape = None
    for name, x in tensors.items():
        check.float_tensor(f"{op}: {name}", x)
        shape = x.shape if shape is None else shape
        if x.shape != shape:
            raise ValueError(f"{op}: {name}: expected the shape {shape} of {first}, got {x.shape}")
    check_reduction(op, reduction)


def numbers(input: Tensor, target: Tensor) -> Tensor:
    """A target of integers (no bools) in input's dtype, to be compared with numbers."""
    integers = (_C.DType.int64, _C.DType.int32, _C.DType.uint8)
    if not (isinstance(target, Tensor) and target.dtype in integers and isinstance(input, Tensor)):
        return target
    return cast(target, input.dtype) if input.dtype.is_floating_point else target


def check_reduction(op: str, reduction: str) -> None:
    check.one_of(f"{op}: reduction", reduction, REDUCTIONS)


def check_weight(op: str, name: str, weight: Tensor | None, shape: tuple[int, ...]) -> None:
    """Raises unless the weight, if there is one, can be expanded to the losses' shape."""
    if weight is None:
        return
    check.tensor(f"{op}: {name}", weight)
    ending = shape[len(shape) - weight.ndim :]
    if weight.ndim > len(shape) or any(
        n not in (1, size) for n, size in zip(weight.shape, ending, strict=True)
    ):
        raise ValueError(f"{op}: {name}: expected a shape that fits {shape}, got {weight.shape}")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Sum, mean (of nothing NaN, as in PyTorch), or the losses themselves."""
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.mean()


def times(coefficient: Tensor, x: Tensor) -> Tensor:
    """coefficient · x, where 0 · inf is 0."""
    nothing = _C.logical_and(_C.eq(coefficient, 0), _C.eq(_C.abs(x), math.inf))
    return coefficient * where(nothing, 0.0, x)
