"""What an optimizer remembers, as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer


class State(MutableMapping[Tensor, dict[str, Any]]):
    """`Optimizer.state`: reads from the arenas, and writes into them."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def __getitem__(self, p: Tensor) -> dict[str, Any]:
        remembered = self._optimizer._remembered()
        if p not in remembered and any(
            p is each for group in self._optimizer.param_groups for each in group["params"]
        ):
            return {}
        return remembered[p]

    def __contains__(self, p: object) -> bool:
        return p in self._optimizer._remembered()

    def get(self, p: Tensor, default: Any = None) -> Any:
        return self._optimizer._remembered().get(p, default)

    def setdefault(self, p: Tensor, default: Any = None) -> Any:
        if p not in self:
            self[p] = default
        return self[p]

    def pop(self, p: Tensor, *default: Any) -> Any:
        remembered = self._optimizer._remembered()
        entry = remembered.pop(p, *default)
        self._optimizer.state = remembered
        return entry

    def __setitem__(self, p: Tensor, entry: dict[str, Any]) -> None:
        self._optimizer.state = {**self._optimizer._remembered(), p: entry}

    def __delitem__(self, p: Tensor) -> None:
        kept = self._optimizer._remembered()
        del kept[p]
        self._optimizer.state = kept

    def clear(self) -> None:
        self._optimizer.state = {}

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._optimizer._remembered())

    def __len__(self) -> int:
        return len(self._optimizer._remembered())

    def __repr__(self) -> str:
        return repr(self._optimizer._remembered())
