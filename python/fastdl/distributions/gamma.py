"""The gamma and the exponential distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.binary import xlogy
from ..ops.gamma import standard_gamma_log
from ..ops.random import rand
from ..ops.unary import digamma, expm1, lgamma, log1p
from ..tensor import Tensor
from .distribution import Distribution, parameters


class Gamma(Distribution):
    """rate^c x^(c - 1) exp(-rate x) / Γ(c), c the concentration.

    The gradient of `rsample` at the concentration is implicit (Figurnov, Mohamed & Mnih 2018), and
    has none of its own.

    Args:
        concentration: the shape, above 0.
        rate: the inverse of the scale, above 0.
    """

    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = parameters("Gamma", concentration=concentration, rate=rate)
        super().__init__(self.rate.shape, (), validate_args)
        self._check("concentration", self.concentration, self.concentration > 0, "numbers above 0")
        self._check("rate", self.rate, self.rate > 0, "numbers above 0")

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return (self.concentration - 1).maximum(0.0) / self.rate

    @property
    def variance(self) -> Tensor:
        return self.concentration / (self.rate * self.rate)

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        log = standard_gamma_log(self.concentration.expand(self._shape(sample_shape)))
        return (log - self.rate.log()).exp()

    def log_prob(self, value: Tensor | float) -> Tensor:
        c = self.concentration
        value = self._like(value, c)
        self._check("value", value, value >= 0, "numbers of at least 0")
        return c * self.rate.log() + xlogy(c - 1, value) - self.rate * value - lgamma(c)

    def entropy(self) -> Tensor:
        c = self.concentration
        return c - self.rate.log() + lgamma(c) + (1 - c) * digamma(c)


class Exponential(Distribution):
    """rate exp(-rate x).

    Args:
        rate: the inverse of the mean, above 0.
    """

    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters("Exponential", rate=rate)
        super().__init__(self.rate.shape, (), validate_args)
        self._check("rate", self.rate, self.rate > 0, "numbers above 0")

    @property
    def mean(self) -> Tensor:
        return 1 / self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate * 0

    @property
    def variance(self) -> Tensor:
        return 1 / (self.rate * self.rate)

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        return -log1p(-rand(self._shape(sample_shape), dtype=self.rate.dtype)) / self.rate

    def log_prob(self, value: Tensor | float) -> Tensor:
        value = self._like(value, self.rate)
        self._check("value", value, value >= 0, "numbers of at least 0")
        return self.rate.log() - self.rate * value

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()

    def cdf(self, value: Tensor | float) -> Tensor:
        value = self._like(value, self.rate)
        self._check("value", value, value >= 0, "numbers of at least 0")
        return -expm1(-self.rate * value)

    def icdf(self, value: Tensor | float) -> Tensor:
        value = self._probability(value, self.rate)
        return -log1p(-value) / self.rate
