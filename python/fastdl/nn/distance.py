"""Distances and similarities of vectors, as modules."""

from __future__ import annotations

import math

from ..check import number
from ..tensor import Tensor
from . import functional as F
from .module import Module


class PairwiseDistance(Module):
    """The p-norm of x1 − x2 + eps over the last dimension.

    Args:
        p: at least 1; inf for the largest component.
        eps: added to each component, so that the distance is hardly ever 0.
        keepdim: whether the last dimension stays, with size 1.

    Shape: (..., n) both, broadcast → (...).
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.p = number("PairwiseDistance: p", p, 1.0, math.inf)
        self.eps, self.keepdim = eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """Σ x1 x2 / (|x1| |x2|) along `dim`, lengths no less than eps.

    Args:
        dim: the dimension of the vectors.
        eps: the least length, above 0.

    Shape: both alike or broadcast → theirs without dim.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = number("CosineSimilarity: eps", eps, 5e-324, math.inf)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
