"""The handle that removes a registered hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import structure


class RemovableHandle:
    """Returned by ``register_*_hook``; `remove` (or leaving a ``with`` block) takes the hook away.

    Removing twice does nothing the second time.
    """

    def __init__(self, hooks: dict[RemovableHandle, Callable[..., Any]]) -> None:
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away."""
        if self._hooks.pop(self, None) is not None:
            structure.changed()

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()


def register(
    hooks: dict[RemovableHandle, Callable[..., Any]], hook: Callable[..., Any], where: str
) -> RemovableHandle:
    """Append `hook` to `hooks` and return its handle.

    Raises:
        TypeError: `hook` is not callable.
    """
    if not callable(hook):
        raise TypeError(f"{where}: hook: expected a callable, got {type(hook).__name__}")
    handle = RemovableHandle(hooks)
    hooks[handle] = hook
    structure.changed()
    return handle
