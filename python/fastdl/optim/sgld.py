"""Stochastic gradient Langevin dynamics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _C
from ..random import Generator, next_draw
from .arena import FlatArena
from .optimizer import Group
from .rule import RuleOptimizer


class SGLD(RuleOptimizer):
    """Samples instead of minimizing: p ← p − lr · g + z, z normal of variance 2 · lr · temperature.

    With a small lr the steps wander through samples of the density exp(−loss / temperature).  So
    with temperature 1 the loss must be minus the log of the posterior, that of all examples; for a
    loss that is its mean over n examples the temperature is 1 / n.  Welling & Teh, "Bayesian
    learning via stochastic gradient Langevin dynamics", ICML 2011 (whose ε is 2 · lr).

    The noise is drawn from fastdl's generator, and is the same in a compiled step.

    Args:
        params: tensors, or dicts with `params` and hyperparameters of their own.
        lr: learning rate, at least 0.
        temperature: at least 0; 0 is SGD.
        weight_decay: weight_decay · p is added to the gradient (a normal prior); at least 0.
        generator: where the noise is drawn from, instead of the default generator.

    Raises: as `Optimizer`.
    """

    own = ("temperature",)
    counted = ()

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        temperature: float = 1.0,
        weight_decay: float = 0.0,
        *,
        generator: Generator | None = None,
    ) -> None:
        self.generator = generator
        super().__init__(
            params, {"lr": lr, "temperature": temperature, "weight_decay": weight_decay}
        )

    def state_dict(self) -> dict[str, Any]:
        """As `Optimizer.state_dict`; the first group has the state of a generator of its own."""
        saved = super().state_dict()
        if self.generator is not None:
            saved["param_groups"][0]["generator"] = list(self.generator.get_state())
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        state = self.param_groups[0].pop("generator", None)
        if state is not None and self.generator is not None:
            self.generator.set_state(state)

    def _launch(self, group: Group, arena: FlatArena) -> None:
        noise = _C.empty(arena.flat.shape, arena.dtype)
        _C.normal_(noise, 0.0, 1.0, *next_draw(self.generator))
        _C.sgld(arena.params, arena.flat, arena.segments, arena.hyper, arena.counts, noise)
