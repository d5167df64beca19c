"""Sorting, and what stands where in sorted order, as in PyTorch.

NaN counts as larger than all numbers, 0 and -0 as equal.  Everything is stable: of equal elements
the first comes first, also in descending order.  A gradient goes to the elements that the indices
name.
"""

from __future__ import annotations

from typing import Any, overload

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .index import gather, picked
from .reduce import ValuesAndIndices
from .view import reshape, squeeze
from .where import where


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> ValuesAndIndices:
    """`input` sorted along `dim`, and where its elements stood (int64).

    Raises:
        IndexError: there is no such dimension.
    """
    values, indices = _C.sort(input, dim, descending)
    return ValuesAndIndices(picked(values, input, dim, indices), indices)


def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> Tensor:
    """The indices (int64) that sort `input` along `dim`.

    Raises:
        IndexError: there is no such dimension.
    """
    return _C.sort(input, dim, descending)[1]


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesAndIndices:
    """The k largest (smallest) elements along `dim` and where they stood (int64): the first k of
    `sort(input, dim, descending=largest)`.

    Raises:
        ValueError: k is not in [0, size]. IndexError: there is no such dimension.
    """
    values, indices = _C.topk(input, k, dim, largest)
    return ValuesAndIndices(picked(values, input, dim, indices), indices)


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The k-th smallest element along `dim` (the smallest is the first) and where it stands.

    Raises:
        ValueError: k is not in [1, size]. IndexError: there is no such dimension.
    """
    d = check.dimension("kthvalue: dim", dim, input.ndim)
    size = input.shape[d] if input.ndim else 1
    if check.positive_int("kthvalue: k", k) > size:
        raise ValueError(f"kthvalue: k: expected an int in [1, {size}], got {k}")
    if input.ndim == 0:
        return _chosen(input, d, _C.full((), 0, _C.DType.int64), keepdim)
    _, indices = _C.topk(input, k, d, False)
    return _chosen(input, d, _C.index(indices, (*[slice(None)] * d, slice(k - 1, k))), keepdim)


def _chosen(input: Tensor, dim: int, indices: Tensor, keepdim: bool) -> ValuesAndIndices:
    """The elements that `indices`, of size 1 along `dim`, name."""
    values = gather(input, dim, indices) if input.ndim else input.clone()
    if keepdim or not input.ndim:
        return ValuesAndIndices(values, indices)
    return ValuesAndIndices(squeeze(values, dim), squeeze(indices, dim))


@overload
def median(input: Tensor) -> Tensor: ...
@overload
def median(input: Tensor, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """`median(input, dim)`: the median along `dim`, of two the lower, and where it stands.
    `median(input)`: that of all elements; equal ones share its gradient.  NaN if any is.

    Raises:
        ValueError: there are no elements. IndexError: there is no such dimension.
    """
    return _median("median", input, dim, keepdim, False)


@overload
def nanmedian(input: Tensor) -> Tensor: ...
@overload
def nanmedian(input: Tensor, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """`median` of what is not NaN; of nothing else NaN.

    Raises:
        ValueError: there are no elements. IndexError: there is no such dimension.
    """
    return _median("nanmedian", input, dim, keepdim, True)


def _median(op: str, input: Tensor, dim: int | None, keepdim: bool, ignore_nan: bool) -> Any:
    if dim is None:
        flat = reshape(input.detach(), -1)
        out = _median(op, flat, 0, False, ignore_nan).values
        return record(out, _median_vjp, (input,), (input, out))
    d = _dimension_with_elements(op, input, dim)
    values, indices = _C.sort(input, d, False)
    if not input.ndim:
        return _chosen(input, d, indices, keepdim)
    place = _C.cast(_ranks(values, d, 0.5, ignore_nan), _C.DType.int64)
    return _chosen(input, d, _C.gather(indices, d, place), keepdim)


def _median_vjp(node: Node, g: Tensor) -> Tensor:
    x, y = node.saved_tensors
    equal = _C.logical_or(_C.eq(x, y), _C.logical_and(_C.ne(x, x), _C.ne(y, y)))
    return where(equal, g / _C.sum(equal), 0.0)


def _dimension_with_elements(op: str, input: Tensor, dim: Any) -> int:
    d = check.dimension(f"{op}: dim", dim, input.ndim)
    if input.ndim and input.shape[d] == 0:
        raise ValueError(
            f"{op}: dim: expected a dimension that is not empty, got dimension {d} of "
            f"shape {input.shape}"
        )
    return d


def _ranks(values: Tensor, dim: int, q: float, ignore_nan: bool) -> Tensor:
    """Where the quantile q stands in sorted values, between 0 and size - 1 (float64): without the
    NaNs at their end, or at the first of those if there are any."""
    number = _C.eq(values, values)
    count = _C.sum(number, dim, True)
    ranks = _C.mul(_C.cast(_C.maximum(_C.sub(count, 1), 0), _C.DType.float64), q)
    return ranks if ignore_nan else _C.where(_C.lt(count, values.shape[dim]), count, ranks)


def quantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The value below which the fraction q of the elements over `dim` lies; NaN if any is NaN.

    It stands at q (size - 1) in sorted order: between two elements they are interpolated
    ("linear"), or it is the "lower", the "higher", their "midpoint", or the "nearest", of two the
    even one.  For a q of one dimension the result has that one in front.

    Raises:
        TypeError: input is neither float32 nor float64, or q is no number.
        ValueError: q is not in [0, 1] or has several dimensions, there are no elements, or there is
            no such interpolation.
        IndexError: there is no such dimension.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


def nanquantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """`quantile` of what is not NaN; of nothing else NaN.

    Raises:
        As `quantile`.
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    op: str, input: Tensor, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Tensor:
    if not input.is_floating_point():
        raise TypeError(f"{op}: input: expected dtype float32 or float64, got {input.dtype.name}")
    check.one_of(f"{op}: interpolation", interpolation, _INTERPOLATIONS)
    several = isinstance(q, Tensor) and q.ndim > 0
    if isinstance(q, Tensor) and q.ndim > 1:
        raise ValueError(f"{op}: q: expected at most one dimension, got shape {q.shape}")
    fractions = q.tolist() if several else [q.item() if isinstance(q, Tensor) else q]
    for fraction in fractions:
        check.number(f"{op}: q", fraction, 0, 1)
    kept: tuple[int, ...] = (1,) * input.ndim
    x = reshape(input, -1) if dim is None or not input.ndim else input
    d = _dimension_with_elements(op, x, 0 if dim is None else dim)
    if dim is not None and input.ndim:
        kept = (*x.shape[:d], 1, *x.shape[d + 1 :])
    shape = kept if keepdim else () if dim is None else (*kept[:d], *kept[d + 1 :])
    values = sort(x, d).values
    found = [
        reshape(_at(values, d, _ranks(values.detach(), d, f, ignore_nan), interpolation), shape)
        for f in fractions
    ]
    from .cat import stack

    if not found:
        return _C.full((0, *shape), 0, input.dtype)
    return stack(found) if several else found[0]


def _at(values: Tensor, dim: int, ranks: Tensor, interpolation: str) -> Tensor:
    """The values at `ranks`, interpolated."""
    low = _C.cast(ranks, _C.DType.int64)
    weight = _C.sub(ranks, low)
    between = _C.gt(weight, 0)
    high = _C.add(low, _C.cast(between, _C.DType.int64))
    if interpolation == "nearest":
        odd = _C.ne(_C.mul(_C.cast(_C.div(low, 2), _C.DType.int64), 2), low)
        up = _C.logical_or(_C.gt(weight, 0.5), _C.logical_and(_C.eq(weight, 0.5), odd))
        return gather(values, dim, _C.where(up, high, low))
    if interpolation in ("lower", "higher"):
        return gather(values, dim, low if interpolation == "lower" else high)
    a, b = gather(values, dim, low), gather(values, dim, high)
    part = 0.5 if interpolation == "midpoint" else _C.cast(weight, values.dtype)
    finite = _C.lt(_C.abs(a), float("inf"))
    return where(_C.logical_and(between, finite), a + (b - a) * part, a)
