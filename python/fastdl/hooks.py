"""Handles that take registered hooks away again, and the check of what hooks return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._C import DType, TensorBase


class RemovableHandle:
    """Puts a hook into a dict of hooks; `remove`, or leaving a `with` block, takes it out.

    Raises:
        TypeError: the hook cannot be called.
    """

    def __init__(self, hooks: dict[Any, Any], hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"hook: expected a callable, got {type(hook).__name__}")
        self._hooks = hooks
        self._key = object()  # not the handle: it would be in a cycle with the dict
        hooks[self._key] = hook

    def remove(self) -> None:
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def checked_gradient(where: str, g: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """A gradient that came from a user's function, in that dtype.

    Raises:
        TypeError: it is no tensor. RuntimeError: it has another shape.
    """
    if not isinstance(g, TensorBase):
        raise TypeError(f"{where}: expected a Tensor or None, got {type(g).__name__}")
    if g.shape != shape:
        raise RuntimeError(f"{where}: expected shape {shape}, got {g.shape}")
    return g.cast(dtype)  # type: ignore[attr-defined]  # a method of Tensor
