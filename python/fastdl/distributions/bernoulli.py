"""The Bernoulli distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..grad_mode import no_grad
from ..ops.binary import eq
from ..ops.random import rand
from ..ops.unary import log1p, logsigmoid, sigmoid
from ..ops.where import where
from ..tensor import Tensor
from .distribution import Distribution, probs_or_logits


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0.

    Args:
        probs: in [0, 1]; or
        logits: log(probs / (1 - probs)).
    """

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        parameter, self._by_probs = probs_or_logits("Bernoulli", probs, logits)
        setattr(self, "probs" if self._by_probs else "logits", parameter)
        super().__init__(parameter.shape, (), validate_args)
        if self._by_probs:
            within = (self.probs >= 0) & (self.probs <= 1)
            self._check("probs", self.probs, within, "numbers in [0, 1]")
        else:
            self._check("logits", self.logits, eq(self.logits, self.logits), "numbers")

    def __getattr__(self, name: str) -> Any:  # the parameter that was not given
        if name == "probs" and "logits" in self.__dict__:
            return sigmoid(self.logits)
        if name == "logits" and "probs" in self.__dict__:
            return self.probs.log() - log1p(-self.probs)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 from ½ on."""
        return (self.probs >= 0.5).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        with no_grad():
            draws = rand(self._shape(sample_shape), dtype=self.probs.dtype)
            return (draws < self.probs).to(draws.dtype)

    def log_prob(self, value: Tensor | float) -> Tensor:
        value = self._like(value, self.probs)
        self._check("value", value, eq(value, 0) | eq(value, 1), "0 or 1")
        yes, no = self._weighted_logs(value, 1 - value)
        return yes + no

    def entropy(self) -> Tensor:
        yes, no = self._weighted_logs(self.probs, 1 - self.probs)
        return -(yes + no)

    def _weighted_logs(self, yes: Any, no: Any) -> tuple[Tensor, Tensor]:
        """yes · log p and no · log(1 - p), where 0 · log 0 is 0."""
        if self._by_probs:
            p = self.probs
            log_p = where(eq(p, 0), -float("inf"), where(eq(p, 0), 1.0, p).log())
            log_q = where(eq(p, 1), -float("inf"), log1p(-where(eq(p, 1), 0.0, p)))
        else:
            log_p, log_q = logsigmoid(self.logits), logsigmoid(-self.logits)
        return _times(yes, log_p), _times(no, log_q)


def _times(weight: Any, log: Tensor) -> Tensor:
    none = eq(log, -float("inf")) & (weight == 0)
    return weight * where(none, 0.0, log)
