"""Distances and similarities of vectors."""

from __future__ import annotations

import math

from .. import _C, check
from ..tensor import Tensor
from .unary import abs, sqrt
from .where import where


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last dimension; broadcasts.

    Where it is 0 its gradient is 0, too.

    Args:
        p: at least 1; inf for the largest component.
        eps: added to each component, so that the distance is hardly ever 0.

    Raises:
        ValueError: p is below 1, or the shapes do not fit. TypeError: not of float32 or float64.
    """
    check.float_tensor("pairwise_distance: x1", x1)
    check.float_tensor("pairwise_distance: x2", x2)
    check.number("pairwise_distance: p", p, 1.0, math.inf)
    check.number("pairwise_distance: eps", eps, -math.inf, math.inf)
    d = x1 - x2 + eps
    if d.ndim == 0:
        raise ValueError("pairwise_distance: x1: expected at least 1 dimension, got shape ()")
    if p == 1:
        return abs(d).sum(-1, keepdim)
    if p == math.inf:
        return abs(d).amax(-1, keepdim)
    total = (d * d if p == 2 else abs(d) ** p).sum(-1, keepdim)
    zero = _C.eq(total, 0.0)
    some = where(zero, 1.0, total)
    return where(zero, 0.0, sqrt(some) if p == 2 else some ** (1 / p))


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Σ x1 x2 / (|x1| |x2|) along `dim`, lengths no less than eps; broadcasts.

    The length of a vector below eps has no gradient.

    Raises:
        IndexError: there is no such dimension. ValueError: the shapes do not fit, or eps is not
        above 0. TypeError: not of float32 or float64.
    """
    check.float_tensor("cosine_similarity: x1", x1)
    check.float_tensor("cosine_similarity: x2", x2)
    check.number("cosine_similarity: eps", eps, 5e-324, math.inf)
    check.dimension("cosine_similarity: dim", dim, max(x1.ndim, x2.ndim))
    lengths = [_length(x, dim, eps) for x in (x1, x2)]
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def _length(x: Tensor, dim: int, eps: float) -> Tensor:
    total = (x * x).sum(dim, keepdim=True)
    return where(_C.lt(total, eps * eps), eps, sqrt(where(_C.lt(total, eps * eps), 1.0, total)))
