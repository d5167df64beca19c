"""The normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops.random import randn
from ..ops.unary import erf, erfinv
from ..tensor import Tensor
from .distribution import Distribution, parameters


class Normal(Distribution):
    """exp(-((x - loc) / scale)² / 2) / (scale √(2π)).

    Args:
        loc: the mean.
        scale: the standard deviation, above 0.
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters("Normal", loc=loc, scale=scale)
        super().__init__(self.loc.shape, (), validate_args)
        self._check("scale", self.scale > 0, "numbers above 0")

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        return self.loc + self.scale * randn(self._shape(sample_shape), dtype=self.loc.dtype)

    def log_prob(self, value: Tensor | float) -> Tensor:
        z = (value - self.loc) / self.scale
        return z * z * -0.5 - self.scale.log() - math.log(2 * math.pi) / 2

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + math.log(2 * math.pi)) / 2

    def cdf(self, value: Tensor | float) -> Tensor:
        return (1 + erf((value - self.loc) / (self.scale * math.sqrt(2)))) * 0.5

    def icdf(self, value: Tensor | float) -> Tensor:
        value = self._probability(value, self.loc)
        return self.loc + self.scale * erfinv(2 * value - 1) * math.sqrt(2)
