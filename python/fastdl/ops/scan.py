"""Running reductions along a dimension, as in PyTorch: each result is that of an element and all
before it.  Errors and what happens at ±inf and NaN: csrc/ops/scan.h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .binary import logical_xor
from .cat import cat
from .copy import cast, clone
from .index import picked
from .reduce import ValuesAndIndices
from .unary import exp
from .view import index
from .where import where


def _part(x: Tensor, dim: int, start: int | None, stop: int | None) -> Tensor:
    return index(x, (slice(None),) * dim + (slice(start, stop),)) if x.ndim else x


def _shifted(x: Tensor, dim: int, forward: bool, fill: float) -> Tensor:
    """x moved by one along `dim`, `fill` at the place left free."""
    d = dim % max(x.ndim, 1)
    n = x.shape[d] if x.ndim else 1
    if n < 2:
        return _C.full(x.shape, fill, x.dtype)
    edge = _C.full((*x.shape[:d], 1, *x.shape[d + 1 :]), fill, x.dtype)
    return cat([edge, _part(x, d, 0, -1)] if forward else [_part(x, d, 1, None), edge], d)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`.  Integers and bools give int64, or `dtype` (wrapping).

    float32 is added up in float64, float64 with the error of each addition: every result is the
    rounded sum of numbers of one sign.

    Raises:
        IndexError: there is no such dimension. TypeError: dtype is bool.
    """
    return _as(dtype, "cumsum", input, lambda x: _cumsum(x, dim, False))


def _as(dtype: Any, op: str, input: Tensor, running: Callable[[Tensor], Tensor]) -> Tensor:
    """`running` of input converted to `dtype`, in that."""
    if dtype is None:
        return running(input)
    x = cast(input, dtype)
    if x.dtype is _C.DType.bool:
        raise TypeError(f"{op}: dtype: expected one of numbers, got bool")
    return cast(running(x), x.dtype)


def _cumsum(input: Tensor, dim: int, reverse: bool) -> Tensor:
    return record(_C.cumsum(input, dim, reverse), _cumsum_vjp, (input,), (), dim, reverse)


def _cumsum_vjp(_: Node, g: Tensor, dim: int, reverse: bool) -> Tensor:
    return _cumsum(g, dim, not reverse)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product along `dim`, of float32 in float64.  Integers and bools give int64, or
    `dtype` (wrapping).

    The gradient divides by nothing: it is right where elements are 0.

    Raises:
        IndexError: there is no such dimension. TypeError: dtype is bool.
    """
    return _as(dtype, "cumprod", input, lambda x: cumprod_from(x, dim, False))


def cumprod_from(input: Tensor, dim: int, reverse: bool) -> Tensor:
    """`cumprod`; with `reverse` the product of an element and all after it."""
    out = _C.cumprod(input, dim, reverse)
    return record(out, _cumprod_vjp, (input,), (input, out), dim, reverse)


def _cumprod_vjp(node: Node, g: Tensor, dim: int, reverse: bool) -> Tensor:
    # y[k] = x[k] y[k-1], so what reaches y[k] is t[k] = g[k] + x[k+1] t[k+1].
    x, y = node.saved_tensors
    t = recurrence(_shifted(x, dim, reverse, 0), g, dim, not reverse)
    return t * _shifted(y, dim, not reverse, 1)


def product_of_others(input: Tensor, dim: int) -> Tensor:
    """For each element the product of all others along `dim`."""
    before = _shifted(cumprod_from(input, dim, False), dim, True, 1)
    return before * _shifted(cumprod_from(input, dim, True), dim, False, 1)


def recurrence(a: Tensor, b: Tensor, dim: int, reverse: bool = False) -> Tensor:
    """y[k] = a[k] y[k-1] + b[k] along `dim`, from y[-1] = 0 on; with `reverse` y[k+1] for y[k-1],
    from the end on."""
    out = _C.recurrence(a, b, dim, reverse)
    return record(out, _recurrence_vjp, (a, b), (a, out), dim, reverse)


def _recurrence_vjp(
    node: Node, g: Tensor, dim: int, reverse: bool
) -> tuple[Tensor | None, Tensor | None]:
    a, y = node.saved_tensors
    need_a, need_b = node.needs_input_grad
    t = recurrence(_shifted(a, dim, reverse, 0), g, dim, not reverse)
    return t * _shifted(y, dim, not reverse, 0) if need_a else None, t if need_b else None


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log Σ exp(x) of each element and all before it along `dim`.

    Raises:
        IndexError: there is no such dimension. TypeError: input is not float32 or float64.
    """
    out = _C.logcumsumexp(input, dim)
    return record(out, _logcumsumexp_vjp, (input,), (input, out), dim)


def _logcumsumexp_vjp(node: Node, g: Tensor, dim: int) -> Tensor:
    # Σ over k >= i of g[k] exp(x[i] - y[k]); y never falls, so no exponential here is above 1.
    # Where y is NaN so is the summand, unless g is 0: that result is not asked for.
    x, y = node.saved_tensors
    g = where(_C.logical_and(_C.isnan(y), _C.ne(g, 0)), float("nan"), g)
    t = recurrence(_weight(y, _shifted(y, dim, False, float("inf")), 1.0), g, dim, True)
    return t * _weight(x, y, _C.where(_C.eq(t, 0), t, float("nan")))


def _weight(x: Tensor, y: Tensor, undefined: Any) -> Tensor:
    """exp(x - y), 0 where x is -inf (and y may be, too), `undefined` where else x - y is NaN."""
    nothing = _C.eq(x, float("-inf"))
    masked = _C.logical_or(nothing, _C.isnan(_C.sub(x, y)))
    inside = exp(where(masked, 0.0, x) - where(masked, 0.0, y))
    return where(nothing, 0.0, where(masked, undefined, inside))


def cummax(input: Tensor, dim: int) -> ValuesAndIndices:
    """The largest so far along `dim` and where it stands (int64), of equal ones the last; NaN from
    the first on.  The gradient goes to the elements that the indices name.

    Raises:
        IndexError: there is no such dimension.
    """
    return _running(_C.cummax, input, dim)


def cummin(input: Tensor, dim: int) -> ValuesAndIndices:
    """The smallest so far along `dim` and where it stands (int64), of equal ones the last; NaN from
    the first on.  The gradient goes to the elements that the indices name.

    Raises:
        IndexError: there is no such dimension.
    """
    return _running(_C.cummin, input, dim)


def _running(kernel: Any, input: Tensor, dim: int) -> ValuesAndIndices:
    values, indices = kernel(input, dim)
    return ValuesAndIndices(picked(values, input, dim, indices), indices)


def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """x[k+1] - x[k] along `dim`, `n` times; of bools whether they differ.

    `prepend` and `append` are joined to input before; for n = 0 it is a copy of input alone.

    Raises:
        ValueError: n is below 0, input has no dimension, or what is joined does not fit.
        IndexError: there is no such dimension. TypeError: n is no int.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"diff: n: expected an int, got {type(n).__name__}")
    if n < 0:
        raise ValueError(f"diff: n: expected at least 0, got {n}")
    if input.ndim == 0:
        raise ValueError("diff: input: expected at least one dimension, got shape ()")
    d = check.dimension("diff: dim", dim, input.ndim)
    if n == 0:
        return clone(input)
    parts = [x for x in (prepend, input, append) if x is not None]
    x = cat(parts, d) if len(parts) > 1 else input
    for _ in range(min(n, x.shape[d])):  # then nothing is left
        later, earlier = _part(x, d, 1, None), _part(x, d, 0, max(x.shape[d] - 1, 0))
        x = logical_xor(later, earlier) if x.dtype is _C.DType.bool else later - earlier
    return x
