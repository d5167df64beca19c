"""Reductions over one, several or all dimensions (`dim` None or ()), as in PyTorch.

Sums are kept in higher precision than the result's (csrc/core/reduce.h) and do not depend on the
number of threads.  A NaN reaches the result that its element belongs to, and no other.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from .. import _C, check
from ..autograd import Node, needs_grad, record
from ..explain import explained
from ..tensor import Tensor
from . import binary, index
from .copy import cast
from .norm import norm  # noqa: F401 (the list of ops looks for it here)
from .view import expand, permute, reshape
from .where import where

Dim = int | Sequence[int] | None
Shape = tuple[int, ...]


class MinAndMax(NamedTuple):
    """What `aminmax` gives."""

    min: Tensor
    max: Tensor


class ValuesAndIndices(NamedTuple):
    """What `max` and `min` over one dimension give."""

    values: Tensor
    indices: Tensor


def _kept_shape(shape: Shape, dim: Dim) -> Shape:
    """`shape` with 1 for the sizes of the reduced dimensions."""
    if dim is None or dim == () or dim == []:
        return (1,) * len(shape)
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    reduced = [d % builtins.max(len(shape), 1) for d in dims]
    return tuple([1 if d in reduced else size for d, size in enumerate(shape)])


def _numel(shape: Shape, kept: Shape) -> int:
    """How many elements are reduced to one."""
    n = 1
    for size, left in zip(shape, kept, strict=True):
        n *= size if left == 1 else 1
    return n


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`; of nothing 0.  Integers and bools give int64, or `dtype` (wrapping).

    Raises:
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    if dtype is not None:
        return cast(sum(cast(input, dtype), dim, keepdim), dtype)
    out = _C.sum(input, dim, keepdim)
    if not needs_grad(input):
        return out
    return record(out, _sum_vjp, (input,), (), input.shape, _kept_shape(input.shape, dim))


def _sum_vjp(_: Node, g: Tensor, shape: Shape, kept: Shape) -> Tensor:
    return expand(reshape(g, kept), shape)


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of floats; of nothing NaN.

    Raises:
        TypeError: input (after the conversion to `dtype`) is neither float32 nor float64.
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    if dtype is not None:
        input = cast(input, dtype)
    out = _C.mean(input, dim, keepdim)
    if not needs_grad(input):
        return out
    return record(out, _mean_vjp, (input,), (), input.shape, _kept_shape(input.shape, dim))


def _mean_vjp(_: Node, g: Tensor, shape: Shape, kept: Shape) -> Tensor:
    n = _numel(shape, kept)
    return expand(reshape(g / n if n else g, kept), shape)


def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`sum` of what is not NaN; of nothing 0."""
    x = input if dtype is None else cast(input, dtype)
    numbers = where(binary.eq(x, x), x, 0) if x.is_floating_point() else x
    return sum(numbers, dim, keepdim, dtype=dtype)


def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`mean` of what is not NaN; of nothing NaN.

    Raises:
        TypeError: input (after the conversion to `dtype`) is neither float32 nor float64.
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    x = input if dtype is None else cast(input, dtype)
    if not x.is_floating_point():
        raise TypeError(f"nanmean: input: expected dtype float32 or float64, got {x.dtype.name}")
    return nansum(x, dim, keepdim) / sum(binary.eq(x, x), dim, keepdim)


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements over `dim` are not 0 (int64); NaN is not 0."""
    return _C.sum(_C.ne(input, 0), dim, False)


def prod(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over `dim`; of nothing 1.  Integers and bools give int64, or `dtype` (wrapping).

    Over- or underflows only where the result does.  Of float64 every factor adds half a ULP.  The
    gradient divides by nothing: it is right where elements are 0.

    Raises:
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    if dtype is not None:
        return cast(prod(cast(input, dtype), dim, keepdim), dtype)
    out = _C.prod(input, dim, keepdim)
    return record(out, _prod_vjp, (input,), (input,), _kept_shape(input.shape, dim))


def _prod_vjp(node: Node, g: Tensor, kept: Shape) -> Tensor:
    from .scan import product_of_others

    (x,) = node.saved_tensors
    shape = x.shape
    # The reduced dimensions as one, behind the others; and the way back.
    order = sorted(range(len(shape)), key=lambda d: (kept[d] == 1, d))
    rows = permute(x, order)
    left = [shape[d] for d in order if kept[d] != 1]
    others = product_of_others(reshape(rows, (*left, _numel(shape, kept))), -1)
    back = sorted(range(len(shape)), key=lambda i: order[i])
    return reshape(g, kept) * permute(reshape(others, rows.shape), back)


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: squared deviations from the mean, divided by n - correction.

    `correction` is 1 unless given; `unbiased=False` is correction 0, `var(input, False)` too.
    Where n - correction is not positive the result is NaN (or inf).
    Computed in float64, in two passes, chunks merged after Chan, Golub & LeVeque (1983).

    Raises:
        TypeError: input is no float tensor, or both `unbiased` and `correction` are given.
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    dim, correction = _corrected("var", dim, unbiased, correction)
    out = _C.var(input, dim, correction, keepdim)
    if not needs_grad(input):
        return out
    return record(out, _var_vjp, (input,), (input,), _kept_shape(input.shape, dim), dim, correction)


def _var_vjp(node: Node, g: Tensor, kept: Shape, dim: Dim, correction: float) -> Tensor:
    (x,) = node.saved_tensors
    left = _numel(x.shape, kept) - correction
    scale = 2 / left if left > 0 else float("nan")
    return reshape(g, kept) * scale * (x - mean(x, dim, keepdim=True))


def _corrected(op: str, dim: Any, unbiased: bool | None, correction: float | None) -> Any:
    """dim and correction, from arguments in any of the two forms."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{op}: expected unbiased or correction, got both")
    if correction is None:
        correction = 1 if unbiased is None else int(check.switch(f"{op}: unbiased", unbiased))
    return dim, correction


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the root of `var`.  Where it is 0, so is the gradient.

    Raises:
        As `var`.
    """
    dim, correction = _corrected("std", dim, unbiased, correction)
    out = _C.sqrt(_C.var(input, dim, correction, keepdim))
    if not needs_grad(input):
        return out
    kept = _kept_shape(input.shape, dim)
    return record(out, _std_vjp, (input,), (input, out), kept, dim, correction)


def _std_vjp(node: Node, g: Tensor, kept: Shape, dim: Dim, correction: float) -> Tensor:
    x, y = node.saved_tensors
    left = _numel(x.shape, kept) - correction
    scale = 1 / left if left > 0 else float("nan")
    constant = _C.eq(y, 0)
    slope = where(constant, 0.0, g / where(constant, 1.0, y))
    return reshape(slope, kept) * scale * (x - mean(x, dim, keepdim=True))


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """`var` and `mean` over `dim`."""
    dim, correction = _corrected("var_mean", dim, unbiased, correction)
    return var(input, dim, None, keepdim, correction=correction), mean(input, dim, keepdim)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """`std` and `mean` over `dim`."""
    dim, correction = _corrected("std_mean", dim, unbiased, correction)
    return std(input, dim, None, keepdim, correction=correction), mean(input, dim, keepdim)


def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim`, NaN if one is.  Equal ones share the gradient equally.

    Raises:
        ValueError: a dimension that is reduced is empty, or named twice.
        IndexError: there is no such dimension.
    """
    return _extremum(_C.amax, _C.lt, input, dim, keepdim)


