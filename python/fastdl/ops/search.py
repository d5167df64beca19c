"""Searching in sorted sequences, and what is found by sorting: distinct elements, counts."""

from __future__ import annotations

import math
from typing import Any, Literal, overload

from .. import _C, capture, check
from ..explain import explained
from ..lazy import numpy as np
from ..tensor import Tensor
from .create import as_tensor
from .index import index_add
from .view import reshape


@explained
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each value of `input` would have to stand (int64) to leave the sequence sorted: before
    elements equal to it, with `right` (or side="right") behind them.

    The sequence is the last dimension of `sorted_sequence`; the dimensions before are those of
    `input`, or there are none.  With `sorter` it need not be sorted: `sorter` is its argsort.  The
    order is that of `sort`: NaN comes last.  Dtypes are promoted as in arithmetic.

    Raises:
        IndexError: sorter holds no indices of the sequence.
        ValueError: the shapes do not fit, or side is neither "left" nor "right".
    """
    if side is not None:
        if check.one_of("searchsorted: side", side, ("left", "right")) == "left" and right:
            raise ValueError("searchsorted: side: expected 'right' (right is True), got 'left'")
        right = side == "right"
    sequence = sorted_sequence
    if sorter is not None:
        if sorter.shape != sequence.shape:
            raise ValueError(
                f"searchsorted: sorter: expected shape {sequence.shape}, got {sorter.shape}"
            )
        sequence = _C.gather(sequence, -1, sorter)
    out = _C.searchsorted(*_promoted(sequence, _tensor_beside(input, sequence)), right)
    return _C.cast(out, _C.DType.int32) if out_int32 else out


def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """In which bucket between the sorted `boundaries` (one dimension) each value lies:
    boundaries[i-1] < x <= boundaries[i], with `right` boundaries[i-1] <= x < boundaries[i].
    Dtypes are promoted as in arithmetic.

    Raises:
        ValueError: boundaries has not one dimension.
    """
    if boundaries.ndim != 1:
        raise ValueError(
            f"bucketize: boundaries: expected one dimension, got shape {boundaries.shape}"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """Which of `elements` (bool) are among `test_elements`; NaN never is.  `invert`: which are not.

    Dtypes are promoted as in arithmetic.
    """
    x, tests = _tensor_beside(elements, test_elements), _tensor_beside(test_elements, elements)
    x, tests = _promoted(x, reshape(tests, -1))
    if tests.shape[0] == 0:
        return _C.full(x.shape, invert, _C.DType.bool)
    tests, _ = _C.sort(tests, 0, False)
    place = _C.minimum(_C.searchsorted(tests, x, False), tests.shape[0] - 1)
    nearest = _C.view(_C.index_select(tests, 0, _C.view(place, (-1,))), x.shape)
    return _C.ne(nearest, x) if invert else _C.eq(nearest, x)


def _tensor_beside(value: Any, other: Any) -> Tensor:
    """`value` as a tensor without history; a number takes the dtype of a float tensor beside it, a
    float beside ints is float64."""
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(other, Tensor) and other.is_floating_point():
        return _C.full((), value, other.dtype)
    return _C.full((), value, _C.DType.float64) if isinstance(value, float) else as_tensor(value)


def _promoted(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    if a.dtype is b.dtype:
        return a, b
    dtype = _C.cat([_C.full((1,), 0, t.dtype) for t in (a, b)], 0).dtype
    return _C.cast(a, dtype), _C.cast(b, dtype)


# ---- distinct elements -----------------------------------------------------------------------


@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]: ...
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, or the distinct slices along `dim`, sorted; they have no gradient.

    With `return_inverse` also where each element went, with `return_counts` how often each comes
    (int64).  NaNs are all distinct.

    Raises:
        IndexError: there is no such dimension. CaptureError: in a compiled step.
    """
    rows = _rows("unique", input, dim)
    if rows.ndim == 1:
        order = _C.numpy(_C.sort(as_tensor(rows), 0, False)[1])
    else:
        order = np.lexsort(rows.T[::-1]) if rows.size else np.arange(len(rows))
    return _distinct(input, dim, rows, order, return_inverse, return_counts)


@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]: ...
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """`unique` of neighbours only: the first of each run of equal elements, in their order.

    Raises:
        IndexError: there is no such dimension. CaptureError: in a compiled step.
    """
    rows = _rows("unique_consecutive", input, dim)
    return _distinct(input, dim, rows, np.arange(len(rows)), return_inverse, return_counts)


