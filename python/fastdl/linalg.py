"""Linear algebra of matrices (..., m, n), by NumPy's LAPACK: names and arguments of torch.linalg.

All functions take float32 and float64, stacks of matrices too, and are differentiable twice; a
matrix that LAPACK refuses (singular, not positive definite) raises `LinAlgError`.  They read their
operands in Python, so a compiled step cannot hold them (`CaptureError`).

Gradients: Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation"; Murray 2016, "Differentiation of the Cholesky decomposition"; Townsend 2016,
"Differentiating the singular value decomposition"; Walter & Lehmann 2010, "Algorithmic
differentiation of linear algebra functions with application in optimum experimental design" (QR);
Golub & Pereyra 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from . import check
from .autograd import Node, record
from .explain import explain_errors
from .ops.cat import cat
from .ops.create import from_numpy
from .ops.matmul import matmul
from .ops.norm import norm
from .ops.triangle import tril, triu
from .ops.view import sum_to_shape
from .ops.where import where
from .tensor import Tensor

__all__ = [
    "LinAlgError", "cholesky", "cholesky_solve", "cond", "det", "eigh", "eigvalsh", "inv", "lstsq",
    "matrix_norm", "matrix_power", "matrix_rank", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals",
]  # fmt: skip


# ---- inverses and systems --------------------------------------------------------------------


def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices (..., n, n).

    To solve a system, `solve` is more accurate and faster.
    """
    _square("inv", A)
    out = _lapack("inv", np.linalg.inv, A)
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
    _square("solve", A)
    _matrix("solve: B", B, 1)
    if left and (B.ndim == 1 or B.shape == A.shape[:-1]):
        return _solve(A, B.unsqueeze(-1)).squeeze(-1)
    return _solve(A, B) if left else _solve(A.mT, B.mT).mT


def _solve(A: Tensor, B: Tensor) -> Tensor:
    _fits("solve", A, B)
    out = _lapack("solve", np.linalg.solve, A, B)
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
    _square("solve_triangular", A)
    _matrix("solve_triangular: B", B)
    triangle = triu(A, int(unitriangular)) if upper else tril(A, -int(unitriangular))
    if unitriangular:
        triangle = where(_diagonal(A.shape[-1]), 1.0, triangle)
    if not left:
        triangle, B = triangle.mT, B.mT
    _fits("solve_triangular", triangle, B)
    out = _solve(triangle, B)
    return out if left else out.mT


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B for the A whose Cholesky factor is L (..., n, n); B is (..., n, k)."""
    _square("cholesky_solve", L)
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
    _matrix("lstsq: A", A)
    _matrix("lstsq: B", B, 1)
    if B.ndim == 1 or B.shape == A.shape[:-1]:
        X, residuals, *others = lstsq(A, B.unsqueeze(-1), rcond)
        return Lstsq(X.squeeze(-1), residuals.squeeze(-1), *others)
    _fits("lstsq", A, B)
    U, S, Vh = _lapack("lstsq", lambda a: np.linalg.svd(a, full_matrices=False), A)
    limit = _cutoff(A, rcond) * _extreme(S, True).unsqueeze(-1)
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
    _matrix("pinv: A", A)
    cutoff = _cutoff(A, rtol)
    out = _lapack("pinv", lambda a: np.linalg.pinv(a, cutoff), A)
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


# ---- factorizations --------------------------------------------------------------------------


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular L with A = L Lᵀ (or U with A = Uᵀ U) of symmetric positive definite matrices
    (..., n, n); only the lower triangle is read, the gradient is symmetric.

    Raises:
        LinAlgError: A is not positive definite, or holds NaN there.
    """
    _square("cholesky", A)
    factor = _lapack("cholesky", _cholesky, A)
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
    middle = where(_diagonal(L.shape[-1]), lower * 0.5, lower)
    left = solve_triangular(L.mT, middle, upper=True)
    return _symmetric(solve_triangular(L, left, upper=False, left=False))


def qr(A: Tensor) -> tuple[Tensor, Tensor]:
    """Q (..., m, k) with orthonormal columns and upper triangular R (..., k, n), A = Q R,
    k = min(m, n); differentiable for m >= n."""
    _matrix("qr: A", A)
    Q, R = _lapack("qr", np.linalg.qr, A)
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
    _square("eigh", A)
    check.one_of("eigh: UPLO", UPLO, ("L", "U"))
    values, vectors = _lapack("eigh", lambda a: np.linalg.eigh(a, UPLO), A)
    return record((values, vectors), _eigh_vjp, (A,), (values, vectors))


def _eigh_vjp(node: Node, to_values: Tensor, to_vectors: Tensor) -> Tensor:
    w, V = node.saved_tensors
    turned = _over_differences(V.mT @ to_vectors, w)
    middle = where(_diagonal(w.shape[-1]), to_values.unsqueeze(-1), turned)
    return _symmetric(V @ middle @ V.mT)


def eigvalsh(A: Tensor, UPLO: Literal["L", "U"] = "L") -> Tensor:
    """The eigenvalues of `eigh`; differentiable where some are equal, too."""
    _square("eigvalsh", A)
    check.one_of("eigvalsh: UPLO", UPLO, ("L", "U"))
    values = _lapack("eigvalsh", lambda a: np.linalg.eigvalsh(a, UPLO), A)
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
    _matrix("svd: A", A)
    U, S, Vh = _lapack("svd", lambda a: np.linalg.svd(a, full_matrices=full_matrices), A)
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
    middle = _over_differences(by_u - by_u.mT, squares) * row
    middle = middle + column * _over_differences(by_v - by_v.mT, squares)
    middle = where(_diagonal(S.shape[-1]), column * 0 + to_s.unsqueeze(-1), middle)
    out = U @ middle @ Vh
    if U.shape[-2] > U.shape[-1]:
        out = out + ((to_u - U @ by_u) / row) @ Vh
    if Vh.shape[-1] > Vh.shape[-2]:
        out = out + U @ ((to_vh - by_v.mT @ Vh) / column)
    return out


def svdvals(A: Tensor) -> Tensor:
    """Singular values (..., min(m, n)), descending; differentiable even where some are equal."""
    _matrix("svdvals: A", A)
    return record(_lapack("svdvals", _singular_values, A), _svdvals_vjp, (A,), (A,))


def _singular_values(a: Any) -> Any:
    return np.linalg.svd(a, compute_uv=False)


def _svdvals_vjp(node: Node, g: Tensor) -> Tensor:
    (A,) = node.saved_tensors
    U, _, Vh = svd(A, full_matrices=False)
    return (U * g.unsqueeze(-2)) @ Vh


# ---- numbers ---------------------------------------------------------------------------------


def det(A: Tensor) -> Tensor:
    """Determinants (...,) of square matrices (..., n, n); a singular one has no gradient here."""
    _square("det", A)
    out = _lapack("det", np.linalg.det, A)
    return record(out, _det_vjp, (A,), (A, out))


def _det_vjp(node: Node, g: Tensor) -> Tensor:
    A, out = node.saved_tensors
    return (g * out).unsqueeze(-1).unsqueeze(-1) * inv(A).mT


def slogdet(A: Tensor) -> tuple[Tensor, Tensor]:
    """Sign and log |det| (...,) of square matrices; 0 and -inf for a singular one."""
    _square("slogdet", A)
    sign, log = _lapack("slogdet", np.linalg.slogdet, A)
    return sign, record(log, _slogdet_vjp, (A,), (A,))


def _slogdet_vjp(node: Node, g: Tensor) -> Tensor:
    (A,) = node.saved_tensors
    return g.unsqueeze(-1).unsqueeze(-1) * inv(A).mT


def matrix_norm(A: Tensor, ord: Any = "fro") -> Tensor:
    """Norms (...,) of matrices (..., m, n): "fro", "nuc", 2, -2, 1, -1, inf or -inf.

    The largest of nothing is 0, the least of nothing raises.
    """
    _matrix("matrix_norm: A", A)
    if ord == "fro":
        return norm(A, "fro", (-2, -1))
    if ord == "nuc":
        return svdvals(A).sum(-1)
    if ord in (2, -2):
        return _extreme(svdvals(A), ord > 0)
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise ValueError(
            f"matrix_norm: ord: expected 'fro', 'nuc', 2, -2, 1, -1, inf or -inf, got {ord!r}"
        )
    sums = A.abs().sum(-2 if abs(ord) == 1 else -1)
    return _extreme(sums, ord > 0)


