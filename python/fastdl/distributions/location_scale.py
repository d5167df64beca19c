"""Distributions that a location shifts and a scale stretches."""

from __future__ import annotations

from typing import Any

from ..ops.binary import eq
from ..tensor import Tensor
from .distribution import Distribution, parameters


class LocationScale(Distribution):
    """Symmetric about `loc`, which is its mean, median and mode; `scale` is above 0."""

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(type(self).__name__, loc=loc, scale=scale)
        super().__init__(self.loc.shape, (), validate_args)
        self._check("loc", self.loc, eq(self.loc, self.loc), "numbers")
        self._check("scale", self.scale, self.scale > 0, "numbers above 0")

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    def _centered(self, value: Any) -> Tensor:
        return self._real(value, self.loc) - self.loc
