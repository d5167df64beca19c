"""Elements in another order, or several times: copies."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _C, capture, check
from ..lazy import numpy as np
from ..tensor import Tensor
from .cat import cat
from .copy import clone
from .index import index_select
from .split import narrow
from .view import _ints, expand, reshape, transpose


def flip(
    input: Tensor, *along: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """A copy with the order of the elements reversed along each of the dimensions given, in a row,
    as a tuple, or as `dims`.

    Raises:
        IndexError: there is no such dimension. ValueError: one is named twice.
    """
    named = _ints("flip", along, dims)
    axes = check.dimensions("flip: dims", named, check.tensor("flip: input", input).ndim)
    out = input
    for d in axes if input.ndim else []:
        out = index_select(out, d, _C.from_numpy(np.arange(input.shape[d])[::-1].copy()))
    return clone(out) if out is input else out


def fliplr(input: Tensor) -> Tensor:
    """`flip` along dimension 1."""
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """`flip` along dimension 0."""
    return flip(input, 0)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by k · 90° in the plane of two dimensions, from the first towards the second.

    Raises:
        IndexError: there is no such dimension. ValueError: dims are not two different ones.
    """
    axes = check.dimensions("rot90: dims", dims, check.tensor("rot90: input", input).ndim)
    if len(axes) != 2:
        raise ValueError(f"rot90: dims: expected two dimensions, got {dims}")
    a, b = axes
    turns = {
        0: clone,
        1: lambda x: transpose(flip(x, b), a, b),
        2: lambda x: flip(x, a, b),
        3: lambda x: transpose(flip(x, a), a, b),
    }
    out: Tensor = turns[check.integer("rot90: k", k) % 4](input)
    return out


def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """A copy with the elements moved on by `shifts` along `dims`, the last ones coming in first;
    without dims along the flattened tensor.

    Raises:
        IndexError: there is no such dimension. ValueError: there are not as many shifts as dims.
    """
    check.tensor("roll: input", input)
    steps = _ints("roll", (shifts,))
    if dims is None:
        if len(steps) != 1:
            raise ValueError(f"roll: shifts: expected one int without dims, got {shifts}")
        return reshape(roll(reshape(input, -1), steps[0], 0), input.shape)
    listed = dims if isinstance(dims, tuple | list) else (dims,)
    axes = [check.dimension("roll: dims", d, input.ndim) for d in listed]
    if len(axes) != len(steps):
        raise ValueError(f"roll: dims: expected {len(steps)} as of shifts, got {dims}")
    out = input
    for step, d in zip(steps, axes, strict=True) if input.ndim else []:
        size = input.shape[d]
        cut = -step % size if size else 0
        if cut:
            out = cat([narrow(out, d, cut, size - cut), narrow(out, d, 0, cut)], d)
    return clone(out) if out is input else out


def repeat(
    input: Tensor, *times: int | Sequence[int], repeats: int | Sequence[int] | None = None
) -> Tensor:
    """A copy with `input` laid out times[d] (or repeats[d]) times along each dimension; more than
    dimensions put new ones in front.

    Raises:
        ValueError: one is below 0, or there are fewer repeats than dimensions.
    """
    check.tensor("repeat: input", input)
    counts = _ints("repeat", times, repeats)
    if len(counts) < input.ndim or any(n < 0 for n in counts):
        raise ValueError(
            f"repeat: repeats: expected at least {input.ndim} numbers of at least 0, got "
            f"{tuple(counts)}"
        )
    out = reshape(input, (*[1] * (len(counts) - input.ndim), *input.shape))
    for d in reversed(range(len(counts))):
        if counts[d] != 1:
            out = _repeated(out, d, counts[d])
    return clone(out) if all(n == 1 for n in counts) else out


def _repeated(x: Tensor, dim: int, n: int, inner: bool = False) -> Tensor:
    """x n times along dim: as a whole, or (inner) each element by itself.  x is taken as a matrix
    of rows, so that even 8 dimensions leave room."""
    shape = x.shape
    before, size, after = 1, shape[dim], 1
    for s in shape[:dim]:
        before *= s
    for s in shape[dim + 1 :]:
        after *= s
    if inner:
        wide = expand(reshape(x, (before * size, 1, after)), (before * size, n, after))
    else:
        wide = expand(reshape(x, (before, 1, size * after)), (before, n, size * after))
    return reshape(clone(wide), (*shape[:dim], n * size, *shape[dim + 1 :]))


def tile(
    input: Tensor, *times: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """`repeat`, with 1 put in front of too few numbers, as NumPy's."""
    check.tensor("tile: input", input)
    counts = _ints("tile", times, dims)
    return repeat(input, (*[1] * (input.ndim - len(counts)), *counts))


def repeat_interleave(
    input: Tensor,
    repeats: int | Tensor,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """A copy with each slice along `dim` (of the flattened input, without dim) several times:
    `repeats` times, or as often as that element of a tensor of ints says.

    Raises:
        IndexError: there is no such dimension. TypeError: repeats is neither an int nor ints.
        ValueError: one is below 0, or there are not as many as slices; or output_size, where it is
            given, is not their sum.
        CaptureError: repeats is a tensor, in a compiled step: the shape would depend on values.
    """
    check.tensor("repeat_interleave: input", input)
    if dim is None:
        input, dim = reshape(input, -1), 0
    if input.ndim == 0:
        input = reshape(input, 1)
    d = check.dimension("repeat_interleave: dim", dim, input.ndim)
    size = input.shape[d]
    if not isinstance(repeats, Tensor):
        check.integer("repeat_interleave: repeats", repeats, 0)
        _require_total(repeats * size, output_size)
        return _repeated(input, d, repeats, inner=True)
    capture.refuse_if_capturing(
        "repeat_interleave by a tensor gives a shape that depends on its values",
        "pass an int, or compute the indices outside and use index_select",
    )
    counts = repeats.detach().numpy()
    if counts.dtype.kind != "i" or counts.ndim > 1:
        raise TypeError(
            "repeat_interleave: repeats: expected int64 or int32 of at most one dimension, got "
            f"{repeats.dtype.name} of shape {repeats.shape}"
        )
    if counts.size not in (1, size) or (counts < 0).any():
        raise ValueError(
            f"repeat_interleave: repeats: expected {size} numbers of at least 0, got "
            f"{repeats.tolist()}"
        )
    index = np.repeat(np.arange(size), counts)
    _require_total(len(index), output_size)
    return index_select(input, d, _C.from_numpy(index))


def _require_total(total: int, output_size: int | None) -> None:
    if output_size is not None and output_size != total:
        raise ValueError(
            f"repeat_interleave: output_size: expected {total}, the sum of repeats, got "
            f"{output_size}"
        )
