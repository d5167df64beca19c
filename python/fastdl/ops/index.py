"""Indexing: `x[key]`, `x[key] = value`, and selecting and adding along a dimension.

Indices are checked before anything is read or written.  In `x[...]` negative ones count from the
end; the functions refuse them, as PyTorch does (`index_fill` does not).
"""

from __future__ import annotations

import math
from types import EllipsisType, NoneType
from typing import Any, NamedTuple

from .. import _C, check
from ..autograd import Node, needs_grad, record
from ..inplace import changed_in_place, check_in_place, replaced_by
from ..lazy import numpy as np
from ..tensor import Tensor
from .binary import _ONE, _scaled
from .copy import cast, copy_, fill_
from .create import as_tensor
from .view import expand, index, permute, reshape, unsqueeze
from .where import where

_BASIC = (int, slice, NoneType, EllipsisType)
_FULL = slice(None)


# ---- x[key] ----------------------------------------------------------------------------------


def getitem(input: Tensor, key: Any) -> Tensor:
    """`input[key]`: a view for ints, slices, None and Ellipsis.

    Arrays, lists and tensors of ints in the key select elements into a copy, all of them broadcast
    together, and a bool mask selects where it is True.  The result's dimension stands where the
    array stood, or first if several arrays do not stand side by side.  (Ints beside arrays are
    applied first, as in PyTorch; NumPy takes them for arrays.)

    Raises:
        IndexError: an index is out of range, a mask does not fit, or arrays do not broadcast.
        TypeError: the key holds something else.
    """
    key = key if type(key) is tuple else (key,)
    if not _has_arrays(key):
        return index(input, key)
    at = _Selection.of(input, key)
    out = index_select(_with_shape(at.rows, at.merged), at.dim, _with_shape(at.flat, (-1,)))
    return _with_shape(out, at.shape)


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """`input[key] = value`, with value broadcast and converted; keys as in `getitem`.

    Where an element is named several times, the last value stays.

    Raises:
        IndexError, TypeError: as getitem. ValueError: value does not broadcast to the selection.
        RuntimeError: input is a leaf that requires grad.
    """
    check_in_place("__setitem__", input)
    key = key if type(key) is tuple else (key,)
    number = isinstance(value, int | float)
    if not number and not isinstance(value, Tensor):
        value = as_tensor(np.asarray(value))
    if not _has_arrays(key):
        part = index(input, key)
        if number:
            fill_(part, value)
        else:
            copy_(part, value)
        return
    value = _C.full((), value, input.dtype) if number else cast(value, input.dtype)
    at = _Selection.of(input, key)
    flat = _with_shape(at.flat, (-1,))
    sizes = (*at.merged[: at.dim], flat.shape[0], *at.merged[at.dim + 1 :])
    try:
        source = reshape(expand(value, at.shape), sizes)
    except ValueError:
        raise ValueError(
            f"__setitem__: value: expected a shape that broadcasts to {at.shape}, got {value.shape}"
        ) from None
    if not needs_grad(input, value) and _C.is_contiguous(at.rows):
        _C.index_copy_(_C.view(at.rows, at.merged), at.dim, flat, source)
        changed_in_place(input, None)
        return
    changed = index_copy(_with_shape(at.rows, at.merged), at.dim, flat, source)
    copy_(at.rows, _with_shape(changed, at.rows.shape))


def _has_arrays(key: tuple[Any, ...]) -> bool:
    return any(type(k) not in _BASIC and _is_array(k) for k in key)


def _is_array(k: Any) -> bool:
    """Whether k selects element by element; numbers of any class are ints to the basic indexing."""
    if isinstance(k, bool) or (getattr(k, "ndim", 1) == 0 and "bool" in str(k.dtype)):
        raise TypeError(f"index: expected ints, slices, None, arrays or masks, got the bool {k}")
    return isinstance(k, list | tuple) or (hasattr(k, "ndim") and k.ndim > 0)


def _array(k: Any) -> Tensor:
    """The indices or the mask that k stands for."""
    array = k if isinstance(k, Tensor) else np.asarray(k)
    if not isinstance(array, Tensor):
        if array.size == 0 and isinstance(k, list | tuple):
            array = array.astype(np.int64)
        if array.dtype.kind not in "iub" or array.dtype == np.uint64:
            raise TypeError(f"index: expected arrays of ints or bools, got {array.dtype}")
        array = as_tensor(array if array.dtype.kind == "b" else array.astype(np.int64))
    if array.dtype not in (_C.DType.int64, _C.DType.int32, _C.DType.bool):
        raise TypeError(f"index: expected arrays of int64, int32 or bool, got {array.dtype.name}")
    return array


