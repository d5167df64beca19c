"""Random numbers of Python and NumPy drawn in a step that is being captured: they would be the same
ones in every replay.

The states of the generators that a function can name are looked at after each line outside of this
package, so that an error can say which line it was.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from .capture import CaptureError
from .frames import PACKAGE


class ForeignDraws:
    """Inside this block, in this thread, `fn` may not draw.

    A debugger or a measurement of coverage, which watches lines itself, is left alone; the error
    then names the function alone.

    Raises:
        CaptureError: a random number was drawn.
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        self._sources = _sources(fn)
        self._states = self._look()
        self._traces = sys.gettrace() is None

    def __enter__(self) -> None:
        if self._traces:
            sys.settrace(self._called)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._traces:
            sys.settrace(None)
        if kind is None:
            code = getattr(self._fn, "__code__", None)
            self._check(f"{code.co_filename}:{code.co_firstlineno}" if code else repr(self._fn))

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename.startswith(_NOT_THEIRS):
            return None
        line = frame.f_lineno

        def ran(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal line
            self._check(f"{frame.f_code.co_filename}:{line}")
            line = frame.f_lineno
            return ran

        return ran

    def _check(self, where: str) -> None:
        states = self._look()
        for (name, _), before, now in zip(self._sources, self._states, states, strict=True):
            if now != before:
                raise CaptureError(
                    f"{where}: a random number of {name} is drawn, which a compiled step cannot "
                    "repeat without Python: draw it with fastdl.rand or its kin, or outside, and "
                    "pass it in as a tensor"
                )

    def _look(self) -> list[Any]:
        return [state() for _, state in self._sources]


_NOT_THEIRS = (PACKAGE, random.__file__, "<frozen")


def _sources(fn: Callable[..., Any]) -> list[tuple[str, Callable[[], Any]]]:
    """The global generators, and those that the function names or its object holds."""
    sources: list[tuple[str, Callable[[], Any]]] = [("Python's random", random.getstate)]
    drawn = sys.modules.get("numpy.random")
    kinds: tuple[Any, ...] = (random.Random,)
    if drawn is not None:
        sources.append(("numpy.random", _state_of(drawn.mtrand._rand)))
        kinds = (random.Random, drawn.Generator, drawn.RandomState)
    for value in _named(fn):
        if isinstance(value, kinds):
            sources.append((f"a {type(value).__module__}.{type(value).__name__}", _state_of(value)))
    return sources


def _named(fn: Callable[..., Any]) -> list[Any]:
    owner = getattr(fn, "__self__", None)
    fn = getattr(fn, "__func__", fn)
    code = getattr(fn, "__code__", None)
    if code is None:
        return []
    found = [fn.__globals__[name] for name in code.co_names if name in fn.__globals__]
    for cell in fn.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # still empty
            continue
    return [*found, *getattr(owner, "__dict__", {}).values()]


def _state_of(source: Any) -> Callable[[], Any]:
    if isinstance(source, random.Random):
        return source.getstate
    bits = getattr(source, "bit_generator", None) or source._bit_generator

    def state() -> Any:
        found = dict(bits.state)
        return repr({name: _bytes(value) for name, value in {**found, **found["state"]}.items()})

    return state


def _bytes(value: Any) -> Any:
    return value.tobytes() if hasattr(value, "tobytes") else value if type(value) is int else None
