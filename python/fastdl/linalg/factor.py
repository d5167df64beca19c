"""Factorizations: Cholesky, QR, eigenvalues, singular values."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.linalg import LinAlgError

from .. import check
from ..autograd import Node, record
from ..ops.cat import cat
from ..ops.triangle import tril
from ..ops.where import where
from ..tensor import Tensor
from .lapack import (
    diagonal_mask,
    lapack,
    over_differences,
    require_matrix,
    require_square,
    symmetric,
)
from .solve import solve_triangular


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular L with A = L Lᵀ (or U with A = Uᵀ U) of symmetric positive definite matrices
    (..., n, n); only the lower triangle is read, the gradient is symmetric.

    Raises:
        LinAlgError: A is not positive definite, or holds NaN there.
    """
    require_square("cholesky", A)
    factor = lapack("cholesky", _cholesky, A)
    out = record(factor, _cholesky_vjp, (A,), (factor,))
    return out.mT if upper else out


def _cholesky(a: Any) -> Any:
    factor = np.linalg.cholesky(a)
    if np.isnan(np.diagonal(factor, axis1=-2, axis2=-1)).any():  # LAPACKs differ in seeing it
        raise LinAlgError("Matrix is not positive definite")
    return factor


def _cholesky_vjp(node: Node, g: Tensor) -> Tensor:
    (L,) = node.saved_tensors
    lower = tril(L.mT @ g)
    middle = where(diagonal_mask(L.shape[-1]), lower * 0.5, lower)
    left = solve_triangular(L.mT, middle, upper=True)
    return symmetric(solve_triangular(L, left, upper=False, left=False))


def qr(A: Tensor) -> tuple[Tensor, Tensor]:
    """Q (..., m, k) with orthonormal columns and upper triangular R (..., k, n), A = Q R,
    k = min(m, n); differentiable for m >= n."""
    require_matrix("qr: A", A)
    Q, R = lapack("qr", np.linalg.qr, A)
    return record((Q, R), _qr_vjp, (A,), (Q, R))


def _qr_vjp(node: Node, to_q: Tensor, to_r: Tensor) -> Tensor:
    Q, R = node.saved_tensors
    if R.shape[-2] < R.shape[-1]:
        raise RuntimeError(
            f"qr: A: has a gradient only with at least as many rows as columns, got "
            f"{(Q.shape[-2], R.shape[-1])}"
        )
    M = R @ to_r.mT - to_q.mT @ Q
    symmetric = tril(M) + tril(M, -1).mT
    return solve_triangular(R.mT, to_q + Q @ symmetric, upper=False, left=False)


def eigh(A: Tensor, UPLO: Literal["L", "U"] = "L") -> tuple[Tensor, Tensor]:
    """Eigenvalues (..., n), ascending, and eigenvectors (..., n, n), in columns, of symmetric
    matrices, of which one triangle is read.  Where eigenvalues are equal, the gradient of the
    eigenvectors does not exist (inf or NaN)."""
    require_square("eigh", A)
    check.one_of("eigh: UPLO", UPLO, ("L", "U"))
    values, vectors = lapack("eigh", lambda a: np.linalg.eigh(a, UPLO), A)
    return record((values, vectors), _eigh_vjp, (A,), (values, vectors))


def _eigh_vjp(node: Node, to_values: Tensor, to_vectors: Tensor) -> Tensor:
    w, V = node.saved_tensors
    turned = over_differences(V.mT @ to_vectors, w)
    middle = where(diagonal_mask(w.shape[-1]), to_values.unsqueeze(-1), turned)
    return symmetric(V @ middle @ V.mT)


def eigvalsh(A: Tensor, UPLO: Literal["L", "U"] = "L") -> Tensor:
    """The eigenvalues of `eigh`; differentiable where some are equal, too."""
    require_square("eigvalsh", A)
    check.one_of("eigvalsh: UPLO", UPLO, ("L", "U"))
    values = lapack("eigvalsh", lambda a: np.linalg.eigvalsh(a, UPLO), A)
    return record(values, _eigvalsh_vjp, (A,), (A,), UPLO)


def _eigvalsh_vjp(node: Node, g: Tensor, UPLO: Literal["L", "U"]) -> Tensor:
    (A,) = node.saved_tensors
    _, V = eigh(A, UPLO)
    return (V * g.unsqueeze(-2)) @ V.mT


def svd(A: Tensor, full_matrices: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """U, S (..., k) descending, and Vh, with A (..., m, n) = U diag(S) Vh, k = min(m, n).

    U is (..., m, k) and Vh (..., k, n), or (..., m, m) and (..., n, n) if `full_matrices`; what has
    more than k vectors then has no gradient.  Where singular values are equal or 0, the gradient of
    the vectors does not exist (inf or NaN).
    """
    require_matrix("svd: A", A)
    U, S, Vh = lapack("svd", lambda a: np.linalg.svd(a, full_matrices=full_matrices), A)
    k = S.shape[-1]
    parts = U[..., :k], S, Vh[..., :k, :]
    u, s, vh = record(parts, _svd_vjp, (A,), parts)
    if U.shape[-1] > k:
        u = cat([u, record(U[..., k:], _more_vectors_vjp, (A,))], -1)
    if Vh.shape[-2] > k:
        vh = cat([vh, record(Vh[..., k:, :], _more_vectors_vjp, (A,))], -2)
    return u, s, vh


def _more_vectors_vjp(*_: Any) -> Tensor:
    raise RuntimeError("svd: full_matrices: the gradient of more vectors than values needs False")


def _svd_vjp(node: Node, to_u: Tensor, to_s: Tensor, to_vh: Tensor) -> Tensor:
    U, S, Vh = node.saved_tensors
    row, column = S.unsqueeze(-2), S.unsqueeze(-1)
    squares, by_u, by_v = S * S, U.mT @ to_u, Vh @ to_vh.mT
    middle = over_differences(by_u - by_u.mT, squares) * row
    middle = middle + column * over_differences(by_v - by_v.mT, squares)
    middle = where(diagonal_mask(S.shape[-1]), column * 0 + to_s.unsqueeze(-1), middle)
    out = U @ middle @ Vh
    if U.shape[-2] > U.shape[-1]:
        out = out + ((to_u - U @ by_u) / row) @ Vh
    if Vh.shape[-1] > Vh.shape[-2]:
        out = out + U @ ((to_vh - by_v.mT @ Vh) / column)
    return out


def svdvals(A: Tensor) -> Tensor:
    """Singular values (..., min(m, n)), descending; differentiable even where some are equal."""
    require_matrix("svdvals: A", A)
    return record(lapack("svdvals", _singular_values, A), _svdvals_vjp, (A,), (A,))


def _singular_values(a: Any) -> Any:
    return np.linalg.svd(a, compute_uv=False)


def _svdvals_vjp(node: Node, g: Tensor) -> Tensor:
    (A,) = node.saved_tensors
    U, _, Vh = svd(A, full_matrices=False)
    return (U * g.unsqueeze(-2)) @ Vh
