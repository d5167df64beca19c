"""RAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .rule import RuleOptimizer


class RAdam(RuleOptimizer):
    """Adam whose step is rectified while few gradients make v uncertain, and has no v before that.

    Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2.
    The order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        betas: decay of the two means, each in [0, 1).
        eps: added to the root, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        decoupled_weight_decay: lr · weight_decay · p is taken off p instead.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.radam
    own = ("betas", "eps")
    buffers = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
            },
        )
