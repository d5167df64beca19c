"""Checks of values in memory, recorded as calls of their own: so they work in a compiled step, too.
NaN passes those of ranges."""

from __future__ import annotations

from .. import _C
from ..tensor import Tensor


def check_between(what: str, x: Tensor, low: float, high: float) -> None:
    """ValueError, naming `what` ("op: argument"), unless all of x lies in [low, high]."""
    _C.check_values(what, x, low, high, False)


def check_signs(what: str, x: Tensor) -> None:
    """ValueError, naming `what` ("op: argument"), unless every element of x is −1 or 1."""
    _C.check_values(what, x, -1.0, 1.0, True)


def check_holds(what: str, x: Tensor, holds: Tensor) -> None:
    """ValueError, which says `what` ("op: argument: expected ...") and the value, unless `holds`
    (bool, of x's shape) where each value of x is."""
    _C.check_holds(what, x if x.is_floating_point() else x.double(), holds)
