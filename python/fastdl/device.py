"""Where tensors live."""

from __future__ import annotations

from typing import Any


class device:
    """A device: `device("cpu")`.  Equal to, and usable as, its name.

    Raises:
        ValueError: there is no such device.
    """

    __slots__ = ("type",)
    type: str

    def __init__(self, name: Any) -> None:
        kind = name.type if isinstance(name, device) else name
        if kind not in ("cpu", "cpu:0"):
            raise ValueError(f"device: expected 'cpu', got {name!r}")
        self.type = "cpu"

    def __eq__(self, other: object) -> bool:
        return str(other) == self.type if isinstance(other, device | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.type)

    def __str__(self) -> str:
        return self.type

    def __repr__(self) -> str:
        return f"device(type={self.type!r})"


cpu = device("cpu")
