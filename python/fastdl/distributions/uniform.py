"""The uniform distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.random import rand
from ..ops.where import where
from ..tensor import Tensor
from .distribution import Distribution, parameters


class Uniform(Distribution):
    """1 / (high - low) on [low, high)."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters("Uniform", low=low, high=high)
        super().__init__(self.low.shape, (), validate_args)
        self._check("high", self.high, self.low < self.high, "numbers above low")

    @property
    def mean(self) -> Tensor:
        return (self.low + self.high) * 0.5

    @property
    def mode(self) -> Tensor:
        """NaN: there is no single one."""
        return self.high * float("nan")

    @property
    def variance(self) -> Tensor:
        width = self.high - self.low
        return width * width / 12

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        u = rand(self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Tensor | float) -> Tensor:
        """−inf at high itself, as in PyTorch."""
        value = self._inside(value)
        inside = (self.low <= value) & (self.high > value)
        return where(inside, -(self.high - self.low).log(), -float("inf"))

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()

    def _inside(self, value: Any) -> Tensor:
        value = self._like(value, self.low)
        inside = (self.low <= value) & (self.high >= value)
        self._check("value", value, inside, "numbers in [low, high]")
        return value

    def cdf(self, value: Tensor | float) -> Tensor:
        u = (self._inside(value) - self.low) / (self.high - self.low)
        return u.maximum(0.0).minimum(1.0)

    def icdf(self, value: Tensor | float) -> Tensor:
        return self.low + self._probability(value, self.low) * (self.high - self.low)
