"""The relaxed one-hot categorical distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops.binary import eq
from ..ops.soft_choice import standard_gumbel
from ..ops.softmax import log_softmax, logsumexp, softmax
from ..tensor import Tensor
from .distribution import Distribution, class_probs_or_logits, parameters


class RelaxedOneHotCategorical(Distribution):
    """Vectors softmax((logits + Gumbel noise) / temperature), nearly one-hot at low temperatures
    (Maddison, Mnih & Teh 2017, "The concrete distribution"; Jang, Gu & Poole 2017).

    Args:
        temperature: a number above 0.
        probs: above 0, in the last dimension; divided by their sum; or
        logits: logarithms of such.
    """

    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        name = "RelaxedOneHotCategorical"
        parameter, by_probs = class_probs_or_logits(name, probs, logits)
        (self.temperature,) = parameters(name, temperature=temperature)
        if self.temperature.ndim:
            raise ValueError(f"{name}: temperature: expected a number")
        super().__init__(parameter.shape[:-1], parameter.shape[-1:], validate_args)
        self._check("temperature", self.temperature, self.temperature > 0, "a number above 0")
        if by_probs:
            self._check("probs", parameter, parameter > 0, "numbers above 0")
            parameter = parameter.log()
        else:
            self._check("logits", parameter, eq(parameter, parameter), "numbers")
        self.logits = log_softmax(parameter, -1)
        self.probs = softmax(parameter, -1)

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        noise = standard_gumbel(self._shape(sample_shape), self.logits.dtype)
        return softmax((self.logits + noise) / self.temperature, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        one = (value >= 0) & ((value.sum(-1, keepdim=True) - 1).abs() < 1e-6)
        self._check("value", value, one, "vectors of at least 0 that sum up to 1")
        n, t = self.event_shape[0], self.temperature
        log = value.log()
        inner = self.logits - t * log
        constant = math.lgamma(n) + (n - 1) * t.log()
        return constant + (inner - log).sum(-1) - n * logsumexp(inner, -1)
