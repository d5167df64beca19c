"""Tensors joined into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..autograd import Node, needs_grad, record
from ..dtypes import DType
from ..tensor import Tensor
from .copy import cast
from .view import index, reshape


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along `dim`; dtypes are promoted as in arithmetic.

    Tensors of shape (0,) are left out, as in PyTorch.

    Raises:
        TypeError: one is no Tensor. IndexError: there is no such dimension.
        ValueError: there is none, or their sizes besides that of `dim` differ.
    """
    out = _C.cat(tensors, dim)
    if not needs_grad(*tensors):
        return out
    d = dim % out.ndim
    parts = [(x.shape, 0 if x.ndim < out.ndim else x.shape[d], x.dtype) for x in tensors]
    return record(out, _cat_vjp, tensors, (), d, parts)


def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`cat`."""
    return cat(tensors, dim)


def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`cat` by NumPy's name."""
    return cat(tensors, dim)


def _cat_vjp(
    node: Node, g: Tensor, dim: int, parts: list[tuple[tuple[int, ...], int, DType]]
) -> tuple[Tensor | None, ...]:
    gradients: list[Tensor | None] = []
    start = 0
    for (shape, size, dtype), needed in zip(parts, node.needs_input_grad, strict=True):
        part = _slice(g, dim, slice(start, start + size)).reshape(shape) if needed else None
        gradients.append(None if part is None else cast(part, dtype))
        start += size
    return tuple(gradients)


def _slice(x: Tensor, dim: int, key: Any) -> Tensor:
    return index(x, (slice(None),) * dim + (key,))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension `dim`; dtypes are promoted as in arithmetic.

    Raises:
        TypeError: one is no Tensor. IndexError: there is no such dimension.
        ValueError: there is none, or their shapes differ.
    """
    out = _C.stack(tensors, dim)
    if not needs_grad(*tensors):
        return out
    return record(out, _stack_vjp, tensors, (), dim % out.ndim, [x.dtype for x in tensors])


def _stack_vjp(node: Node, g: Tensor, dim: int, dtypes: list[DType]) -> tuple[Tensor | None, ...]:
    return tuple(
        [
            cast(_slice(g, dim, i), dtype) if needed else None
            for i, (dtype, needed) in enumerate(zip(dtypes, node.needs_input_grad, strict=True))
        ]
    )


def _grown(op: str, tensors: Any, ndim: int) -> list[Tensor]:
    """The tensors with at least `ndim` dimensions, new ones put where NumPy's atleast_nd does."""
    if not isinstance(tensors, tuple | list):
        raise TypeError(f"{op}: tensors: expected a list or a tuple, got {type(tensors).__name__}")
    grown = []
    for i, x in enumerate(tensors):
        shape = check.tensor(f"{op}: tensors[{i}]", x).shape
        if len(shape) < ndim:
            wanted = {1: (1,), 2: (1, -1), 3: (1, -1, 1)}[ndim]
            x = reshape(x, (*shape, 1) if len(shape) == 2 else wanted)
        grown.append(x)
    return grown


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """`cat` along dimension 1; vectors (and 0-d tensors) along their only one."""
    grown = _grown("hstack", tensors, 1)
    return cat(grown, 0 if grown and grown[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """`cat` along dimension 0, vectors taken as rows."""
    return cat(_grown("vstack", tensors, 2), 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """`cat` along dimension 2, vectors (n) taken as (1, n, 1) and matrices (m, n) as (m, n, 1)."""
    return cat(_grown("dstack", tensors, 3), 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """`cat` along dimension 1, vectors taken as columns."""
    grown = _grown("column_stack", tensors, 0)
    return cat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in grown], 1)
