"""What is scattered to one place, reduced there: a composition."""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, needs_grad, record
from ..inplace import check_in_place, replaced_by
from ..tensor import Tensor
from .binary import div, floor_divide, mul
from .cat import cat
from .index import gather, scatter, scatter_add
from .split import narrow
from .where import where

_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of `input` with, at [i][index[i][j][k]][k] for dim 1, the sum, product, mean, largest
    or smallest (`reduce` "sum", "prod", "mean", "amax", "amin") of the elements src[i][j][k] that
    are sent there, and unless `include_self` is False of the element of input there.  Where none is
    sent input stays.  The part of `src` beyond the index's shape is left out.

    The mean of integers is rounded down.  NaN is the largest and the smallest; equal ones share the
    gradient of "amax" and "amin".

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints, src of another dtype than input, or input of bools.
        ValueError: reduce is none of these; index is larger than src, or larger than input besides
            dim.
    """
    check.one_of("scatter_reduce: reduce", reduce, _REDUCTIONS)
    for name, value in (("input", input), ("index", index), ("src", src)):
        check.tensor(f"scatter_reduce: {name}", value)
    if input.dtype is _C.DType.bool:
        raise TypeError("scatter_reduce: input: expected numbers, got dtype bool")
    if src.shape != index.shape and src.ndim == index.ndim:
        src = src[tuple([slice(size) for size in index.shape])]
    _C.scatter_reduce(input, dim, index, src)  # checks the arguments
    if not index.numel():
        return input.clone()
    d = check.dimension("scatter_reduce: dim", dim, input.ndim)
    if reduce in ("amax", "amin"):
        return _extremum(input, d, index, src, reduce == "amax", include_self)
    neutral = 1 if reduce == "prod" else 0
    if not include_self:
        input = scatter(input, d, index, value=neutral)
    if reduce == "prod":
        return _product(input, d, index, src)
    total = scatter_add(input, d, index, src)
    if reduce == "sum":
        return total
    counts = _C.full(input.shape, 1, input.dtype)
    counts = counts if include_self else _C.scatter(counts, d, index, _like(src, 0))
    counts = _C.scatter_add(counts, d, index, _like(src, 1))
    return div(total, counts) if input.is_floating_point() else floor_divide(total, counts)


def scatter_reduce_(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`scatter_reduce`, into `input`."""
    check_in_place("scatter_reduce_", input)
    before = input.clone() if needs_grad(input, src) else input  # the vjp may need it
    return replaced_by(
        input, scatter_reduce(before, dim, index, src, reduce, include_self=include_self)
    )


def _like(x: Tensor, value: int) -> Tensor:
    return _C.full(x.shape, value, x.dtype)


def _product(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input times the elements sent to each place.  Sorted by their index these stand side by side,
    where the running products of 2, 4, 8, ... elements with one index are taken."""
    n = index.shape[dim]
    at, order = _C.sort(index, dim, False)
    running = gather(src, dim, order)
    step = 1
    while step < n:
        same = _C.eq(narrow(at, dim, step, n - step), narrow(at, dim, 0, n - step))
        before = where(same, narrow(running, dim, 0, n - step), 1)
        later = mul(narrow(running, dim, step, n - step), before)
        running = cat([narrow(running, dim, 0, step), later], dim)
        step *= 2
    return mul(input, scatter(_like(input, 1), dim, at, running))  # the last one stays


def _extremum(
    input: Tensor, dim: int, index: Tensor, src: Tensor, largest: bool, include_self: bool
) -> Tensor:
    """Scattered in the order of size, so that the wanted one, or NaN, stays."""
    key = src.detach()
    if not largest:
        key = _C.neg(key) if key.is_floating_point() else _C.bitwise_not(key)
    order = _C.sort(key, dim, False)[1]
    at, values = _C.gather(index, dim, order), _C.gather(src, dim, order)
    out = _C.scatter(input, dim, at, values)
    if include_self:
        out = (_C.maximum if largest else _C.minimum)(input, out)
    return record(out, _extremum_vjp, (input, src), (input, src, index, out), dim, include_self)


def _extremum_vjp(
    node: Node, g: Tensor, dim: int, include_self: bool
) -> tuple[Tensor | None, Tensor | None]:
    input, src, index, out = node.saved_tensors
    need_input, need_src = node.needs_input_grad
    chosen, kept = _same(src, _C.gather(out, dim, index)), _same(input, out)
    if not include_self:  # input stays only where nothing came
        kept = _C.scatter(kept, dim, index, _C.full(index.shape, False, kept.dtype))
    count = _C.scatter_add(_C.cast(kept, g.dtype), dim, index, _C.cast(chosen, g.dtype))
    share = g / count
    return (
        where(kept, share, 0.0) if need_input else None,
        where(chosen, gather(share, dim, index), 0.0) if need_src else None,
    )


def _same(a: Tensor, b: Tensor) -> Tensor:
    return _C.logical_or(_C.eq(a, b), _C.logical_and(_C.isnan(a), _C.isnan(b)))
