"""Rounding, and what kind of number an element is."""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .slope import zero_vjp

_ZERO = 0  # Python has one object for it


def floor(input: Tensor) -> Tensor:
    """The largest integer up to x; integers as they are.  Its gradient is 0."""
    return record(_C.floor(input), zero_vjp, (input,))


def ceil(input: Tensor) -> Tensor:
    """The smallest integer from x on; integers as they are.  Its gradient is 0."""
    return record(_C.ceil(input), zero_vjp, (input,))


def trunc(input: Tensor) -> Tensor:
    """x without its fraction; integers as they are.  Its gradient is 0."""
    return record(_C.trunc(input), zero_vjp, (input,))


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer, of two the even one; integers as they are.  Its gradient is 0.

    With `decimals` d of floats round(x · 10ᵈ) / 10ᵈ, as PyTorch does.

    Raises:
        TypeError: decimals is no int, or not 0 where input is no tensor of floats.
        ValueError: decimals is not in [-308, 308].
    """
    if decimals is _ZERO or check.integer("round: decimals", decimals) == 0:
        return record(_C.round(input), zero_vjp, (input,))
    if not check.tensor("round: input", input).is_floating_point():
        raise TypeError(f"round: decimals: expected a tensor of floats, got {input.dtype.name}")
    if abs(decimals) > 308:
        raise ValueError(f"round: decimals: expected an int in [-308, 308], got {decimals}")
    unit = 10.0 ** abs(decimals)
    out = _C.div(_C.round(_C.mul(input, unit)), unit)
    if decimals < 0:
        out = _C.mul(_C.round(_C.div(input, unit)), unit)
    return record(out, zero_vjp, (input,))


def frac(input: Tensor) -> Tensor:
    """x − trunc(x), exact; its gradient is 1."""
    return record(_C.frac(input), _frac_vjp, (input,))


def _frac_vjp(_: Node, g: Tensor) -> Tensor:
    return g


def isnan(input: Tensor) -> Tensor:
    """Whether x is NaN; bool, as the other three."""
    return _C.isnan(input)


def isinf(input: Tensor) -> Tensor:
    """Whether x is +inf or −inf."""
    return _C.isinf(input)


def isfinite(input: Tensor) -> Tensor:
    """Whether x is neither infinite nor NaN."""
    return _C.isfinite(input)


def signbit(input: Tensor) -> Tensor:
    """Whether the sign of x is set: also that of −0."""
    return _C.signbit(input)
