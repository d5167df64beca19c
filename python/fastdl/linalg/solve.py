"""Inverses, pseudo-inverses and systems of equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..autograd import Node, record
from ..ops.matmul import matmul
from ..ops.triangle import tril, triu
from ..ops.view import sum_to_shape
from ..ops.where import where
from ..tensor import Tensor
from .lapack import (
    cutoff,
    diagonal_mask,
    extreme,
    lapack,
    require_fit,
    require_matrix,
    require_square,
)


def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices (..., n, n).

    To solve a system, `solve` is more accurate and faster.
    """
    require_square("inv", A)
    out = lapack("inv", np.linalg.inv, A)
    return record(out, _inv_vjp, (A,), (out,))


def _inv_vjp(node: Node, g: Tensor) -> Tensor:
    (inverse,) = node.saved_tensors
    return -(inverse.mT @ g @ inverse.mT)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or X A = B if not `left`.

    Args:
        A: (..., n, n).
        B: (..., n, k); or (n,), or (..., n) where A is (..., n, n): right-hand sides one by one.

    Raises:
        ValueError: the shapes do not fit.
        LinAlgError: A is singular.
    """
    require_square("solve", A)
    require_matrix("solve: B", B, 1)
    if left and (B.ndim == 1 or B.shape == A.shape[:-1]):
        return _solve(A, B.unsqueeze(-1)).squeeze(-1)
    return _solve(A, B) if left else _solve(A.mT, B.mT).mT


def _solve(A: Tensor, B: Tensor) -> Tensor:
    require_fit("solve", A, B)
    out = lapack("solve", np.linalg.solve, A, B)
    return record(out, _solve_vjp, (A, B), (A, out), A.shape, B.shape)


def _solve_vjp(node: Node, g: Tensor, shape_a: Any, shape_b: Any) -> tuple[Tensor, Tensor]:
    A, X = node.saved_tensors
    to_b = _solve(A.mT, g)
    return sum_to_shape(-(to_b @ X.mT), shape_a), sum_to_shape(to_b, shape_b)


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """`solve` for a triangular A (..., n, n) and B (..., n, k); the other triangle is not read.

    Args:
        unitriangular: the diagonal counts as ones and is not read.
    """
    require_square("solve_triangular", A)
    require_matrix("solve_triangular: B", B)
    triangle = triu(A, int(unitriangular)) if upper else tril(A, -int(unitriangular))
    if unitriangular:
        triangle = where(diagonal_mask(A.shape[-1]), 1.0, triangle)
    if not left:
        triangle, B = triangle.mT, B.mT
    require_fit("solve_triangular", triangle, B)
    out = _solve(triangle, B)
    return out if left else out.mT


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B for the A whose Cholesky factor is L (..., n, n); B is (..., n, k)."""
    require_square("cholesky_solve", L)
    half = solve_triangular(L.mT if upper else L, B, upper=False)
    return solve_triangular(L if upper else L.mT, half, upper=True)


class Lstsq(NamedTuple):
    """What `lstsq` returns."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None) -> Lstsq:
    """The X of least norm that minimizes |A X - B|, by the singular values of A.

    Args:
        A: (..., m, n).
        B: (..., m, k); or (m,), or (..., m) where A is (..., m, n): right-hand sides one by one.
        rcond: singular values up to rcond times the largest count as 0; by default the machine
            epsilon times the larger of m and n.

    Returns:
        solution (..., n, k), differentiable; residuals (..., k), the squared distances (summed even
        where the rank is low, unlike PyTorch's); rank (...); singular_values (..., min(m, n)).
        Of vectors B the first two have no k.
    """
    require_matrix("lstsq: A", A)
    require_matrix("lstsq: B", B, 1)
    if B.ndim == 1 or B.shape == A.shape[:-1]:
        X, residuals, *others = lstsq(A, B.unsqueeze(-1), rcond)
        return Lstsq(X.squeeze(-1), residuals.squeeze(-1), *others)
    require_fit("lstsq", A, B)
    U, S, Vh = lapack("lstsq", lambda a: np.linalg.svd(a, full_matrices=False), A)
    limit = cutoff(A, rcond) * extreme(S, True).unsqueeze(-1)
    kept = limit < S
    inverse = where(kept, 1.0, 0.0) / where(kept, S, 1.0)
    b = B.detach()
    X = matmul(Vh.mT, inverse.unsqueeze(-1) * matmul(U.mT, b))
    X = record(X, _lstsq_vjp, (A, B), (A, B), rcond, A.shape, B.shape)
    distance = matmul(A.detach(), X.detach()) - b
    return Lstsq(X, (distance * distance).sum(-2), kept.sum(-1), S)


def _lstsq_vjp(
    node: Node, g: Tensor, rcond: float | None, shape_a: Any, shape_b: Any
) -> tuple[Tensor, Tensor]:
    A, B = node.saved_tensors
    P = pinv(A, rtol=rcond)
    to_a = _pinv_gradient(A, P, g @ B.mT)
    return sum_to_shape(to_a, shape_a), sum_to_shape(P.mT @ g, shape_b)


def pinv(A: Tensor, *, rtol: float | None = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse (..., n, m) of matrices (..., m, n).

    Args:
        rtol: singular values up to rtol times the largest count as 0; by default the machine
            epsilon times the larger of m and n.
    """
    require_matrix("pinv: A", A)
    limit = cutoff(A, rtol)
    out = lapack("pinv", lambda a: np.linalg.pinv(a, limit), A)
    return record(out, _pinv_vjp, (A,), (A, out))


def _pinv_vjp(node: Node, g: Tensor) -> Tensor:
    A, P = node.saved_tensors
    return _pinv_gradient(A, P, g)


def _pinv_gradient(A: Tensor, P: Tensor, g: Tensor) -> Tensor:
    """The gradient at A where g is the one at its pseudo-inverse P."""
    h = g.mT
    outside = (h - A @ (P @ h)) @ P @ P.mT
    inside = P.mT @ P @ (h - (h @ P) @ A)
    return outside + inside - P.mT @ g @ P.mT
