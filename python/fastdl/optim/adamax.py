"""Adamax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .rule import RuleOptimizer


class Adamax(RuleOptimizer):
    """p −= lr / (1 − beta1ᵗ) · m / u, of the running mean m of g and u = max(beta2 · u, |g| + eps).

    Kingma & Ba, "Adam", ICLR 2015, section 7.1.  The order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        betas: decay of the two means, each in [0, 1).
        eps: added to the magnitude, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.adamax
    own = ("betas", "eps")
    buffers = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )
