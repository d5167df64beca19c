"""Whether tensors are equal or close, and keeping one between bounds."""

from __future__ import annotations

from typing import Any

from .. import _C
from ..autograd import Node, record
from ..inplace import in_place
from ..tensor import Tensor
from .binary import Number, _back, _Like, _like
from .where import where

Bound = Tensor | Number | None


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have one shape and the same elements (NaN is not equal to itself)."""
    if input.shape != other.shape:
        return False
    return bool(_C.eq(input, other).all())


def isclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Tensor:
    """Whether |input − other| ≤ atol + rtol |other|, or both are equal (infinities of one sign are;
    NaN with `equal_nan`).  In the dtype of the operands.

    Raises:
        ValueError: rtol or atol is negative.
        TypeError: the operands differ in dtype.
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise ValueError(f"isclose: {name}: expected a number from 0 on, got {value}")
    if input.dtype is not other.dtype:
        raise TypeError(f"isclose: other: expected {input.dtype.name}, got {other.dtype.name}")
    same = _C.eq(input, other)
    if equal_nan:
        same = _C.logical_or(same, _C.logical_and(_C.isnan(input), _C.isnan(other)))
    if not input.is_floating_point():
        if rtol == 0 and atol == 0:
            return same
        input, other = input.double(), other.double()
    error = _C.abs(_C.sub(input, other))
    allowed = _C.add(_C.mul(_C.abs(other), rtol), atol)
    close = _C.logical_and(_C.isfinite(error), _C.le(error, allowed))
    return _C.logical_or(same, close)


def allclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> bool:
    """Whether all elements are close: `isclose`."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def clamp(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    """min(max(input, `min`), `max`); the bounds are numbers or tensors that broadcast, and where
    `min` is the larger one the result is `max`.  A NaN, of a bound too, stays.  The gradient
    reaches input within the bounds and at them, and the bound that has replaced it.

    Raises:
        ValueError: neither bound is given.
    """
    if min is None and max is None:
        raise ValueError("clamp: min, max: expected at least one bound, got None for both")
    bounds = tuple(b if isinstance(b, Tensor) else None for b in (min, max))
    numbers = tuple(None if isinstance(b, Tensor) else b for b in (min, max))
    likes = (_like(input), _like(min), _like(max))
    out = _clamp(input, min, max)
    return record(out, _clamp_vjp, (input, min, max), (input, *bounds), numbers, likes)


def _clamp(input: Tensor, low: Bound, high: Bound) -> Tensor:
    out = input if low is None else _C.maximum(input, low)
    return out if high is None else _C.minimum(out, high)


def _clamp_vjp(
    node: Node, g: Tensor, numbers: tuple[Any, ...], likes: tuple[_Like | None, ...]
) -> tuple[Tensor | None, ...]:
    x, *bounds = node.saved_tensors
    low, high = (b if n is None else n for b, n in zip(bounds, numbers, strict=True))
    below: Any = None if low is None else _C.lt(x, low)
    above: Any = None if high is None else _C.gt(x if low is None else _C.maximum(x, low), high)
    outside: Any = above if below is None else below
    if below is not None and above is not None:
        outside = _C.logical_or(below, above)
        below = _C.logical_and(below, _C.logical_not(above))
    need_x, need_low, need_high = node.needs_input_grad
    return (
        _back(where(outside, 0.0, g), likes[0]) if need_x else None,
        _back(where(below, g, 0.0), likes[1]) if need_low else None,
        _back(where(above, g, 0.0), likes[2]) if need_high else None,
    )


def clamp_(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    """`clamp` in place."""
    return in_place("clamp_", lambda x: clamp(x, min, max), input)


def clip(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    """`clamp` by NumPy's name."""
    return clamp(input, min, max)


def clip_(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    """`clip` in place."""
    return clamp_(input, min, max)
