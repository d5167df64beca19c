"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .optimizer import Group
from .rule import RuleOptimizer


class RMSprop(RuleOptimizer):
    """p −= lr · d, where d is g / (√v + eps), or its running sum (momentum).

    v is the running mean of g² (Hinton, "Neural networks for machine learning", lecture 6e, 2012),
    or, centered, the running variance (Graves, "Generating sequences with recurrent neural
    networks", 2013); one that rounding makes negative counts as 0.  The order of operations is
    PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        alpha: decay of the running means, at least 0.
        eps: added to the root, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        momentum: weight of the sum so far, at least 0; 0 keeps none.
        centered: divides by the root of the variance.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.rmsprop
    own = ("alpha", "eps", "momentum", "centered")
    buffers = ("square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
            },
        )

    def _kept(self, group: Group) -> tuple[str, ...]:
        wanted = (True, group["centered"], group["momentum"])
        return tuple([name for name, want in zip(self.buffers, wanted, strict=True) if want])
