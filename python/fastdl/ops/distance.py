"""Distances and similarities of vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .cat import cat
from .norm import norm
from .split import narrow
from .view import sum_to_shape
from .where import where

_PIECE = 1 << 20  # so many differences at a time


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
    return norm(d, p, -1, keepdim)


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


def normalize(
    input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> Tensor:
    """input / max(|input|, eps), the p-norm along `dim`; a vector of zeros stays one.

    The length of a vector below eps has no gradient.  In a vector with inf that element is NaN, the
    others are 0.

    Raises:
        IndexError: there is no such dimension. ValueError: p is NaN, or eps is not above 0.
        TypeError: not of float32 or float64.
    """
    check.float_tensor("normalize: input", input)
    check.number("normalize: p", p, -math.inf, math.inf)
    check.number("normalize: eps", eps, 5e-324, math.inf)
    check.dimensions("normalize: dim", dim, input.ndim)
    return input / _length(input, dim, eps, p)


def _length(x: Tensor, dim: int | tuple[int, ...], eps: float, p: float = 2.0) -> Tensor:
    length = norm(x, p, dim, keepdim=True)
    return where(_C.lt(length, eps), eps, length)


# ---- of all pairs ------------------------------------------------------------------------------


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm of x1[..., i, :] - x2[..., j, :], for every i and j: (..., rows, other rows).

    From the differences themselves (PyTorch takes |a|² - 2 a·b + |b|² of many rows, which cancels);
    some 2²⁰ of them at a time, where p is 2, for the gradient, too.  Where a distance is 0 its
    gradient is 0.

    Args:
        x1: (..., rows, n).
        x2: (..., other rows, n), of x1's dtype; the dimensions before are broadcast.
        p: at least 0; 0 counts the components that differ, inf takes the largest.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the shapes do not fit, or p is
            below 0.
    """
    check.float_tensor("cdist: x1", x1)
    check.float_tensor("cdist: x2", x2)
    check.number("cdist: p", p, 0.0, math.inf)
    if x1.dtype is not x2.dtype:
        raise TypeError(f"cdist: x2: expected dtype {x1.dtype.name} as x1, got {x2.dtype.name}")
    for name, x in (("x1", x1), ("x2", x2)):
        if x.ndim < 2:
            raise ValueError(f"cdist: {name}: expected at least 2 dimensions, got shape {x.shape}")
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"cdist: x2: expected vectors of {x1.shape[-1]} as x1, got {x2.shape}")
    if p != 2 and x1.shape[-1]:  # of vectors of nothing every norm is 0
        return norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)
    pieces = [norm(d, 2, -1) for _, d in _differences(x1.detach(), x2.detach())]
    out = pieces[0] if len(pieces) == 1 else cat(pieces, -2)
    return record(out, _cdist_vjp, (x1, x2), (x1, x2, out), x1.shape, x2.shape)


def _differences(x1: Tensor, x2: Tensor) -> Iterator[tuple[int, Tensor]]:
    """x1[..., i, None, :] - x2[..., None, :, :] for the rows i in pieces, with the first i."""
    rows, others = x1.shape[-2], x2.unsqueeze(-3)
    each = (x1.unsqueeze(-2)[..., :1, :, :1] + others[..., :1]).numel() * x1.shape[-1]
    step = max(1, _PIECE // max(each, 1))
    for at in range(0, max(rows, 1), step):
        yield at, narrow(x1, -2, at, min(step, rows - at)).unsqueeze(-2) - others


def _cdist_vjp(
    node: Node, g: Tensor, shape1: tuple[int, ...], shape2: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Of the differences, too: |a|² - 2 a·b + |b|² cancels no less in its gradient."""
    x1, x2, distance = node.saved_tensors
    zero = _C.eq(distance, 0.0)
    g, distance = where(zero, 0.0, g).unsqueeze(-1), where(zero, 1.0, distance).unsqueeze(-1)
    to_x1, to_x2 = [], []
    for at, d in _differences(x1, x2):
        rows = (-3, at, d.shape[-3])
        part = d / narrow(distance, *rows) * narrow(g, *rows)
        to_x1.append(part.sum(-2))
        to_x2.append(-part.sum(-3))
    return sum_to_shape(cat(to_x1, -2), shape1), sum_to_shape(sum(to_x2[1:], to_x2[0]), shape2)
