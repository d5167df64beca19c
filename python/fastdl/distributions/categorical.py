"""One of n classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..grad_mode import no_grad
from ..ops.binary import eq
from ..ops.create import as_tensor
from ..ops.index import gather
from ..ops.multinomial import multinomial
from ..ops.one_hot import one_hot
from ..ops.softmax import log_softmax, softmax
from ..ops.view import reshape
from ..ops.where import where
from ..tensor import Tensor
from .distribution import Distribution, class_probs_or_logits, sizes


class Categorical(Distribution):
    """A class 0 … n - 1, int64, with the probabilities in the last dimension.

    Args:
        probs: at least 0, their sum above 0 and finite, by which they are divided; or
        logits: logarithms of such.
    """

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name = type(self).__name__
        parameter, by_probs = class_probs_or_logits(name, probs, logits)
        super().__init__(parameter.shape[:-1], (), validate_args)
        self._classes = parameter.shape[-1]
        if by_probs:
            total = parameter.sum(-1, keepdim=True)
            usable = (total > 0) & (total < math.inf)
            self._check("probs", parameter, (parameter >= 0) & usable,
                        "numbers of at least 0, not all 0, of a finite sum")  # fmt: skip
            self.probs = parameter / total
            none = eq(self.probs, 0)
            self.logits = where(none, -float("inf"), where(none, 1.0, self.probs).log())
        else:
            self.probs = softmax(parameter, -1)
            self.logits = log_softmax(parameter, -1)
            self._check("logits", parameter, eq(self.probs, self.probs),
                        "numbers below inf, not all -inf")  # fmt: skip

    @property
    def mode(self) -> Tensor:
        """The first of the most probable classes."""
        return self.probs.argmax(-1)

    def sample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        """Draws by `multinomial`, with replacement; a class of probability 0 never."""
        with no_grad():
            drawn_shape, rows = sizes(sample_shape), math.prod(self.batch_shape)
            weights = reshape(self.probs, (rows, self._classes))
            drawn = multinomial(weights, math.prod(drawn_shape), replacement=True)
            return reshape(drawn.T, (*drawn_shape, *self.batch_shape))

    def log_prob(self, value: Tensor | int) -> Tensor:
        """Of classes, integers that broadcast with the batch shape."""
        value = as_tensor(value)
        if value.dtype.is_floating_point:
            raise TypeError(f"Categorical: value: expected integers, got {value.dtype.name}")
        is_class = (value >= 0) & (value < self._classes)
        self._check("value", value, is_class, f"0 … {self._classes - 1}")
        logits = self.logits
        shape = (value.unsqueeze(-1) + (logits[..., :1] * 0).long()).shape[:-1]
        index = value.expand(shape).unsqueeze(-1)
        return gather(logits.expand((*shape, self._classes)), -1, index).squeeze(-1)

    def entropy(self) -> Tensor:
        return -expectation(self.probs, self.logits)


def expectation(probs: Tensor, logs: Tensor) -> Tensor:
    """Σ p · log over the last dimension, where p = 0 counts 0."""
    return (probs * where(eq(probs, 0), 0.0, logs)).sum(-1)


class OneHotCategorical(Categorical):
    """`Categorical` whose draws are vectors of n zeros but for a one at the class."""

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(probs, logits, validate_args)
        self.event_shape = (self._classes,)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return self._one_hot(super().mode)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        return self._one_hot(super().sample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        one = ((value == 0) | (value == 1)) & (value.sum(-1, keepdim=True) == 1)
        self._check("value", value, one, "vectors of zeros but for a one")
        return (value * where(eq(value, 0), 0.0, self.logits)).sum(-1)

    def _one_hot(self, classes: Tensor) -> Tensor:
        return one_hot(classes, self._classes).to(self.probs.dtype)
