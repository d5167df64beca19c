"""Choices that can be differentiated: softmin, Gumbel-softmax, the expected index."""

from __future__ import annotations

import math

from .. import _C, check
from ..autograd import Node, record
from ..random import Generator
from ..tensor import Tensor
from .copy import cast
from .create import arange
from .random import rand
from .softmax import softmax
from .view import reshape


def softmin(input: Tensor, dim: int) -> Tensor:
    """exp(-x) / Σ exp(-x) along `dim`.

    Raises:
        IndexError: there is no such dimension. TypeError: input is not float32 or float64.
    """
    return softmax(-check.float_tensor("softmin: input", input), dim)


def standard_gumbel(
    shape: tuple[int, ...], dtype: _C.DType, generator: Generator | None = None
) -> Tensor:
    """Draws of -log(E), E exponential; none is infinite."""
    u = rand(shape, generator=generator, dtype=dtype)
    least = 2.0**-25 if dtype is _C.DType.float32 else 2.0**-54  # half a step of the draws
    exponential = _C.neg(_C.log1p(_C.neg(_C.where(_C.eq(u, 0), least, u))))
    return _C.neg(_C.log(exponential))


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """softmax((logits + G) / tau) along `dim` with standard Gumbel draws G: a relaxed sample of the
    categorical distribution.

    Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017; Maddison et al.,
    "The Concrete Distribution", ICLR 2017.

    Args:
        tau: the temperature, above 0: near 0 a sample is nearly one-hot.
        hard: whether the result is the one-hot vector of the largest component, with the gradient
            of the soft one.
        eps: taken for PyTorch's sake and not needed: no draw is infinite.

    Raises:
        IndexError: there is no such dimension. ValueError: tau is not above 0.
        TypeError: logits are not float32 or float64.
    """
    check.float_tensor("gumbel_softmax: logits", logits)
    check.number("gumbel_softmax: tau", tau, 5e-324, math.inf)
    check.dimension("gumbel_softmax: dim", dim, logits.ndim)
    noise = standard_gumbel(logits.shape, logits.dtype, generator)
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = _C.eq(_index_along(soft, dim), soft.detach().argmax(dim, keepdim=True))
    return record(cast(chosen, soft.dtype), _straight_through_vjp, (soft,))


def _straight_through_vjp(_: Node, g: Tensor) -> Tensor:
    return g


def _index_along(x: Tensor, dim: int) -> Tensor:
    """0, 1, 2, … along `dim`, to be broadcast."""
    d = check.dimension("dim", dim, x.ndim)
    n = x.shape[d] if x.ndim else 1
    return reshape(arange(n), [n if i == d else 1 for i in range(x.ndim)])


def soft_argmax(input: Tensor, dim: int = -1, temperature: float = 1.0) -> Tensor:
    """The expected index along `dim` under softmax(input / temperature).

    Raises:
        IndexError: there is no such dimension. ValueError: temperature is not above 0.
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("soft_argmax: input", input)
    check.number("soft_argmax: temperature", temperature, 5e-324, math.inf)
    p = softmax(input / temperature, dim)
    return (p * cast(_index_along(p, dim), p.dtype)).sum(dim)
