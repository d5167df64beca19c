"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .rule import RuleOptimizer


class Adadelta(RuleOptimizer):
    """p −= lr · √(s + eps) / √(v + eps) · g, of running means v of g² and s of the squared steps.

    Zeiler, "ADADELTA: an adaptive learning rate method", 2012.  The order of operations is
    PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        rho: decay of the two means, at least 0.
        eps: added under both roots, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.adadelta
    own = ("rho", "eps")
    buffers = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )
