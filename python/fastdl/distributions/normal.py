"""The normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..ops.random import randn
from ..ops.unary import erf, erfinv
from ..tensor import Tensor
from .location_scale import LocationScale


class Normal(LocationScale):
    """exp(-((x - loc) / scale)² / 2) / (scale √(2π)).

    Args:
        loc: the mean.
        scale: the standard deviation, above 0.
    """

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        return self.loc + self.scale * randn(self._shape(sample_shape), dtype=self.loc.dtype)

    def log_prob(self, value: Tensor | float) -> Tensor:
        z = self._centered(value) / self.scale
        return z * z * -0.5 - self.scale.log() - math.log(2 * math.pi) / 2

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + math.log(2 * math.pi)) / 2

    def cdf(self, value: Tensor | float) -> Tensor:
        return (1 + erf(self._centered(value) / (self.scale * math.sqrt(2)))) * 0.5

    def icdf(self, value: Tensor | float) -> Tensor:
        value = self._probability(value, self.loc)
        return self.loc + self.scale * erfinv(2 * value - 1) * math.sqrt(2)
