"""The step that this thread captures, as the rest of the package sees it.

`fastdl.compile` runs a function once while its kernel calls are written down (`csrc/step`).  What
Python does beside them is noted here: random draws, optimizers; and what could not be repeated
without Python is refused.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

from . import _C

if TYPE_CHECKING:
    from .optim.optimizer import Optimizer
    from .random import Generator

_PACKAGE = os.path.dirname(__file__) + os.sep


class CaptureError(RuntimeError):
    """Something in a compiled function cannot be repeated without Python."""


class Notes:
    """What Python did in a captured step beside calling kernels."""

    def __init__(self, recording: Any) -> None:
        self.recording = recording
        self.draws: dict[Generator, int] = {}  # how many each generator gave
        self.reseeded: dict[Generator, None] = {}  # in the step itself: their draws are constants
        self.optimizers: dict[Optimizer, tuple[Any, ...]] = {}


class _Current(threading.local):
    notes: Notes | None = None


_current = _Current()


def begin(arguments: tuple[Any, ...]) -> Notes:
    """Starts to write down what this thread does; `end` stops it."""
    notes = _current.notes = Notes(_C.Capture(arguments))
    return notes


def end(notes: Notes) -> None:
    notes.recording.stop()
    _current.notes = None


def is_capturing() -> bool:
    """Whether this thread is capturing a step."""
    return _current.notes is not None


def unrecorded() -> AbstractContextManager[Any]:
    """Kernel calls inside are not part of the step: they prepare what it needs once."""
    return _C.Unrecorded()


# ---- what happens in a step ------------------------------------------------------------------


def drawn(generator: Generator) -> None:
    """The generator is about to give its next draw."""
    notes = _current.notes
    if notes is not None and generator not in notes.reseeded:
        number = (
            list(notes.draws).index(generator) if generator in notes.draws else len(notes.draws)
        )
        count = notes.draws.get(generator, 0)
        notes.recording.note_draw(generator.seed, generator.draw, number, count)
        notes.draws[generator] = count + 1


def reseeded(generator: Generator) -> None:
    """The generator is about to start anew."""
    notes = _current.notes
    if notes is not None:
        notes.reseeded[generator] = None


def stepped(optimizer: Optimizer) -> None:
    """The optimizer is about to run its kernels."""
    notes = _current.notes
    if notes is not None:
        notes.optimizers[optimizer] = optimizer.prepare()


def refuse_if_capturing(what: str, instead: str) -> None:
    """Raises CaptureError in a step that is being captured."""
    if _current.notes is not None:
        refuse(what, instead)


def refuse(what: str, instead: str) -> NoReturn:
    """Raises CaptureError with the user's line."""
    raise CaptureError(
        f"{_users_line()}: {what}, which a compiled step cannot repeat without Python: {instead}"
    )


def _users_line() -> str:
    """File and line of the innermost frame outside of this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
