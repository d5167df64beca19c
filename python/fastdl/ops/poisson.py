"""Counts."""

from __future__ import annotations

from .. import _C
from ..random import Generator, next_draw
from ..tensor import Tensor


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Draws of the Poisson distribution with the rates in `input`, in its dtype; no gradient.

    Below a rate of 10 by inversion; above by transformed rejection (Hörmann, "The transformed
    rejection method for generating Poisson random variables", Insurance: Mathematics and Economics
    12, 1993).

    Raises:
        ValueError: a rate below 0, infinite or NaN. TypeError: no float tensor.
    """
    return _C.poisson(input, *next_draw(generator))
