"""How many threads share large work.  Results never depend on it."""

from __future__ import annotations

from . import _C

__all__ = ["get_num_threads", "set_num_threads"]


def get_num_threads() -> int:
    """How many threads share large work: at first `FASTDL_NUM_THREADS`, or the processors that
    affinity and control group leave to the process."""
    return int(_C.get_num_threads())


def set_num_threads(num_threads: int) -> None:
    """Lets so many threads share large work, in the whole process.

    Raises:
        TypeError: no int. ValueError: below 1.
    """
    from .check import positive_int

    _C.set_num_threads(positive_int("set_num_threads: num_threads", num_threads))
