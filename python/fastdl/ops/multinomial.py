"""Categories drawn with given weights."""

from __future__ import annotations

from .. import _C
from ..random import Generator, next_draw
from ..tensor import Tensor


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """int64 (..., num_samples): categories drawn with the weights in each row of `input`, a vector
    or a matrix of floats, which need not sum to 1.  A weight of 0 is never drawn.

    With replacement by inverting the cumulative weights; without, by an exponential race, in the
    order in which one draw after another would give them (Efraimidis & Spirakis, "Weighted random
    sampling with a reservoir", IPL 97, 2006).

    Raises:
        ValueError: a weight is negative, NaN or inf; a row has fewer weights above 0 than samples
            (with replacement: none); or input has not one dimension or two.
        TypeError: input is not float32 or float64.
    """
    return _C.multinomial(input, num_samples, replacement, *next_draw(generator))
