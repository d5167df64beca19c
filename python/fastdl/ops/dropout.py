"""Dropout."""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, record
from ..inplace import check_in_place, replaced_by
from ..random import Generator, next_draw
from ..tensor import Tensor

_FLOATS = (_C.DType.float32, _C.DType.float64)


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Zeroes each element with probability p and divides the others by 1 − p.

    Element i is dropped as a function of (seed, draw index, i in row-major order) alone; the draw
    is the generator's next.  A dropped element is 0 whatever it was.  With `training=False` returns
    `input` and takes no draw.  With `inplace` the result is written into `input`.

    Srivastava et al., "Dropout", JMLR 15 (2014).

    Raises:
        ValueError: p outside [0, 1]. TypeError: input is not float32 or float64.
    """
    check.number("dropout: p", p, 0, 1)
    check.tensor("dropout: input", input)
    if not training:
        return input
    if input.dtype not in _FLOATS:
        raise TypeError(f"dropout: input: expected float32 or float64, got {input.dtype.name}")
    if inplace:
        check_in_place("dropout", input)
    out = _dropout(input, p, *next_draw(generator))
    return replaced_by(input, out) if inplace else out


def _dropout(input: Tensor, p: float, seed: int, draw: int) -> Tensor:
    return record(_C.dropout(input, p, seed, draw), _dropout_vjp, (input,), (), p, seed, draw)


def _dropout_vjp(_: Node, g: Tensor, p: float, seed: int, draw: int) -> Tensor:
    return _dropout(g, p, seed, draw)  # linear: the same mask and scale
