"""Negative log-likelihoods and the Kullback–Leibler divergence as modules."""

from __future__ import annotations

import math

from ..check import number
from ..tensor import Tensor
from . import functional as F
from .loss import REDUCTIONS, Loss


class NLLLoss(Loss):
    """−weight[target] · input[target], for log-probabilities.

    Args:
        weight: of each class, (classes,), or None; kept as a buffer.
        ignore_index: a target that counts for nothing.
        reduction: "mean" (weighted by the targets' classes), "sum" or "none".

    Shape: input (batch, classes, ...), target (batch, ...) int64 or int32 → () or, unreduced,
    the target's.

    Raises (when called):
        IndexError: a target is no class.
        ValueError: shapes do not fit.
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class KLDivLoss(Loss):
    """target (log(target) − input), for log-probabilities `input`; 0 where the target is 0.

    Args:
        reduction: "batchmean" (the sum over the batch's size: the divergence), "mean", "sum" or
            "none".
        log_target: whether target, too, holds logarithms.

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: the shapes differ.
    """

    reductions = (*REDUCTIONS, "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, self.reduction, self.log_target)


class PoissonNLLLoss(Loss):
    """exp(input) − target input for logarithms of rates, input − target log(input + eps) for rates.

    Args:
        log_input: whether input is the rate's logarithm.
        full: whether Stirling's formula of log(target!) is added.
        eps: keeps the logarithm of a rate of 0 finite.
        reduction: "mean", "sum" or "none".

    Shape: input and target alike, nothing is broadcast → () or, unreduced, theirs.

    Raises (when called):
        ValueError: the shapes differ.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        *,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.log_input, self.full = log_input, full
        self.eps = number("PoissonNLLLoss: eps", eps, 0.0, math.inf)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            input, target, self.log_input, self.full, self.eps, self.reduction
        )


class GaussianNLLLoss(Loss):
    """(log(var) + (input − target)² / var) / 2, for means `input` and variances of at least eps.

    Args:
        full: whether log(2 π) / 2 is added.
        eps: the least variance, above 0.
        reduction: "mean", "sum" or "none".

    Shape: input and target alike; var a number, or as they, or without the last dimension (or with
    1 there) → () or, unreduced, theirs.

    Raises (when called):
        ValueError: a variance is below 0, or shapes do not fit.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = number("GaussianNLLLoss: eps", eps, 5e-324, math.inf)

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