class _Selection(NamedTuple):
    """What a key with arrays selects: elements `flat` along `dim` of rows.reshape(merged)."""

    rows: Tensor  # the input with the rest of the key applied, indexed dimensions side by side
    merged: tuple[int, ...]  # its shape with the indexed dimensions made one
    dim: int
    flat: Tensor
    shape: tuple[int, ...]  # of the result

    @staticmethod
    def of(input: Tensor, key: tuple[Any, ...]) -> _Selection:
        basic: list[Any] = []
        arrays: dict[int, Tensor] = {}  # by place in basic, where full slices stand for them
        for k in key:
            if type(k) not in _BASIC and _is_array(k):
                array = _array(k)
                arrays[len(basic)] = array
                basic += [_FULL] * (array.ndim if array.dtype is _C.DType.bool else 1)
            else:
                basic.append(k)
        plain = all(type(k) is slice and k == _FULL for k in basic)
        rows = input if plain and len(basic) <= input.ndim else index(input, tuple(basic))
        dims: list[int] = []
        indices: list[Tensor] = []
        for place, array in arrays.items():
            dim = _result_dim(basic, place, rows.ndim)
            parts = _nonzero(array, rows.shape, dim) if array.dtype is _C.DType.bool else [array]
            dims += range(dim, dim + len(parts))
            indices += parts
        sizes = [rows.shape[d] for d in dims]
        wrapped = [_C.wrap_index(*x) for x in zip(indices, dims, sizes, strict=True)]
        if dims != list(range(dims[0], dims[0] + len(dims))):
            rest = [d for d in range(rows.ndim) if d not in dims]
            rows = permute(rows, (*dims, *rest))
            dims = list(range(len(dims)))
        first, after = dims[0], dims[-1] + 1
        flat = wrapped[0]
        for i, size in zip(wrapped[1:], sizes[1:], strict=True):
            flat = _C.add(_C.mul(flat, size), _broadcasts(i, flat))
        before, behind = rows.shape[:first], rows.shape[after:]
        merged = (*before, math.prod(sizes), *behind)
        return _Selection(rows, merged, first, flat, (*before, *flat.shape, *behind))


def _result_dim(basic: list[Any], place: int, ndim: int) -> int:
    """Which dimension of the basic indexing's result the slice at `place` gives."""
    if any(k is Ellipsis for k in basic[:place]):  # count from the end
        return ndim - sum(not hasattr(k, "__index__") for k in basic[place:])
    return sum(not hasattr(k, "__index__") for k in basic[:place])


def _nonzero(mask: Tensor, shape: tuple[int, ...], dim: int) -> list[Tensor]:
    """Where the mask is True, one index per dimension."""
    if mask.shape != shape[dim : dim + mask.ndim]:
        raise IndexError(
            f"index: a mask of shape {mask.shape} does not fit dimensions {dim} to "
            f"{dim + mask.ndim - 1} of shape {shape}"
        )
    return [as_tensor(i) for i in np.nonzero(mask.detach().numpy())]


def _broadcasts(i: Tensor, other: Tensor) -> Tensor:
    for a, b in zip(i.shape[::-1], other.shape[::-1], strict=False):
        if a != b and a != 1 and b != 1:
            raise IndexError(
                "index: expected index arrays that broadcast together, got shapes "
                f"{other.shape} and {i.shape}"
            )
    return i


def _with_shape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x if x.shape == shape else reshape(x, shape)


# ---- along a dimension -----------------------------------------------------------------------


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of `input` along `dim` that `index` (one dimension, int64 or int32) names.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints. ValueError: it has not one dimension.
    """
    out = _C.index_select(input, dim, index)
    return record(out, _index_select_vjp, (input,), (index,), input.shape, dim)


def _index_select_vjp(node: Node, g: Tensor, shape: tuple[int, ...], dim: int) -> Tensor:
    (index,) = node.saved_tensors
    return index_add(_C.full(shape, 0, g.dtype), dim, index, g)


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of `input` with slice k of alpha * source added to slice index[k] along `dim`, in the
    order of k.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints, or source of another dtype than input.
        ValueError: source does not have input's shape with len(index) slices along dim.
    """
    if alpha is not _ONE:
        source = _scaled("index_add", source, alpha)
    out = _C.index_add(input, dim, index, source)
    return record(out, _index_add_vjp, (input, source), (index,), dim)


def _index_add_vjp(node: Node, g: Tensor, dim: int) -> tuple[Tensor | None, Tensor | None]:
    (index,) = node.saved_tensors
    need_input, need_source = node.needs_input_grad
    return (g if need_input else None, index_select(g, dim, index) if need_source else None)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with slice index[k] along `dim` replaced by slice k of source.

    If index names a slice several times the last one stays (the gradient goes to all of them).

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints, or source of another dtype than input.
        ValueError: source does not have input's shape with len(index) slices along dim.
    """
    out = _C.index_copy(input, dim, index, source)
    return record(out, _index_copy_vjp, (input, source), (index,), dim)


def _index_copy_vjp(node: Node, g: Tensor, dim: int) -> tuple[Tensor | None, Tensor | None]:
    (index,) = node.saved_tensors
    need_input, need_source = node.needs_input_grad
    selected = index_select(g, dim, index)
    return (
        index_copy(g, dim, index, _C.full(selected.shape, 0, g.dtype)) if need_input else None,
        selected if need_source else None,
    )


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """out[i][j][k] = input[i][index[i][j][k]][k] for dim 1: the shape is the index's.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints. ValueError: it is larger than input besides dim.
    """
    out = _C.gather(input, dim, index)
    return picked(out, input, dim, index)


def picked(values: Tensor, input: Tensor, dim: int, indices: Tensor) -> Tensor:
    """`values`, recorded as what `indices`, with or without the dimension, name along `dim` of
    `input`."""
    return record(values, _gather_vjp, (input,), (indices,), input.shape, dim)


def _gather_vjp(node: Node, g: Tensor, shape: tuple[int, ...], dim: int) -> Tensor:
    (index,) = node.saved_tensors
    if not shape:
        return g
    if g.ndim < len(shape):
        g, index = unsqueeze(g, dim), unsqueeze(index, dim)
    return scatter_add(_C.full(shape, 0, g.dtype), dim, index, g)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with src[i][j][k] added at [i][index[i][j][k]][k] for dim 1, in the order
    of j.  The part of `src` beyond the index's shape is left out.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints, or src of another dtype than input.
        ValueError: index is larger than src, or larger than input besides dim.
    """
    check.tensor("scatter_add: index", index)
    check.tensor("scatter_add: src", src)
    if src.shape != index.shape and src.ndim == index.ndim:
        src = src[tuple([slice(size) for size in index.shape])]
    out = _C.scatter_add(input, dim, index, src)
    return record(out, _scatter_add_vjp, (input, src), (index,), dim)


def _scatter_add_vjp(node: Node, g: Tensor, dim: int) -> tuple[Tensor | None, Tensor | None]:
    (index,) = node.saved_tensors
    need_input, need_src = node.needs_input_grad
    return (g if need_input else None, gather(g, dim, index) if need_src else None)


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Tensor | None = None, *, value: Any = None
) -> Tensor:
    """A copy of `input` with src[i][j][k], or the number `value`, at [i][index[i][j][k]][k] for
    dim 1.  The part of `src` beyond the index's shape is left out.

    Where a place is named several times the last j stays, and has the gradient.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: index is not of ints, src of another dtype than input, or neither src nor value
            is given.
        ValueError: index is larger than src, or larger than input besides dim.
    """
    check.tensor("scatter: input", input)
    check.tensor("scatter: index", index)
    if src is not None and not isinstance(src, Tensor):
        src, value = None, src  # scatter(input, dim, index, 1.0)
    if (src is None) == (value is None):
        raise TypeError("scatter: expected one of src and value")
    if src is None:
        src = _C.expand(_C.full((), value, input.dtype), index.shape)
    elif src.shape != index.shape and src.ndim == index.ndim:
        src = src[tuple([slice(size) for size in index.shape])]
    out = _C.scatter(input, dim, index, src)
    return record(out, _scatter_vjp, (input, src), (index,), input.shape, dim)


def _scatter_vjp(
    node: Node, g: Tensor, shape: tuple[int, ...], dim: int
) -> tuple[Tensor | None, Tensor | None]:
    (index,) = node.saved_tensors
    need_input, need_src = node.needs_input_grad
    grad_src = None
    if need_src:
        line = [1] * index.ndim
        line[dim] = index.shape[dim]
        count = np.arange(index.shape[dim])
        order = _C.expand(_C.view(_C.from_numpy(count), line), index.shape)
        last = _C.scatter(_C.full(shape, 0, order.dtype), dim, index, order)
        grad_src = where(_C.eq(_C.gather(last, dim, index), order), gather(g, dim, index), 0.0)
    return scatter(g, dim, index, value=0) if need_input else None, grad_src


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the slices along `dim` that `index` names set to `value`, a number or
    a 0-d tensor.  Negative indices count from the end.

    Raises:
        IndexError: an index is not in [-size, size), or there is no such dimension.
        TypeError: index is not of ints. ValueError: it has not one dimension, or value has any.
    """
    check.tensor("index_fill: input", input)
    check.tensor("index_fill: index", index)
    if isinstance(value, Tensor) and value.ndim:
        raise ValueError(f"index_fill: value: expected a 0-d tensor, got shape {value.shape}")
    d = check.dimension("index_fill: dim", dim, input.ndim)
    if not input.ndim or index.ndim != 1:
        raise ValueError(
            "index_fill: input, index: expected at least one dimension and one, got shapes "
            f"{input.shape} and {index.shape}"
        )
    shape = (*input.shape[:d], index.shape[0], *input.shape[d + 1 :])
    if not isinstance(value, Tensor):
        value = _C.full((), value, input.dtype)
    source = expand(cast(value, input.dtype), shape)
    index = _C.wrap_fill_index(index, d, input.shape[d])
    out = _C.index_fill(input, d, index, source)
    return record(out, _index_copy_vjp, (input, source), (index,), d)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with the two broadcast against each other besides `dim`: takes what `argsort` or
    `argmax(keepdim=True)` along `dim` found.  Without `dim`, of the flattened input.

    Raises:
        IndexError: an index is not in [0, size), or there is no such dimension.
        TypeError: indices are not of ints. ValueError: the shapes do not fit.
    """
    check.tensor("take_along_dim: input", input)
    check.tensor("take_along_dim: indices", indices)
    if dim is None:
        return _taken(reshape(input, -1), 0, reshape(indices, -1))
    d = check.dimension("take_along_dim: dim", dim, input.ndim)
    shapes = [x.shape for x in (input, indices)]
    fits = len(shapes[0]) == len(shapes[1]) > 0 and all(
        a == b or a == 1 or b == 1 for i, (a, b) in enumerate(zip(*shapes, strict=True)) if i != d
    )
    if not fits:
        raise ValueError(
            f"take_along_dim: indices: expected a shape that broadcasts with {shapes[0]} except in "
            f"dimension {d}, got {shapes[1]}"
        )
    common = [b if a == 1 else a for a, b in zip(*shapes, strict=True)]
    sizes = [(*common[:d], shape[d], *common[d + 1 :]) for shape in shapes]
    return _taken(expand(input, sizes[0]), d, expand(indices, sizes[1]))


def _taken(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """`gather`, whose errors name take_along_dim."""
    out = _C.take_along_dim(input, dim, index)
    return picked(out, input, dim, index)


# ---- in place ----------------------------------------------------------------------------------


def index_add_(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """`index_add`, into `input`."""
    check_in_place("index_add_", input)
    return replaced_by(input, index_add(input, dim, index, source, alpha=alpha))


def index_copy_(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`index_copy`, into `input`."""
    check_in_place("index_copy_", input)
    return replaced_by(input, index_copy(input, dim, index, source))


def index_fill_(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`index_fill`, into `input`."""
    check_in_place("index_fill_", input)
    return replaced_by(input, index_fill(input, dim, index, value))


def scatter_(
    input: Tensor, dim: int, index: Tensor, src: Tensor | None = None, *, value: Any = None
) -> Tensor:
    """`scatter`, into `input`."""
    check_in_place("scatter_", input)
    return replaced_by(input, scatter(input, dim, index, src, value=value))


def scatter_add_(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`scatter_add`, into `input`."""
    check_in_place("scatter_add_", input)
    return replaced_by(input, scatter_add(input, dim, index, src))
