"""Diagonals: of matrices, and matrices of them."""

from __future__ import annotations

from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..dtypes import as_dtype
from ..inplace import check_in_place, record_view
from ..tensor import Tensor
from .copy import clone, fill_
from .create import _finish


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the elements [.., i, .., i + offset, ..] (i along dim1, i + offset along dim2) in a
    last dimension; `offset` above 0 is above the main diagonal, below 0 below.

    Raises:
        IndexError: there is no such dimension.
        ValueError: there are fewer than two, or dim1 is dim2.
    """
    out = _C.diagonal(input, offset, dim1, dim2)
    return record_view(
        out,
        input,
        lambda base: diagonal(base, offset, dim1, dim2),
        _diagonal_vjp,
        input.shape,
        (offset, dim1, dim2),
    )


def _diagonal_vjp(_: Node, g: Tensor, shape: tuple[int, ...], at: tuple[int, int, int]) -> Tensor:
    return _with_diagonal(g, shape, at)


def _with_diagonal(x: Tensor, shape: tuple[int, ...], at: tuple[int, int, int]) -> Tensor:
    """Zeros of `shape` with x on a diagonal: the transpose of `diagonal`."""
    out = _C.full(shape, 0, x.dtype)
    _C.copy_(_C.diagonal(out, *at), x)
    return record(out, _with_diagonal_vjp, (x,), (), at)


def _with_diagonal_vjp(_: Node, h: Tensor, at: tuple[int, int, int]) -> Tensor:
    return diagonal(h, *at)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the last dimension of `input` on a diagonal of the result's dimensions dim1, dim2.

    Raises:
        IndexError: there is no such dimension. ValueError: input has none, or dim1 is dim2.
    """
    check.tensor("diag_embed: input", input)
    if input.ndim == 0:
        raise ValueError("diag_embed: input: expected at least one dimension, got shape ()")
    ndim = input.ndim + 1
    a = check.dimension("diag_embed: dim1", dim1, ndim)
    b = check.dimension("diag_embed: dim2", dim2, ndim)
    if a == b:
        raise ValueError(f"diag_embed: dim1, dim2: expected two dimensions, got {dim1} and {dim2}")
    size = input.shape[-1] + abs(check.integer("diag_embed: offset", offset))
    shape = list(input.shape[:-1])
    for d in sorted((a, b)):
        shape.insert(d, size)
    return _with_diagonal(input, tuple(shape), (offset, a, b))


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrix with a vector on a diagonal, or a copy of the diagonal of a matrix.

    Raises:
        ValueError: input has neither one dimension nor two.
    """
    if check.tensor("diag: input", input).ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim != 2:
        raise ValueError(f"diag: input: expected 1 or 2 dimensions, got shape {input.shape}")
    return clone(_diagonal(input, diagonal))


_diagonal = diagonal  # where an argument has the name


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's main diagonal.

    Raises:
        ValueError: input has not two dimensions.
    """
    if check.tensor("trace: input", input).ndim != 2:
        raise ValueError(f"trace: input: expected 2 dimensions, got shape {input.shape}")
    return diagonal(input).sum()


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The n × m matrix (m: n unless given) with ones on its diagonal; float32 unless `dtype` says
    otherwise.

    Raises:
        ValueError: a size is below 0.
    """
    wanted = _C.DType.float32 if dtype is None else as_dtype(dtype)
    rows = check.integer("eye: n", n, 0)
    out = _C.full((rows, rows if m is None else check.integer("eye: m", m, 0)), 0, wanted)
    _C.fill_(_C.diagonal(out, 0, 0, 1), 1)
    return _finish(out, requires_grad, device)


def fill_diagonal_(input: Tensor, fill_value: float) -> Tensor:
    """Sets the main diagonal of a matrix to a number.

    Raises:
        ValueError: input has not two dimensions.
    """
    if input.ndim != 2:
        raise ValueError(f"fill_diagonal_: input: expected 2 dimensions, got shape {input.shape}")
    check_in_place("fill_diagonal_", input)
    fill_(diagonal(input), fill_value)
    return input
