"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .rule import RuleOptimizer


class Adagrad(RuleOptimizer):
    """p −= lr / (1 + (t − 1) · lr_decay) · g / (√s + eps), of the sum s of all g² so far.

    Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12, 2011.  The order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        lr_decay: at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        initial_accumulator_value: where the sum begins, at least 0.
        eps: added to the root, at least 0.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.adagrad
    own = ("lr_decay", "initial_accumulator_value", "eps")
    buffers = ("sum",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "maximize": maximize,
            },
        )
