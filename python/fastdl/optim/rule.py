"""The optimizers whose step is a rule of csrc/ops/optimizers_math.h."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arena import FlatArena
from .optimizer import Group, Optimizer, check_number, check_pair

_N_OWN = 4  # numbers that a rule may have besides the common ones


class RuleOptimizer(Optimizer):
    """A subclass names its kernel (`rule`), the hyperparameters that only this reads (`own`, in
    the rule's order), and up to three `buffers`, in the order of the rule's states."""

    rule: Callable[..., None]
    own: tuple[str, ...] = ()
    n_hyper = 4 + _N_OWN
    n_counters = 2

    def _check(self, group: Group) -> None:
        name = type(self).__name__
        for key in ("lr", "weight_decay", *self.own):
            if key == "betas":
                check_pair(f"{name}: betas", group[key], below=1.0)
            elif key in group:
                check_number(f"{name}: {key}", group[key])

    def _hyper(self, group: Group) -> tuple[float, ...]:
        own: list[Any] = []
        for key in self.own:
            own += group[key] if isinstance(group[key], tuple | list) else [group[key]]
        return (
            float(group["lr"]),
            group.get("weight_decay", 0.0),
            bool(group.get("decoupled_weight_decay")),
            bool(group.get("maximize")),
            *own,
            *[0.0] * (_N_OWN - len(own)),
        )

    def _launch(self, group: Group, arena: FlatArena) -> None:
        kept = self._kept(group)
        states = [arena.buffer(name) if name in kept else None for name in self.buffers]
        type(self).rule(
            arena.params, arena.flat, arena.segments, arena.hyper, arena.counts, *states
        )
