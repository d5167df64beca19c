"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.sgd import sgd
from .arena import FlatArena
from .optimizer import Group, Optimizer, check_number


class SGD(Optimizer):
    """p −= lr · d, where d is the gradient, its running sum (momentum) or Nesterov's look-ahead.

    Momentum: b = momentum · b + (1 − dampening) · g (Polyak, 1964), b = g in a parameter's first
    step; Nesterov: d = g + momentum · b (Sutskever et al., "On the importance of initialization and
    momentum in deep learning", ICML 2013).  The order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        momentum: weight of the sum so far, at least 0; 0 keeps no state.
        dampening: share of the gradient that is not added to the sum, at least 0.
        weight_decay: weight_decay · p is added to the gradient; at least 0.
        nesterov: needs momentum above 0 and no dampening.
        maximize: climbs.

    Raises: as `Optimizer`.
    """

    buffers = ("momentum_buffer",)
    n_hyper = 6
    counted = ()

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def _check(self, group: Group) -> None:
        for name in ("lr", "momentum", "dampening", "weight_decay"):
            check_number(f"SGD: {name}", group[name])
        if group["nesterov"] and not (group["momentum"] > 0 and group["dampening"] == 0):
            raise ValueError(
                "SGD: nesterov: expected momentum above 0 and dampening 0, "
                f"got momentum {group['momentum']} and dampening {group['dampening']}"
            )

    def _hyper(self, group: Group) -> tuple[float, ...]:
        return (
            float(group["lr"]),
            group["momentum"],
            group["dampening"],
            group["weight_decay"],
            bool(group["nesterov"]),
            bool(group["maximize"]),
        )

    def _kept(self, group: Group) -> tuple[str, ...]:
        return self.buffers if group["momentum"] else ()

    def _launch(self, group: Group, arena: FlatArena) -> None:
        buffer = arena.buffer("momentum_buffer") if group["momentum"] else None
        sgd(arena.params, arena.flat, arena.segments, arena.hyper, arena.counts, buffer)
