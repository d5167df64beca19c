"""The Laplace distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..dtypes import float64
from ..ops.random import rand
from ..ops.unary import expm1, log1p
from ..tensor import Tensor
from .location_scale import LocationScale


class Laplace(LocationScale):
    """exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: mean and median.
        scale: the mean distance from it, above 0.
    """

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale * 2

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        # u in (-1, 1): a half and its sign, away from log(0) at both ends.
        step = 2.0**-53 if self.loc.dtype is float64 else 2.0**-24  # of rand
        u = rand(self._shape(sample_shape), dtype=self.loc.dtype) * 2 - (1 - step)
        return self.loc - self.scale * u.sign() * log1p(-u.abs())

    def log_prob(self, value: Tensor | float) -> Tensor:
        return -self._centered(value).abs() / self.scale - (self.scale * 2).log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + math.log(2))

    def cdf(self, value: Tensor | float) -> Tensor:
        z = self._centered(value) / self.scale
        return 0.5 - z.sign() * expm1(-z.abs()) * 0.5

    def icdf(self, value: Tensor | float) -> Tensor:
        u = self._probability(value, self.loc) - 0.5
        return self.loc - self.scale * u.sign() * log1p(-2 * u.abs())