def _rows(op: str, input: Tensor, dim: int | None) -> np.ndarray:
    """The elements, or the slices along `dim` as rows."""
    capture.refuse_if_capturing(
        f"{op} gives a result whose shape depends on values", "call it outside of the step"
    )
    array = _C.numpy(input.detach())
    if dim is None:
        return array.reshape(-1)
    d = check.dimension(f"{op}: dim", dim, input.ndim)
    array = np.moveaxis(array, d, 0) if input.ndim else array.reshape(1)
    return array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim > 1 else array


def _distinct(
    input: Tensor, dim: int | None, rows: np.ndarray, order: np.ndarray, inverse: bool, counts: bool
) -> Any:
    ordered = rows[order]
    new = ordered[1:] != ordered[:-1]
    new = np.concatenate([np.ones(min(len(rows), 1), bool), new.any(1) if new.ndim > 1 else new])
    starts = np.flatnonzero(new)
    found = ordered[starts]
    if dim is not None and input.ndim > 1:
        d = dim % input.ndim
        rest = input.shape[:d] + input.shape[d + 1 :]
        found = np.moveaxis(found.reshape(len(starts), *rest), 0, d)
    results = [as_tensor(np.ascontiguousarray(found))]
    if inverse:
        to = np.empty(len(rows), np.int64)
        to[order] = np.cumsum(new) - 1
        results.append(as_tensor(to.reshape(input.shape) if dim is None else to))
    if counts:
        results.append(as_tensor(np.diff(starts, append=len(rows)).astype(np.int64)))
    return results[0] if len(results) == 1 else tuple(results)


# ---- counts ----------------------------------------------------------------------------------


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max] (the last one with max), in
    input's dtype; what lies outside, and NaN, is not counted.

    If min and max are equal, the smallest and the largest element are taken (one less and one more
    if they are equal, too).

    Raises:
        TypeError: input is neither float32 nor float64, or bins is no int.
        ValueError: bins is below 1, min above max, or one of them is not finite.
    """
    if not input.is_floating_point():
        raise TypeError(f"histc: input: expected dtype float32 or float64, got {input.dtype.name}")
    check.positive_int("histc: bins", bins)
    x = _C.cast(_C.view(_C.contiguous(input.detach()), (-1,)), _C.DType.float64)
    if min == max and input.numel():
        min, max = _C.item(_C.amin(x)), _C.item(_C.amax(x))
    if not (min <= max and abs(min) < float("inf") and abs(max) < float("inf")):
        raise ValueError(f"histc: min, max: expected finite min <= max, got {min} and {max}")
    if min == max:
        min, max = min - 1, max + 1
    if max - min == float("inf"):
        x, min, max = _C.mul(x, 0.25), min * 0.25, max * 0.25
    inside = _C.logical_and(_C.ge(x, min), _C.le(x, max))
    part = _C.mul(_C.div(_C.sub(_C.where(inside, x, float(min)), min), max - min), float(bins))
    part = _C.minimum(_C.cast(part, _C.DType.int64), bins - 1)
    part = _C.where(inside, part, bins)
    ones = _C.full(part.shape, 1, _C.DType.int64)
    counts = _C.index_add(_C.full((bins + 1,), 0, _C.DType.int64), 0, part, ones)
    return _C.cast(_C.index(counts, (slice(0, bins),)), input.dtype)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2 … comes in `input` (one dimension, ints), or the sums of their
    weights: int64, or the weights' dtype and with their gradient.

    Raises:
        TypeError: input is not of ints, or minlength no int.
        ValueError: one is below 0, input has not one dimension, or weights have not its shape.
        CaptureError: in a compiled step.
    """
    capture.refuse_if_capturing(
        "bincount gives a result whose shape depends on values", "use index_add"
    )
    if input.dtype.is_floating_point or input.dtype is _C.DType.bool:
        raise TypeError(f"bincount: input: expected a dtype of ints, got {input.dtype.name}")
    if input.ndim != 1:
        raise ValueError(f"bincount: input: expected one dimension, got shape {input.shape}")
    if weights is not None and weights.shape != input.shape:
        raise ValueError(f"bincount: weights: expected shape {input.shape}, got {weights.shape}")
    if isinstance(minlength, bool) or not isinstance(minlength, int):
        raise TypeError(f"bincount: minlength: expected an int, got {type(minlength).__name__}")
    if minlength < 0:
        raise ValueError(f"bincount: minlength: expected at least 0, got {minlength}")
    length = minlength
    if input.numel():
        if (low := _C.item(_C.amin(input))) < 0:
            raise ValueError(f"bincount: input: expected ints of at least 0, got {low}")
        length = max(length, _C.item(_C.amax(input)) + 1)
    at = _C.cast(input, _C.DType.int64)
    if weights is None:
        weights = _C.full(at.shape, 1, _C.DType.int64)
    return index_add(_C.full((length,), 0, weights.dtype), 0, at, weights)
