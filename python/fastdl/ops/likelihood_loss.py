"""Negative log-likelihoods: of classes, counts and normal variables; and the Kullback–Leibler
divergence."""

from __future__ import annotations

import math
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .check_values import check_between
from .index import gather, index_select
from .loss import check_loss, check_reduction, numbers, reduced, times
from .unary import exp, log
from .view import reshape, unsqueeze
from .where import where


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-weight[target] · input[target], for log-probabilities.

    Of no targets, or ignored ones only, the mean is NaN, as in PyTorch, and its gradient 0.
    (`cross_entropy` takes logits, in one pass.)

    Args:
        input: log-probabilities, (classes,), (batch, classes) or (batch, classes, ...).
        target: classes as int64 or int32, of input's shape without its classes.
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (over the sum of the targets' weights), "sum" or "none".

    Raises:
        IndexError: a target is no class. ValueError: a shape or option does not fit.
        TypeError: a dtype does not fit.
    """
    check.float_tensor("nll_loss: input", input)
    check.tensor("nll_loss: target", target)
    check_reduction("nll_loss", reduction)
    if input.ndim == 0:
        raise ValueError("nll_loss: input: expected at least 1 dimension, got shape ()")
    dim = 1 if input.ndim > 1 else 0
    classes = input.shape[dim]
    rows = input.shape[:dim] + input.shape[dim + 1 :]
    if target.shape != rows:
        raise ValueError(
            f"nll_loss: target: expected classes of shape {rows} for input of shape "
            f"{input.shape}, got {target.shape}"
        )
    if weight is not None:
        check.float_tensor("nll_loss: weight", weight)
        if weight.shape != (classes,):
            raise ValueError(f"nll_loss: weight: expected shape ({classes},), got {weight.shape}")
    target = _C.class_targets("nll_loss", target, classes, ignore_index)
    counted = _C.ne(target, ignore_index)
    at = _C.where(counted, target, 0)
    if at.numel() == 0 or classes == 0:
        picked = input.sum(dim)
    else:
        picked = reshape(gather(input, dim, unsqueeze(at, dim)), rows)
    weights = where(counted, 1.0, 0.0).to(input.dtype)
    if weight is not None:
        each = reshape(index_select(weight, 0, reshape(at, (at.numel(),))), rows)
        weights = where(counted, each, 0.0)
    losses = where(counted, -times(weights, picked), 0.0)
    if reduction == "mean":
        return losses.sum() / weights.sum()
    return reduced(losses, reduction)


def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """target (log(target) - input), for log-probabilities `input`; 0 where the target is 0, with a
    gradient of 0.

    Kullback & Leibler, "On information and sufficiency", 1951.

    Args:
        input, target: log-probabilities and probabilities, of one shape; nothing is broadcast.
        reduction: "batchmean" (the sum over the first size: the divergence), "mean" (over all
            elements), "sum" or "none".
        log_target: whether target, too, holds logarithms.

    Raises:
        ValueError: the shapes differ, or an option does not fit.
        TypeError: a dtype is not float32 or float64.
    """
    batch = reduction == "batchmean"
    check_loss("kl_div", "sum" if batch else reduction, input=input, target=target)
    if batch and input.ndim == 0:
        raise ValueError("kl_div: reduction: expected a batch for 'batchmean', got shape ()")
    if log_target:
        never = _C.eq(target, -math.inf)
        safe = where(never, 0.0, target)
        p = exp(safe)
    else:
        never = _C.eq(target, 0.0)
        p = where(never, 1.0, target)
        safe = log(p)
    losses = where(never, 0.0, p * (safe - where(never, 0.0, input)))
    if batch:
        return losses.sum() / input.shape[0]
    return reduced(losses, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """exp(input) - target input for logarithms of rates, input - target log(input + eps) for rates.

    Args:
        input, target: of one shape; nothing is broadcast.
        log_input: whether input is the rate's logarithm.
        full: whether log(target!) is added by Stirling's formula, where target is above 1.
        eps: keeps the logarithm of a rate of 0 finite.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an option does not fit.
        TypeError: a dtype is not float32 or float64 (of the target also int64, int32, uint8).
    """
    target = numbers(input, target)
    check_loss("poisson_nll_loss", reduction, input=input, target=target)
    check.number("poisson_nll_loss: eps", eps, 0.0, math.inf)
    rate = exp(input) if log_input else input
    logarithm = input if log_input else log(input + eps)
    losses = rate - times(target, logarithm)
    if full:
        many = _C.gt(target, 1.0)
        n = where(many, target, 1.0)
        losses = losses + where(many, n * log(n) - n + 0.5 * log(2 * math.pi * n), 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (input - target)² / var) / 2 for means `input`, variances at least eps.

    Nix & Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
    A variance that is raised to eps keeps its gradient.

    Args:
        input, target: of one shape; nothing is broadcast.
        var: a number, or of input's shape, or without its last dimension, or with 1 there.
        full: whether log(2 π) / 2 is added.
        eps: the least variance, above 0.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: a variance is below 0, a shape or an option does not fit.
        TypeError: a dtype is not float32 or float64.
    """
    op = "gaussian_nll_loss"
    check_loss(op, reduction, input=input, target=target)
    check.number(f"{op}: eps", eps, 5e-324, math.inf)
    if isinstance(var, Tensor):
        check.float_tensor(f"{op}: var", var)
        if input.ndim and var.shape == input.shape[:-1]:
            var = unsqueeze(var, -1)
        elif var.shape not in (input.shape, (*input.shape[:-1], 1)):
            raise ValueError(
                f"{op}: var: expected the shape {input.shape} of input, or that without its last "
                f"dimension, got {var.shape}"
            )
        check_between(f"{op}: var", var, 0.0, math.inf)
    else:
        var = _C.full((), check.number(f"{op}: var", var, 0.0, math.inf), input.dtype)
    variance: Tensor = _at_least(var, eps)
    d = input - target
    losses = 0.5 * (log(variance) + d * d / variance)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _at_least(x: Any, eps: float) -> Any:
    return record(_C.where(_C.lt(x, eps), eps, x), _at_least_vjp, (x,))


def _at_least_vjp(_: Node, g: Tensor) -> Tensor:
    return g
