"""Views: the same memory under another shape.  Gradients go the same way back."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..autograd import Node
from ..explain import describe
from ..inplace import record_view
from ..tensor import Tensor
from . import copy


def _ints(op: str, values: tuple[Any, ...], named: Any = None) -> tuple[int, ...]:
    """The ints in `op(2, 3)` or `op((2, 3))`, or those given by name."""
    if named is not None:
        if values:
            raise TypeError(f"{op}: expected ints once, got {values} and by name {named!r}")
        values = (named,)
    if len(values) == 1 and isinstance(values[0], tuple | list):
        values = tuple(values[0])
    try:
        return tuple(map(operator.index, values))
    except (TypeError, ValueError):
        raise TypeError(f"{op}: expected ints, got {', '.join(map(describe, values))}") from None


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`input` with two dimensions exchanged."""
    return record_view(
        _C.transpose(input, dim0, dim1),
        input,
        lambda base: transpose(base, dim0, dim1),
        _transpose_vjp,
        dim0,
        dim1,
    )


def _transpose_vjp(_: Node, g: Tensor, dim0: int, dim1: int) -> Tensor:
    return transpose(g, dim0, dim1)


def permute(
    input: Tensor, *order: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """`input` with its dimensions in the order `order`, or `dims`."""
    order = _ints("permute", order, dims)
    out = _C.permute(input, order)
    inverse = [0] * len(order)
    for to, source in enumerate(order):
        inverse[source] = to
    return record_view(out, input, lambda base: permute(base, order), _permute_vjp, tuple(inverse))


def _permute_vjp(_: Node, g: Tensor, inverse: tuple[int, ...]) -> Tensor:
    return permute(g, inverse)


def t(input: Tensor) -> Tensor:
    """The transpose of a tensor of at most two dimensions."""
    if check.tensor("t: input", input).ndim > 2:
        raise ValueError(f"t: input: expected at most 2 dimensions, got shape {input.shape}")
    return permute(input, tuple(range(input.ndim))[::-1])


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` by NumPy's name."""
    return transpose(input, axis0, axis1)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """`input` with the dimensions `source` moved to the places `destination`, the others in order.

    Raises:
        IndexError: there is no such dimension.
        ValueError: one is named twice, or they are not as many.
    """
    ndim = check.tensor("movedim: input", input).ndim
    moved = check.dimensions("movedim: source", source, ndim)
    places = check.dimensions("movedim: destination", destination, ndim)
    if len(moved) != len(places):
        raise ValueError(
            f"movedim: destination: expected {len(moved)} dimensions as in source, got "
            f"{len(places)}"
        )
    rest = iter([d for d in range(ndim) if d not in moved])
    at = dict(zip(places, moved, strict=True))
    return permute(input, [at[d] if d in at else next(rest) for d in range(ndim)])


def reshape(
    input: Tensor, *to: int | Sequence[int], shape: int | Sequence[int] | None = None
) -> Tensor:
    """`input` in the shape `to`, or `shape` (one size may be -1): a view if the strides allow, else
    a copy."""
    sizes = _ints("reshape", to, shape)
    out = _C.reshape(input, sizes)
    if out is None:
        return reshape(copy.contiguous(input), sizes)
    return record_view(out, input, lambda base: reshape(base, sizes), _reshape_vjp, input.shape)


def _reshape_vjp(_: Node, g: Tensor, shape: tuple[int, ...]) -> Tensor:
    return reshape(g, shape)


def view(
    input: Tensor, *to: int | Sequence[int], size: int | Sequence[int] | None = None
) -> Tensor:
    """As `reshape`, but never a copy.

    Raises:
        ValueError: the strides of `input` do not allow a view of that shape.
    """
    sizes = _ints("view", to, size)
    if _C.view(input, sizes) is None:
        raise ValueError(
            f"view: shape {input.shape} with strides {input.stride()} cannot be seen as {sizes}; "
            "use reshape"
        )
    return reshape(input, sizes)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """`input` with dimensions start_dim to end_dim made one."""
    check.tensor("flatten: input", input)
    start = check.dimension("flatten: start_dim", start_dim, input.ndim)
    end = check.dimension("flatten: end_dim", end_dim, input.ndim)
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    shape = input.shape
    merged = math.prod(shape[start : end + 1])
    return reshape(input, (*shape[:start], merged, *shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """`input` with dimension `dim` seen as several of the given sizes (one may be -1).

    Raises:
        IndexError: there is no such dimension. ValueError: the sizes do not multiply to its size.
    """
    check.tensor("unflatten: input", input)
    d = check.dimension("unflatten: dim", dim, input.ndim)
    if not isinstance(sizes, tuple | list):
        raise TypeError(f"unflatten: sizes: expected a tuple of ints, got {type(sizes).__name__}")
    named = _ints("unflatten", (sizes,))
    size, known = input.shape[d], math.prod(n for n in named if n != -1)
    fits = known * (size // known if known else 0) == size if -1 in named else known == size
    if not named or not fits or named.count(-1) > 1 or min(named) < -1:
        raise ValueError(
            f"unflatten: sizes: expected sizes that multiply to {size}, got {tuple(named)}"
        )
    if -1 in named:
        named = tuple([size // known if n == -1 and known else n for n in named])
    return reshape(input, (*input.shape[:d], *named, *input.shape[d + 1 :]))


def expand(
    input: Tensor, *to: int | Sequence[int], size: int | Sequence[int] | None = None
) -> Tensor:
    """`input` broadcast to the shape `to`, or `size`, without a copy (-1 keeps a size)."""
    sizes = _ints("expand", to, size)
    return record_view(
        _C.expand(input, sizes), input, lambda base: expand(base, sizes), _expand_vjp, input.shape
    )


def _expand_vjp(_: Node, g: Tensor, shape: tuple[int, ...]) -> Tensor:
    return sum_to_shape(g, shape)


def sum_to_shape(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The sum of `g` over the dimensions along which `shape` was broadcast to g's shape."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    dims = list(range(extra)) + [
        extra + i for i, size in enumerate(shape) if size == 1 and g.shape[extra + i] != 1
    ]
    return reshape(g.sum(tuple(dims)) if dims else g, shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` by NumPy's name."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors, expanded to the shape to which they broadcast.

    Raises:
        TypeError: one is no Tensor. ValueError: their shapes do not broadcast together.
    """
    shape: tuple[int, ...] = ()
    for i, x in enumerate(tensors):
        other = check.tensor(f"broadcast_tensors: tensors[{i}]", x).shape
        pad = (1,) * (len(shape) - len(other)), (1,) * (len(other) - len(shape))
        pairs = list(zip(pad[0] + other, pad[1] + shape, strict=True))
        if any(a != b and a != 1 and b != 1 for a, b in pairs):
            raise ValueError(
                f"broadcast_tensors: tensors[{i}]: shape {other} does not broadcast with {shape}"
            )
        shape = tuple([b if a == 1 else a for a, b in pairs])
    return tuple([expand(x, shape) for x in tensors])


def squeeze(input: Tensor, dim: int | None = None) -> Tensor:
    """`input` without its dimensions of size 1 (or without `dim`, if its size is 1)."""
    return reshape(input, _C.squeeze(input, dim).shape)


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """`input` with a dimension of size 1 put in at `dim`."""
    return reshape(input, _C.unsqueeze(input, dim).shape)


def index(input: Tensor, key: Any) -> Tensor:
    """Basic indexing: ints, slices, None, Ellipsis."""
    key = key if isinstance(key, tuple) else (key,)
    return record_view(
        _C.index(input, key), input, lambda base: index(base, key), _index_vjp, input.shape, key
    )


def _index_vjp(_: Node, g: Tensor, shape: tuple[int, ...], key: Any) -> Tensor:
    return put(g, shape, key)


def put(g: Tensor, shape: tuple[int, ...], key: Any) -> Tensor:
    """Zeros of `shape` with `g` at `key`: the transpose of `index`."""
    from ..autograd import record

    out = _C.full(shape, 0, g.dtype)
    _C.copy_(_C.index(out, key), g)
    return record(out, _put_vjp, (g,), (), key)


def _put_vjp(_: Node, h: Tensor, key: Any) -> Tensor:
    return index(h, key)
