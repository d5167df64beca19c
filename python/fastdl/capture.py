"""The step that this thread captures, as the rest of the package sees it.

`fastdl.compile` runs a function once while its kernel calls are written down (`csrc/step`).  What
Python does beside them is noted here: random draws, optimizers; and what could not be repeated
without Python is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from . import _C
from .frames import users_line

if TYPE_CHECKING:
    from .optim.optimizer import Optimizer
    from .random import Generator


class CaptureError(RuntimeError):
    """Something in a compiled function cannot be repeated without Python."""


class Notes:
    """What Python did in a captured step beside calling kernels."""

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.recording = _C.Capture(arguments)
        self.draws: dict[Generator, int] = {}  # how many each generator gave
        self.reseeded: dict[Generator, None] = {}  # in the step itself: their draws are constants
        # What decides on the optimizer's kernels, and its hyperparameters when it stepped.
        self.optimizers: dict[Optimizer, tuple[Any, Any]] = {}


class _ThisThread(threading.local):
    schedule: Callable[[Optimizer], object] | None = None


_this_thread = _ThisThread()


@contextmanager
def scheduled(schedule: Callable[[Optimizer], object] | None) -> Iterator[None]:
    """In this thread each optimizer that steps is given its learning rates by `schedule` before."""
    _this_thread.schedule = schedule
    try:
        yield
    finally:
        _this_thread.schedule = None


def notes() -> Notes | None:
    """Of the step that this thread is capturing, or None."""
    found: Notes | None = _C.notes()
    return found


def unrecorded() -> AbstractContextManager[Any]:
    """Kernel calls inside are not part of the step: they prepare what it needs once."""
    return _C.Unrecorded()


# ---- what happens in a step ------------------------------------------------------------------


def drawn(generator: Generator) -> None:
    """The generator is about to give its next draw."""
    current = notes()
    if current is not None and generator not in current.reseeded:
        count = current.draws.setdefault(generator, 0)
        number = list(current.draws).index(generator)
        current.recording.note_draw(generator.seed, generator.draw, number, count)
        current.draws[generator] = count + 1


def reseeded(generator: Generator) -> None:
    """The generator is about to start anew."""
    current = notes()
    if current is not None:
        if generator in current.draws:
            refuse("a generator is seeded after it gave draws", "seed it first, or outside")
        current.reseeded[generator] = None


def stepped(optimizer: Optimizer) -> None:
    """The optimizer is about to run its kernels."""
    if _this_thread.schedule is not None:
        _this_thread.schedule(optimizer)
        optimizer.prepare()
    current = notes()
    if current is not None:
        hyper = optimizer.hyperparameters()
        kept = optimizer.prepare()
        if current.optimizers.setdefault(optimizer, (kept, hyper)) != (kept, hyper):
            refuse("an optimizer steps twice, with other hyperparameters", "use two optimizers")


def refuse_if_capturing(what: str, instead: str) -> None:
    """Raises CaptureError in a step that is being captured."""
    if notes() is not None:
        refuse(what, instead)


def refuse(what: str, instead: str) -> NoReturn:
    """Raises CaptureError with the user's line."""
    raise CaptureError(
        f"{users_line()}: {what}, which a compiled step cannot repeat without Python: {instead}"
    )
