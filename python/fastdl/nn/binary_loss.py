"""Losses of two classes as modules."""

from __future__ import annotations

from ..check import number
from ..tensor import Tensor
from . import functional as F
from .loss import Loss


class BCELoss(Loss):
    """−(target log(input) + (1 − target) log(1 − input)) of probabilities.

    Args:
        weight: of each loss, a shape that can be expanded to theirs, or None; kept as a buffer.
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: a value is not in [0, 1], or the shapes differ.
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """`BCELoss` of sigmoid(input), in full precision for logits of any size.

    Args:
        weight: of each loss, a shape that can be expanded to theirs, or None; kept as a buffer.
        reduction: "mean", "sum" or "none".
        pos_weight: of the positive part, likewise.

    Shape and errors: `BCELoss`, but input takes any number.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


class MultiLabelSoftMarginLoss(Loss):
    """`BCEWithLogitsLoss`, averaged over the last dimension, the classes.

    Args:
        weight: of each class, (classes,), or None; kept as a buffer.
        reduction: "mean", "sum" or "none".

    Shape: input and target (batch, classes) → () or, unreduced, (batch,).
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class SoftMarginLoss(Loss):
    """log(1 + exp(−target input)), the logistic loss, for targets −1 and 1.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: a target is neither −1 nor 1, or the shapes differ.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, self.reduction)


class HingeLoss(Loss):
    """max(0, margin − target input) for targets −1 and 1.

    Args:
        margin: from where on a score costs nothing.
        reduction: "mean", "sum" or "none".

    Shape and errors: `SoftMarginLoss`.
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        where = f"{type(self).__name__}: margin"
        self.margin = number(where, margin, -float("inf"), float("inf"))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_loss(input, target, self.margin, self.reduction)


class SquaredHingeLoss(HingeLoss):
    """max(0, margin − target input)² for targets −1 and 1.

    Args, shape and errors: `HingeLoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.squared_hinge_loss(input, target, self.margin, self.reduction)


class ModifiedHuberLoss(Loss):
    """max(0, 1 − z)² for z = target input from −1 on, and −4 z below, for targets −1 and 1.

    Args:
        reduction: "mean", "sum" or "none".

    Shape and errors: `SoftMarginLoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.modified_huber_loss(input, target, self.reduction)