def _extreme(values: Tensor, largest: bool) -> Tensor:
    if largest:
        return values.amax(-1) if values.shape[-1] else values.sum(-1)
    return values.amin(-1)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """Condition numbers (...,): largest by smallest singular value (p = None or 2; p = -2: the
    inverse), or in another norm of `matrix_norm` |A| |inv(A)|; 0 of empty matrices."""
    _matrix("cond: A", A)
    if p not in (None, 2, -2):
        _square("cond", A)
    if 0 in A.shape[-2:]:
        return A.sum((-2, -1))
    if p in (None, 2, -2):
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def matrix_rank(A: Tensor, *, rtol: float | None = None) -> Tensor:
    """How many singular values are above rtol times the largest, as int64 (...,)."""
    _matrix("matrix_rank: A", A)
    values = svdvals(A.detach())
    return (values > _cutoff(A, rtol) * _extreme(values, True).unsqueeze(-1)).sum(-1)


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A (..., k, k) times itself; of the inverse for n < 0."""
    _square("matrix_power", A)
    n = check.integer("matrix_power: n", n)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        return where(_diagonal(A.shape[-1]), 1.0, A * 0)
    if n == 1:
        return A
    half = matrix_power(A, n // 2)
    return half @ half @ A if n % 2 else half @ half


# ---- what they share -------------------------------------------------------------------------


def _matrix(where: str, x: Any, ndim: int = 2) -> None:
    check.float_tensor(where, x)
    if x.ndim < ndim:
        raise ValueError(f"{where}: expected at least {ndim} dimensions, got shape {x.shape}")


def _square(op: str, A: Any) -> None:
    _matrix(f"{op}: A", A)
    if A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{op}: A: expected square matrices, got shape {A.shape}")


def _fits(op: str, A: Tensor, B: Tensor) -> None:
    if A.dtype is not B.dtype:
        raise TypeError(f"{op}: B: expected dtype {A.dtype.name} as A, got {B.dtype.name}")
    if A.shape[-2] != B.shape[-2]:
        raise ValueError(f"{op}: B: expected {A.shape[-2]} rows as A, got shape {B.shape}")
    try:
        np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    except ValueError:
        raise ValueError(
            f"{op}: B: expected a stack that fits {A.shape[:-2]}, got {B.shape[:-2]}"
        ) from None


def _cutoff(A: Tensor, rtol: float | None) -> float:
    kind = np.float32 if A.dtype.itemsize == 4 else np.float64
    return float(np.finfo(kind).eps) * max(A.shape[-2:]) if rtol is None else rtol


def _lapack(op: str, function: Callable[..., Any], *tensors: Tensor) -> Any:
    """NumPy's function of the tensors' values; what it says of a matrix names the op."""
    try:
        result = function(*[x.detach().numpy() for x in tensors])
    except LinAlgError as error:
        raise LinAlgError(f"{op}: A: {error}") from None
    if isinstance(result, tuple):
        return tuple(from_numpy(np.asarray(x, order="C")) for x in result)
    return from_numpy(np.asarray(result, order="C"))


def _diagonal(n: int) -> Tensor:
    return from_numpy(np.eye(n, dtype=bool))


def _symmetric(x: Tensor) -> Tensor:
    return (x + x.mT) * 0.5


def _over_differences(x: Tensor, values: Tensor) -> Tensor:
    """x[i, j] / (values[j] - values[i]), 0 for 0 / 0 and on the diagonal."""
    differences = values.unsqueeze(-2) - values.unsqueeze(-1)
    none = ((x == 0) & (differences == 0)) | _diagonal(x.shape[-1])
    return where(none, 0.0, x) / where(none, 1.0, differences)


explain_errors(globals(), __all__)
