"""Handles that take registered hooks away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class RemovableHandle:
    """Puts a hook into a dict of hooks; `remove`, or leaving a `with` block, takes it out.

    Raises:
        TypeError: the hook cannot be called.
    """

    def __init__(self, hooks: dict[Any, Any], hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"hook: expected a callable, got {type(hook).__name__}")
        self._hooks = hooks
        hooks[self] = hook  # not id(self): a handle nobody keeps would give its id away

    def remove(self) -> None:
        self._hooks.pop(self, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
