"""Averages of the parameters over the steps."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from .. import _C, capture, check
from ..explain import describe
from ..grad_mode import no_grad
from ..tensor import Tensor
from .arena import FlatArena
from .optimizer import check_number

_PLAIN = -1.0  # in place of a decay: csrc/ops/optimizers_math.h


class PolyakAverage:
    """Keeps an average of each parameter; call `update()` after each step of the optimizer.

    ```python
    average = optim.PolyakAverage(model.parameters())
    for x, y in loader:
        step(x, y)
        average.update()
    with average.applied():
        evaluate(model)
    ```

    The plain mean of all updates so far (Polyak & Juditsky, "Acceleration of stochastic
    approximation by averaging", 1992), or with `decay` avg = decay · avg + (1 − decay) · p, where
    the first p is the first average.  `update()` may stand in a compiled step.  Buffers, such as
    running statistics of batch normalization, are not averaged: let the model see some batches in
    training mode while the averages are applied.

    Args:
        params: the parameters, as for an optimizer.
        decay: in [0, 1), or None for the plain mean.

    Raises:
        TypeError: params are no tensors; decay is no number.
        ValueError: none, or one that is not floating point; decay out of range.
    """

    def __init__(self, params: Iterable[Tensor], decay: float | None = None) -> None:
        listed = check.tensors("PolyakAverage: params", params)
        if not listed:
            raise ValueError("PolyakAverage: params: expected at least one parameter, got none")
        for i, p in enumerate(listed):
            if not p.dtype.is_floating_point:
                raise ValueError(
                    f"PolyakAverage: params: expected float32 or float64, got {p.dtype.name} at {i}"
                )
        if decay is not None:
            check_number("PolyakAverage: decay", decay, below=1.0)
        self.params: list[Tensor] = list(listed)
        self.decay = decay
        self._applied = False
        self.averages = [p.detach().clone() for p in self.params]
        self._parts: list[tuple[FlatArena, list[Tensor]]] = []
        for dtype in {p.dtype: None for p in self.params}:
            chosen = [i for i, p in enumerate(self.params) if p.dtype is dtype]
            arena = FlatArena([self.averages[i] for i in chosen], hyper=8, counters=2)
            own = _PLAIN if decay is None else float(decay)
            arena.set_hyper((0.0, 0.0, 0.0, 0.0, own, 0.0, 0.0, 0.0))
            self._parts.append((arena, [self.params[i] for i in chosen]))

    @property
    def n_averaged(self) -> int:
        """How many updates there were."""
        return int(self._parts[0][0].count_values[0, 0])

    def update(self) -> None:
        """Takes the parameters as they are now into the averages.

        Raises:
            RuntimeError: the averages are applied. ValueError: a parameter changed shape or dtype.
        """
        if self._applied:
            raise RuntimeError("PolyakAverage.update: the averages stand in the parameters")
        for arena, sources in self._parts:
            if not arena.in_place():  # a copy's averages are not in their arena yet
                with capture.unrecorded() if capture.notes() else nullcontext():
                    arena.adopt()
            _C.average(arena.params, sources, arena.flat, arena.segments, arena.hyper, arena.counts)

    def swap(self) -> None:
        """Exchanges the values of the parameters and their averages; once more puts them back."""
        capture.refuse_if_capturing("averages are swapped", "swap them outside")
        with no_grad():
            for p, average in zip(self.params, self.averages, strict=True):
                value = p.detach().clone()
                p.copy_(average)
                average.copy_(value)
        self._applied = not self._applied

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The averages in place of the parameters, for a `with` block."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def averaged_model(self, model: Any) -> Any:
        """A copy of the model that has these parameters, with the averages.

        Raises:
            TypeError: no model. ValueError: a parameter of it that is trained is not averaged here.
        """
        if not hasattr(model, "named_parameters"):
            raise TypeError(f"averaged_model: model: expected a Module, got {describe(model)}")
        averages = dict(zip(map(id, self.params), self.averages, strict=True))
        for name, p in model.named_parameters():
            if p.requires_grad and id(p) not in averages:
                raise ValueError(f"averaged_model: model: {name} is not among the averages")
        memo: dict[int, Any] = {}
        copied = copy.deepcopy(model, memo)
        with no_grad():
            for p in model.parameters():
                if id(p) in averages:
                    memo[id(p)].copy_(averages[id(p)])
        return copied

    def state_dict(self) -> dict[str, Any]:
        """`{"n_averaged": int, "averages": [tensor, ...]}`; copies."""
        return {"n_averaged": self.n_averaged, "averages": [a.clone() for a in self.averages]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave.

        Raises:
            TypeError: no dict as `state_dict` gives. ValueError: of other parameters; nothing is
                changed then.
        """
        where = "PolyakAverage.load_state_dict"
        if not isinstance(state_dict, dict) or not {"n_averaged", "averages"} <= state_dict.keys():
            raise TypeError(f"{where}: expected a dict with 'n_averaged' and 'averages'")
        check_number(f"{where}: n_averaged", state_dict["n_averaged"])
        saved = check.tensors(f"{where}: averages", state_dict["averages"])
        shapes = [a.shape for a in self.averages]
        if [a.shape for a in saved] != shapes:
            raise ValueError(
                f"{where}: averages: expected shapes {shapes}, got {[a.shape for a in saved]}"
            )
        for average, value in zip(self.averages, saved, strict=True):
            average.copy_(value)
        for arena, _ in self._parts:
            arena.count_values[:, 0] = state_dict["n_averaged"]
