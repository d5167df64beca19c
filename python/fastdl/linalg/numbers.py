"""Numbers that describe a matrix or a vector: determinants, norms, condition, rank."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import check
from ..autograd import Node, record
from ..ops import norm as vector
from ..ops.view import movedim
from ..tensor import Tensor
from .factor import svdvals
from .lapack import cutoff, extreme, lapack, require_matrix, require_square
from .solve import inv


def det(A: Tensor) -> Tensor:
    """Determinants (...,) of square matrices (..., n, n); a singular one has no gradient here."""
    require_square("det", A)
    out = lapack("det", np.linalg.det, A)
    return record(out, _det_vjp, (A,), (A, out))


def _det_vjp(node: Node, g: Tensor) -> Tensor:
    A, out = node.saved_tensors
    return (g * out).unsqueeze(-1).unsqueeze(-1) * inv(A).mT


def slogdet(A: Tensor) -> tuple[Tensor, Tensor]:
    """Sign and log |det| (...,) of square matrices; 0 and -inf for a singular one."""
    require_square("slogdet", A)
    sign, log = lapack("slogdet", np.linalg.slogdet, A)
    return sign, record(log, _slogdet_vjp, (A,), (A,))


def _slogdet_vjp(node: Node, g: Tensor) -> Tensor:
    (A,) = node.saved_tensors
    return g.unsqueeze(-1).unsqueeze(-1) * inv(A).mT


def norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of vectors or matrices: `vector_norm` where `dim` is one dimension (or is not given,
    of a vector), `matrix_norm` where it is a pair (or is not given, of a matrix).

    Args:
        ord: of those functions.  None: the root of the sum of all squares over `dim`, of any number
            of dimensions, all by default.

    Raises:
        TypeError: A is neither float32 nor float64. ValueError: ord does not fit.
        IndexError: there is no such dimension.
    """
    check.float_tensor("norm: A", A)
    if ord is None:
        return vector.norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if A.ndim not in (1, 2):
            raise ValueError(
                "norm: A: expected a vector or a matrix where ord is given and dim is not, got "
                f"shape {A.shape}"
            )
        dim = tuple(range(A.ndim))
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    if len(dims) == 2:
        return matrix_norm(A, ord, (dims[0], dims[1]), keepdim, dtype=dtype)
    if len(dims) != 1:
        raise ValueError(f"norm: dim: expected one dimension or two where ord is given, got {dim}")
    return vector_norm(A, ord, dims[0], keepdim, dtype=dtype)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """(Σ |x|ᵖ)^(1/p), p = ord, over `dim` (one, several, or all), as of a vector: `fastdl.norm`.

    ord = ∞ is the largest |x|, −∞ the smallest, 0 the number of elements that are not 0.

    Raises:
        TypeError: x is neither float32 nor float64, or ord is no number. IndexError: there is no
            such dimension. ValueError: ord is NaN, or ±∞ of nothing.
    """
    check.float_tensor("vector_norm: x", x)
    check.number("vector_norm: ord", ord, -math.inf, math.inf)
    return vector.norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """Norms of the matrices in two dimensions: "fro", "nuc", 2, -2, 1, -1, inf or -inf.

    The largest of nothing is 0, the least of nothing raises.

    Args:
        dim: the rows' and the columns' dimension.
        keepdim: whether they stay, with size 1.
        dtype: computed in this one.

    Raises:
        TypeError: A is neither float32 nor float64. IndexError: there is no such dimension.
        ValueError: ord is none of these, dim no pair, or A no matrix.
    """
    require_matrix("matrix_norm: A", A)
    if not isinstance(dim, tuple | list) or len(dim) != 2:
        raise ValueError(f"matrix_norm: dim: expected two dimensions, got {dim}")
    dims = check.dimensions("matrix_norm: dim", dim, A.ndim)
    x = movedim(A if dtype is None else A.to(dtype), dims, (-2, -1))
    out = _matrix_norm(x, ord)
    for d in sorted(dims) if keepdim else ():
        out = out.unsqueeze(d)
    return out


def _matrix_norm(A: Tensor, ord: Any) -> Tensor:
    if ord == "fro":
        return vector.norm(A, 2, (-2, -1))
    if ord == "nuc":
        return svdvals(A).sum(-1)
    if ord in (2, -2):
        return extreme(svdvals(A), ord > 0)
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise ValueError(
            f"matrix_norm: ord: expected 'fro', 'nuc', 2, -2, 1, -1, inf or -inf, got {ord!r}"
        )
    sums = A.abs().sum(-2 if abs(ord) == 1 else -1)
    return extreme(sums, ord > 0)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """Condition numbers (...,): largest by smallest singular value (p = None or 2; p = -2: the
    inverse), or in another norm of `matrix_norm` |A| |inv(A)|; 0 of empty matrices."""
    require_matrix("cond: A", A)
    if p not in (None, 2, -2):
        require_square("cond", A)
    if 0 in A.shape[-2:]:
        return A.sum((-2, -1))
    if p in (None, 2, -2):
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def matrix_rank(A: Tensor, *, rtol: float | None = None) -> Tensor:
    """How many singular values are above rtol times the largest, as int64 (...,)."""
    require_matrix("matrix_rank: A", A)
    values = svdvals(A.detach())
    return (values > cutoff(A, rtol) * extreme(values, True).unsqueeze(-1)).sum(-1)
