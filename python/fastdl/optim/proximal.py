"""Proximal gradient descent: L1 with exact zeros."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from .optimizer import Group
from .rule import RuleOptimizer


class ProximalSGD(RuleOptimizer):
    """SGD on the loss, then the proximal operator of lr · (l1 · |p| + l2 / 2 · p²).

    That is soft thresholding, with q = p − lr · g: p = sign(q) · max(|q| − lr · l1, 0) /
    (1 + lr · l2), so that weights become exactly 0 (Daubechies, Defrise & De Mol, 2004; Parikh &
    Boyd, "Proximal algorithms", 2014, section 6.5).  Momentum adds its share of the last step (from
    p to p) to q, which leaves the minimum where it is (Ochs et al., "iPiano", 2014).

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        l1: weight of the sum of |p| in what is minimized, at least 0.
        l2: weight of half the sum of p², at least 0.
        momentum: share of the last step, at least 0; 0 keeps no state.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    rule = _C.proximal_sgd
    own = ("momentum", "l1", "l2")
    buffers = ("last_step",)
    counted = ()

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        l1: float = 0.0,
        l2: float = 0.0,
        momentum: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "l1": l1,
                "l2": l2,
                "momentum": momentum,
                "maximize": maximize,
            },
        )

    def _kept(self, group: Group) -> tuple[str, ...]:
        return self.buffers if group["momentum"] else ()
