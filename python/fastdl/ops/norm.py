"""Norms of vectors."""

from __future__ import annotations

import math
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .copy import cast
from .unary import sign
from .view import reshape
from .where import where


def norm(
    input: Tensor,
    p: float | str = "fro",
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) over `dim` (one, several, or all): the norm of the elements as a vector.

    p = "fro" is 2; ∞ is the largest |x|, -∞ the smallest, 0 the number of elements that are not 0.
    For p = 2, float32 neither over- nor underflows on the way.  Where elements are 0 the gradient
    is 0, also where the norm has none; for p = ±∞ equal ones share it.

    Raises:
        TypeError: input is neither float32 nor float64, or p is no number.
        ValueError: p is NaN or another str, or p = ±∞ of nothing.
        IndexError: there is no such dimension.
    """
    from .reduce import _kept_shape, amax, amin, sum

    x = input if dtype is None else cast(input, dtype)
    check.float_tensor("norm: input", x)
    p = _power(p)
    if p == 1:
        return sum(abs(x), dim, keepdim)
    if math.isinf(p):
        return (amax if p > 0 else amin)(abs(x), () if dim is None else dim, keepdim)
    if p == 2:
        out = _C.norm(x, dim, keepdim)
    elif p == 0:
        out = _C.cast(_C.sum(_C.ne(x, 0), dim, keepdim), x.dtype)
        return record(out, _count_vjp, (x,), (), x.shape)
    else:
        out = _C.pow(_C.sum(_C.pow(_C.abs(x), p), dim, keepdim), 1 / p)
    return record(out, _norm_vjp, (x,), (x, out), p, _kept_shape(x.shape, dim))


def _power(p: Any) -> float:
    if p == "fro":
        return 2
    if isinstance(p, bool) or not isinstance(p, int | float | str):
        raise TypeError(f"norm: p: expected a number or 'fro', got {type(p).__name__}")
    if isinstance(p, str) or p != p:
        raise ValueError(f"norm: p: expected a number or 'fro', got {p!r}")
    return p


def _count_vjp(_: Node, g: Tensor, shape: tuple[int, ...]) -> Tensor:
    return _C.full(shape, 0, g.dtype)


def _norm_vjp(node: Node, g: Tensor, p: float, kept: tuple[int, ...]) -> Tensor:
    """sign(x) (|x| / norm)^(p - 1)."""
    x, y = node.saved_tensors
    zero_norm = _C.view(_C.eq(y, 0), kept)
    ratio = x / where(zero_norm, 1.0, reshape(y, kept))
    zero = zero_norm if p == 2 else _C.eq(x, 0)
    slope = ratio if p == 2 else sign(x) * where(zero, 1.0, abs(ratio)) ** (p - 1)
    return reshape(g, kept) * where(zero, 0.0, slope)
