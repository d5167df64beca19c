"""NAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .rule import RuleOptimizer


class NAdam(RuleOptimizer):
    """Adam with Nesterov's momentum, which rises to beta1 with the steps.

    Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.  The formula:
    csrc/ops/optimizers_math.h; the order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        betas: decay of the two means, each in [0, 1).
        eps: added to the root, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        momentum_decay: how fast the momentum rises, at least 0.
        decoupled_weight_decay: lr · weight_decay · p is taken off p instead.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.nadam
    own = ("betas", "eps", "momentum_decay")
    buffers = ("exp_avg", "exp_avg_sq")
    counted = ("step", "mu_product")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
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
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
            },
        )
