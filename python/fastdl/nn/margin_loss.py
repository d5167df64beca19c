"""Losses that ask for a margin, as modules."""

from __future__ import annotations

import math

from ..check import number
from ..tensor import Tensor
from . import functional as F
from .loss import Loss


class MultiMarginLoss(Loss):
    """Σ weight[target] max(0, margin − input[target] + input[i])^p / classes over i ≠ target.

    Args:
        p: 1 or 2.
        margin: how much higher the score of the target should be.
        weight: of each class, (classes,), or None; kept as a buffer.
        reduction: "mean", "sum" or "none".

    Shape: input (batch, classes), target (batch,) int64 or int32 → () or, unreduced, (batch,).

    Raises (when called):
        IndexError: a target is no class.
        ValueError: shapes do not fit.
    """

    weight: Tensor | None

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p: expected 1 or 2, got {p}")
        self.p = p
        self.margin = number("MultiMarginLoss: margin", margin, -math.inf, math.inf)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """Σ max(0, 1 − input[j] + input[i]) / classes over targets j and other classes i.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: input and target (batch, classes), each row of target its classes up to the first −1 →
    () or, unreduced, (batch,).

    Raises (when called):
        IndexError: a target is no class.
        ValueError: the shapes differ.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, self.reduction)


class _Margin(Loss):
    """A loss whose one option is its margin."""

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number(f"{type(self).__name__}: margin", margin, -math.inf, math.inf)


class MarginRankingLoss(_Margin):
    """max(0, margin − target (input1 − input2)) for targets −1 and 1.

    Args:
        margin: by how much one shall be above the other.
        reduction: "mean", "sum" or "none".

    Shape: all three alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: a target is neither −1 nor 1, or the shapes differ.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(_Margin):
    """`input`, a distance, where the target is 1, and max(0, margin − input) where it is −1.

    Args:
        margin: how far unlike things shall be apart.
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: a target is neither −1 nor 1, or the shapes differ.
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(margin, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class CosineEmbeddingLoss(_Margin):
    """1 − cos(input1, input2) where the target is 1, and max(0, cos − margin) where it is −1.

    Args:
        margin: the cosine that unlike things may have.
        reduction: "mean", "sum" or "none".

    Shape: inputs (batch, n), target (batch,) → () or, unreduced, (batch,).

    Raises (when called):
        ValueError: a target is neither −1 nor 1, or shapes do not fit.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """max(0, |anchor − positive| − |anchor − negative| + margin).

    Args:
        margin: by how much the negative shall be farther away.
        p: of the norm, at least 1.
        eps: added to each component of a difference.
        swap: whether |positive − negative| counts where it is the smaller.
        reduction: "mean", "sum" or "none".

    Shape: all three alike, vectors along the last dimension → () or, unreduced, without that.

    Raises (when called):
        ValueError: the shapes differ.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.margin = number("TripletMarginLoss: margin", margin, -math.inf, math.inf)
        self.p = number("TripletMarginLoss: p", p, 1.0, math.inf)
        self.eps, self.swap = eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )
