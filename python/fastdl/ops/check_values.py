"""Checks of values in memory, recorded as calls of their own: so they work in a compiled step, too.
NaN passes them."""

from __future__ import annotations

from .. import _C
from ..tensor import Tensor


def check_between(what: str, x: Tensor, low: float, high: float) -> None:
    """ValueError, naming `what` ("op: argument"), unless all of x lies in [low, high]."""
    _C.check_values(what, x, low, high, False)


def check_signs(what: str, x: Tensor) -> None:
    """ValueError, naming `what` ("op: argument"), unless every element of x is −1 or 1."""
    _C.check_values(what, x, -1.0, 1.0, True)
