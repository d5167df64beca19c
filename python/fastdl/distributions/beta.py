"""The beta distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.binary import eq, xlogy
from ..ops.gamma import standard_gamma_log
from ..ops.unary import digamma, lgamma, log1p, sigmoid
from ..ops.where import where
from ..tensor import Tensor
from .distribution import Distribution, parameters


class Beta(Distribution):
    """x^(a - 1) (1 - x)^(b - 1) / B(a, b) on [0, 1].

    Args:
        concentration1: a, above 0.
        concentration0: b, above 0.
    """

    has_rsample = True

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = parameters(
            "Beta", concentration1=concentration1, concentration0=concentration0
        )
        super().__init__(self.concentration1.shape, (), validate_args)
        for name, x in (("concentration1", self.concentration1),
                        ("concentration0", self.concentration0)):  # fmt: skip
            self._check(name, x, x > 0, "numbers above 0")

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        """NaN where there is no single one: where both concentrations are below 1, or both 1."""
        a, b = self.concentration1 - 1, self.concentration0 - 1
        inside = (a > 0) | (b > 0)
        at_end = where(b < a, 1.0, 0.0).to(a.dtype)  # one is 1, the other below
        rest = where(eq(a.maximum(b), 0) & ~eq(a, b), at_end, float("nan"))
        a, b = a.maximum(0.0), b.maximum(0.0)
        return where(inside, a / where(inside, a + b, 1.0), rest)

    @property
    def variance(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        total = a + b
        return a * b / (total * total * (total + 1))

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        # X / (X + Y) for X of Gamma(a), Y of Gamma(b), by their logarithms: small concentrations
        # give numbers far below the smallest.
        shape = self._shape(sample_shape)
        return sigmoid(
            standard_gamma_log(self.concentration1.expand(shape))
            - standard_gamma_log(self.concentration0.expand(shape))
        )

    def log_prob(self, value: Any) -> Tensor:
        a, b = self.concentration1, self.concentration0
        value = self._like(value, a)
        self._check("value", value, (value >= 0) & (value <= 1), "numbers in [0, 1]")
        end = eq(value, 1)  # 0 · log 0 counts 0; log1p elsewhere, exact near 0
        rest = where(end, xlogy(b - 1, 1 - value), (b - 1) * log1p(-where(end, 0.5, value)))
        return xlogy(a - 1, value) + rest - log_beta(a, b)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return (
            log_beta(a, b)
            - (a - 1) * digamma(a)
            - (b - 1) * digamma(b)
            + (a + b - 2) * digamma(a + b)
        )


def log_beta(a: Tensor, b: Tensor) -> Tensor:
    """log B(a, b)."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)
