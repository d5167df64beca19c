"""Whether ops are recorded: a switch for each thread."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from .explain import explained


class _Mode(threading.local):
    enabled = True


_mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return _mode.enabled


class set_grad_enabled:
    """Switches recording on or off, as a statement, a context manager or a decorator."""

    def __init__(self, mode: bool) -> None:
        try:
            self.mode = bool(mode)
        except ValueError:  # a tensor of several elements
            kind = type(mode).__name__
            raise TypeError(f"set_grad_enabled: mode: expected a bool, got {kind}") from None
        self.previous = _mode.enabled
        _mode.enabled = self.mode

    def __enter__(self) -> None:
        _mode.enabled = self.mode

    def __exit__(self, *_: object) -> None:
        _mode.enabled = self.previous

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        _mode.enabled = self.previous  # as a decorator, it switches in the function only

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(self.mode):
                return function(*args, **kwargs)

        return switched


class _Switch:
    """A context manager and decorator (with or without parentheses) that sets the mode;
    re-entrant."""

    mode: bool

    @explained
    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        if not callable(function):
            raise TypeError(f"{cls.__name__}: expected a function, got {type(function).__name__}")
        return cls()(function)

    def __init__(self) -> None:
        self.previous: list[bool] = []

    def __enter__(self) -> None:
        self.previous.append(_mode.enabled)
        _mode.enabled = self.mode

    def __exit__(self, *_: object) -> None:
        _mode.enabled = self.previous.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return switched


class no_grad(_Switch):
    """Ops inside are not recorded: `with no_grad():`, `@no_grad()` or `@no_grad`."""

    mode = False


class enable_grad(_Switch):
    """Ops inside are recorded, also within `no_grad`."""

    mode = True
