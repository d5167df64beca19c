"""Adam, AdamW and AMSGrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.adam import adam
from .arena import FlatArena
from .optimizer import Group, Optimizer, check_number, check_pair


class Adam(Optimizer):
    """p −= lr · m̂ / (√v̂ + eps), of bias-corrected running means m of g and v of g².

    Kingma & Ba, "Adam", ICLR 2015; AMSGrad (the largest v so far): Reddi et al., "On the
    convergence of Adam and beyond", ICLR 2018.  The order of operations is PyTorch's.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        betas: decay of the two means, each in [0, 1).
        eps: added to the root, at least 0.
        weight_decay: weight_decay · p is added to the gradient (AdamW: taken off p, times lr).
        amsgrad: divides by the root of the largest v̂ instead.
        maximize: climbs.
        decoupled_weight_decay: what AdamW does.

    Raises: as `Optimizer`.
    """

    buffers = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    n_hyper = 7
    n_counters = 3  # step, and two numbers that the kernel makes from it

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _check(self, group: Group) -> None:
        name = type(self).__name__
        for key in ("lr", "eps", "weight_decay"):
            check_number(f"{name}: {key}", group[key])
        check_pair(f"{name}: betas", group["betas"], below=1.0)

    def _hyper(self, group: Group) -> tuple[float, ...]:
        return (
            float(group["lr"]),
            *group["betas"],
            group["eps"],
            group["weight_decay"],
            bool(group["decoupled_weight_decay"]),
            bool(group["maximize"]),
        )

    def _kept(self, group: Group) -> tuple[str, ...]:
        return self.buffers if group["amsgrad"] else self.buffers[:2]

    def _launch(self, group: Group, arena: FlatArena) -> None:
        first, second = arena.buffer("exp_avg"), arena.buffer("exp_avg_sq")
        largest = arena.buffer("max_exp_avg_sq") if group["amsgrad"] else None
        adam(
            arena.params, arena.flat, arena.segments, arena.hyper, arena.counts, first, second,
            largest,
        )  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay: p −= lr · weight_decay · p beside Adam's update.

    Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
        )