def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim`, NaN if one is.  Equal ones share the gradient equally.

    Raises:
        ValueError: a dimension that is reduced is empty, or named twice.
        IndexError: there is no such dimension.
    """
    return _extremum(_C.amin, _C.gt, input, dim, keepdim)


def _extremum(kernel: Any, loses: Any, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    out = kernel(input, dim, keepdim)
    if not needs_grad(input):
        return out
    return record(
        out, _extremum_vjp, (input,), (input, out), loses, _kept_shape(input.shape, dim), dim
    )


def _extremum_vjp(node: Node, g: Tensor, loses: Any, kept: Shape, dim: Dim) -> Tensor:
    x, y = node.saved_tensors
    # Nothing loses against NaN: its gradient goes to the whole row.
    chosen = _C.logical_not(loses(x, _C.view(y, kept)))
    share = reshape(g, kept) / _C.sum(chosen, dim, True)
    return where(chosen, share, 0.0)


def aminmax(input: Tensor, *, dim: Dim = None, keepdim: bool = False) -> MinAndMax:
    """`amin` and `amax` over `dim`."""
    over = () if dim is None else dim
    return MinAndMax(amin(input, over, keepdim), amax(input, over, keepdim))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index (int64) of the first largest element along `dim`, or in the flattened input; the
    first NaN goes before all.

    Raises:
        ValueError: the dimension is empty. IndexError: there is no such dimension.
    """
    return _C.argmax(input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index (int64) of the first smallest element along `dim`, or in the flattened input; the
    first NaN goes before all.

    Raises:
        ValueError: the dimension is empty. IndexError: there is no such dimension.
    """
    return _C.argmin(input, dim, keepdim)


@overload
def max(input: Tensor, dim: None = None, keepdim: bool = False) -> Tensor: ...
@overload
def max(input: Tensor, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
@overload
def max(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor) -> Tensor: ...
@explained
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """`max(input)`: the largest element.  `max(input, dim)`: values and indices along `dim`, of the
    first largest elements.  `max(input, other)`: element by element, as `maximum`.  NaN wins.

    Raises:
        ValueError: the dimension is empty. IndexError: there is no such dimension.
    """
    return _overloaded(amax, _C.max, binary.maximum, input, dim, keepdim, other)


@overload
def min(input: Tensor, dim: None = None, keepdim: bool = False) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
@overload
def min(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor) -> Tensor: ...
@explained
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """`min(input)`: the smallest element.  `min(input, dim)`: values and indices along `dim`, of
    the first smallest elements.  `min(input, other)`: element by element, as `minimum`.  NaN wins.

    Raises:
        ValueError: the dimension is empty. IndexError: there is no such dimension.
    """
    return _overloaded(amin, _C.min, binary.minimum, input, dim, keepdim, other)


def _overloaded(
    extremum: Any, along: Any, of_two: Any, input: Tensor, dim: Any, keepdim: bool, other: Any
) -> Any:
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return of_two(input, other)
    if dim is None:
        return extremum(input)
    values, indices = along(input, dim, keepdim)
    return ValuesAndIndices(index.picked(values, input, dim, indices), indices)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements over `dim` are true (not 0; NaN is true); of nothing True."""
    return _C.all(input, dim, keepdim)


def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element over `dim` is true (not 0; NaN is true); of nothing False."""
    return _C.any(input, dim, keepdim)
