"""The triangles of matrices."""

from __future__ import annotations

from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..dtypes import as_dtype
from ..inplace import check_in_place, replaced_by
from ..lazy import numpy as np
from ..tensor import Tensor
from .create import _finish


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and below a diagonal of each matrix (..., rows, columns), zeros above it;
    `diagonal` above 0 is above the main one, below 0 below.

    Raises:
        ValueError: input has fewer than two dimensions.
    """
    return record(_C.tril(input, diagonal), _tril_vjp, (input,), (), diagonal)


def _tril_vjp(_: Node, g: Tensor, diagonal: int) -> Tensor:
    return tril(g, diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and above a diagonal, zeros below it; otherwise as `tril`.

    Raises:
        ValueError: input has fewer than two dimensions.
    """
    return record(_C.triu(input, diagonal), _triu_vjp, (input,), (), diagonal)


def _triu_vjp(_: Node, g: Tensor, diagonal: int) -> Tensor:
    return triu(g, diagonal)


def tril_(input: Tensor, diagonal: int = 0) -> Tensor:
    """`tril`, into `input`."""
    check_in_place("tril_", input)
    return replaced_by(input, tril(input, diagonal))


def triu_(input: Tensor, diagonal: int = 0) -> Tensor:
    """`triu`, into `input`."""
    check_in_place("triu_", input)
    return replaced_by(input, triu(input, diagonal))


def _indices(
    op: str, row: int, col: int, offset: int, upper: bool, dtype: Any, device: Any
) -> Tensor:
    rows, columns = check.integer(f"{op}: row", row, 0), check.integer(f"{op}: col", col, 0)
    mask = np.tri(rows, columns, check.integer(f"{op}: offset", offset) - upper, dtype=bool)
    wanted = _C.DType.int64 if dtype is None else as_dtype(dtype)
    places = np.stack(np.nonzero(mask != upper)).astype(wanted.name)
    return _finish(_C.from_numpy(places), False, device)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The places that `tril` keeps of a row × col matrix, row by row, as int64 (2, n).

    Raises:
        ValueError: a size is below 0.
    """
    return _indices("tril_indices", row, col, offset, False, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """The places that `triu` keeps of a row × col matrix, row by row, as int64 (2, n).

    Raises:
        ValueError: a size is below 0.
    """
    return _indices("triu_indices", row, col, offset, True, dtype, device)
