"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import linalg
from ..ops.binary import eq
from ..ops.diag import diagonal
from ..ops.matmul import matmul
from ..ops.random import randn
from ..ops.rearrange import flip
from ..ops.triangle import tril
from ..tensor import Tensor
from .distribution import Distribution


class MultivariateNormal(Distribution):
    """Normal vectors (..., n), by one of three matrices (..., n, n).

    Args:
        loc: the mean (..., n).
        covariance_matrix: symmetric positive definite; or
        precision_matrix: its inverse; or
        scale_tril: lower triangular L with covariance L Lᵀ, of a positive diagonal.

    Raises:
        LinAlgError: a matrix is not positive definite.
    """

    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        matrices = (covariance_matrix, precision_matrix, scale_tril)
        given = [m for m in matrices if m is not None]
        if len(given) != 1:
            raise ValueError(
                "MultivariateNormal: expected one of covariance_matrix, precision_matrix and "
                f"scale_tril, got {len(given)}"
            )
        n = given[0].shape[-1]
        if loc.ndim < 1 or given[0].shape[-2:] != (n, n) or loc.shape[-1] not in (1, n):
            raise ValueError(
                "MultivariateNormal: expected loc (..., n) and a matrix (..., n, n), got "
                f"{loc.shape} and {given[0].shape}"
            )
        self.loc = loc + given[0][..., 0] * 0
        super().__init__(self.loc.shape[:-1], (n,), validate_args)
        self._check("loc", self.loc, eq(self.loc, self.loc), "numbers")
        if scale_tril is not None:
            lower = eq(tril(scale_tril), scale_tril)
            self._check("scale_tril", scale_tril, lower, "a lower triangular matrix")
            ends = _diagonal(scale_tril)
            self._check("scale_tril", ends, ends > 0, "a positive diagonal")
            self.scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._check_symmetric("covariance_matrix", covariance_matrix)
            self.scale_tril = linalg.cholesky(covariance_matrix)
        else:
            assert precision_matrix is not None
            self._check_symmetric("precision_matrix", precision_matrix)
            # P = U Uᵀ with U upper triangular, by the Cholesky factor of P backwards; then
            # covariance = U⁻ᵀ U⁻¹, so L = U⁻ᵀ.
            backwards = _backwards(linalg.cholesky(_backwards(precision_matrix)))
            self.scale_tril = linalg.inv(backwards.mT)

    def _check_symmetric(self, name: str, matrix: Tensor) -> None:
        holds = (matrix - matrix.mT).abs() <= matrix.abs() * 1e-5 + 1e-6
        self._check(name, matrix, holds, "a symmetric matrix")

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def covariance_matrix(self) -> Tensor:
        return self.scale_tril @ self.scale_tril.mT

    @property
    def precision_matrix(self) -> Tensor:
        inverse = linalg.inv(self.scale_tril)
        return inverse.mT @ inverse

    @property
    def variance(self) -> Tensor:
        return (self.scale_tril * self.scale_tril).sum(-1) + self.loc * 0

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        z = randn(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + matmul(self.scale_tril, z.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        centered = self._real(value, self.loc) - self.loc
        z = linalg.solve_triangular(self.scale_tril, centered.unsqueeze(-1), upper=False)
        z = z.squeeze(-1)
        n = self.event_shape[0]
        return (z * z).sum(-1) * -0.5 - self._half_log_det() - n * math.log(2 * math.pi) / 2

    def entropy(self) -> Tensor:
        n = self.event_shape[0]
        out = self._half_log_det() + n * (1 + math.log(2 * math.pi)) / 2
        return out.expand(self.batch_shape)

    def _half_log_det(self) -> Tensor:
        return _diagonal(self.scale_tril).log().sum(-1)


def _diagonal(matrix: Tensor) -> Tensor:
    return diagonal(matrix, 0, -2, -1)


def _backwards(matrix: Tensor) -> Tensor:
    """Rows and columns in the reverse order."""
    return flip(matrix, -2, -1)
