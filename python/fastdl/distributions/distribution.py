"""What all distributions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import check
from ..dtypes import DType
from ..explain import describe
from ..grad_mode import no_grad
from ..lazy import numpy as np
from ..ops.binary import eq
from ..ops.check_values import check_holds
from ..ops.create import as_tensor
from ..ops.view import broadcast_tensors
from ..tensor import Tensor


class Distribution:
    """Independent draws of shape `event_shape`, one for each element of `batch_shape`.

    Values outside the support raise ValueError, in `log_prob` of every distribution and in `cdf` of
    those with a support of their own; NaN does, too.

    Args:
        validate_args: check parameters when they are given, and values (the default); in a compiled
            step every time it runs.  Without, what comes of values outside the support is not said
            (`Uniform` says −inf, and 0 or 1 as `cdf`).
    """

    has_rsample = False

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        self.batch_shape, self.event_shape = tuple(batch_shape), tuple(event_shape)
        self.validates = validate_args is None or validate_args

    @property
    def mean(self) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}: mean is not known")

    @property
    def mode(self) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}: mode is not known")

    @property
    def variance(self) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}: variance is not known")

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def sample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        """Draws of shape (*sample_shape, *batch_shape, *event_shape), without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: int | Sequence[int] = ()) -> Tensor:
        """Draws as `sample`, differentiable by the parameters."""
        raise NotImplementedError(
            f"{type(self).__name__}: rsample: draws have no gradient; use sample and log_prob"
        )

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density (or probability) at `value`, summed over the event."""
        raise NotImplementedError(f"{type(self).__name__}: log_prob is not known")

    def entropy(self) -> Tensor:
        """In nats, of the batch shape."""
        raise NotImplementedError(f"{type(self).__name__}: entropy is not known")

    def cdf(self, value: Any) -> Tensor:
        """The probability of at most `value`."""
        raise NotImplementedError(f"{type(self).__name__}: cdf is not known")

    def icdf(self, value: Any) -> Tensor:
        """The inverse of `cdf`."""
        raise NotImplementedError(f"{type(self).__name__}: icdf is not known")

    # ---- for the distributions themselves ------------------------------------------------------

    def _shape(self, sample_shape: int | Sequence[int]) -> tuple[int, ...]:
        return (*sizes(sample_shape), *self.batch_shape, *self.event_shape)

    def _like(self, value: Any, parameter: Tensor) -> Tensor:
        """A number as a tensor of the parameter's dtype."""
        if isinstance(value, Tensor):
            return value
        return as_tensor(value, dtype=parameter.dtype)

    def _probability(self, value: Any, parameter: Tensor) -> Tensor:
        """The argument of `icdf`."""
        value = self._like(value, parameter)
        self._check("value", value, (value >= 0) & (value <= 1), "probabilities in [0, 1]")
        return value

    def _real(self, value: Any, parameter: Tensor) -> Tensor:
        """A value of a distribution over all numbers."""
        value = self._like(value, parameter)
        self._check("value", value, eq(value, value), "numbers")
        return value

    def _check(self, name: str, value: Tensor, holds: Tensor, expected: str) -> None:
        """ValueError, which shows the first value where `holds` is False; in a compiled step, too.
        The two are broadcast."""
        if self.validates:
            what = f"{type(self).__name__}: {name}: expected {expected}"
            check_holds(what, *broadcast_tensors(value.detach(), holds))

    def __repr__(self) -> str:
        shapes = f"batch_shape={self.batch_shape}, event_shape={self.event_shape}"
        return f"{type(self).__name__}({shapes})"


def sizes(sample_shape: int | Sequence[int]) -> tuple[int, ...]:
    """The shape as a tuple; TypeError or ValueError where it is none."""
    listed = sample_shape if isinstance(sample_shape, tuple | list) else (sample_shape,)
    return tuple([check.integer("sample: sample_shape", n, 0) for n in listed])


def probs_or_logits(op: str, probs: Any, logits: Any) -> tuple[Tensor, bool]:
    """The one that was given, and whether it is `probs`.

    Raises:
        ValueError: both were given, or neither. TypeError: it is no float.
    """
    if (probs is None) == (logits is None):
        raise ValueError(f"{op}: expected one of probs and logits")
    if logits is None:
        return parameters(op, probs=probs)[0], True
    return parameters(op, logits=logits)[0], False


def class_probs_or_logits(op: str, probs: Any, logits: Any) -> tuple[Tensor, bool]:
    """`probs_or_logits` of classes in the last dimension; ValueError without one."""
    found, by_probs = probs_or_logits(op, probs, logits)
    if found.ndim < 1:
        raise ValueError(f"{op}: expected probabilities of at least one dimension, got a number")
    return found, by_probs


def _as_tensor(where: str, x: Any, dtype: DType | None) -> Tensor:
    if isinstance(x, Tensor):
        return x
    try:
        return as_tensor(x, dtype=dtype)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{where}: expected a Tensor or a number, got {describe(x)}") from None


def parameters(op: str, **values: Any) -> list[Tensor]:
    """Parameters, tensors or numbers, as float tensors of one shape and dtype (that of the tensors,
    float32 for numbers alone).

    Raises:
        TypeError: one is no float, or dtypes differ. ValueError: shapes do not broadcast.
    """
    given = [x.dtype for x in values.values() if isinstance(x, Tensor)]
    dtype = given[0] if given else None
    tensors = [_as_tensor(f"{op}: {name}", x, dtype) for name, x in values.items()]
    if not given:
        tensors = [x.float() for x in tensors]
    for name, x in zip(values, tensors, strict=True):
        if not x.dtype.is_floating_point:
            raise TypeError(f"{op}: {name}: expected a float dtype, got {x.dtype.name}")
        if x.dtype is not tensors[0].dtype:
            first = tensors[0].dtype.name
            raise TypeError(f"{op}: {name}: expected dtype {first}, got {x.dtype.name}")
    try:
        shape = np.broadcast_shapes(*[x.shape for x in tensors])
    except ValueError:
        shapes = ", ".join(f"{n} {x.shape}" for n, x in zip(values, tensors, strict=True))
        raise ValueError(f"{op}: expected shapes that broadcast, got {shapes}") from None
    return [x if x.shape == shape else x.expand(shape) for x in tensors]
