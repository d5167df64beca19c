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

from numpy.linalg import LinAlgError

from ..explain import explain_errors
from .factor import cholesky, eigh, eigvalsh, qr, svd, svdvals
from .numbers import cond, det, matrix_norm, matrix_rank, norm, slogdet, vector_norm
from .products import matrix_power, multi_dot
from .solve import cholesky_solve, inv, lstsq, pinv, solve, solve_triangular

__all__ = [
    "LinAlgError", "cholesky", "cholesky_solve", "cond", "det", "eigh", "eigvalsh", "inv", "lstsq",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_triangular", "svd", "svdvals", "vector_norm",
]  # fmt: skip

explain_errors(globals(), __all__)
