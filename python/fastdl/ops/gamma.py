"""Draws of the gamma distribution, for `fastdl.distributions`."""

from __future__ import annotations

from typing import Any

from .. import _C
from ..autograd import Node, record
from ..random import Generator, next_draw
from ..tensor import Tensor


def standard_gamma_log(concentration: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Logarithms of draws of the gamma distribution with these concentrations and scale 1; NaN
    where one is not above 0.  The gradient is implicit, the second is refused."""
    out = _C.standard_gamma_log(concentration, *next_draw(generator))
    return record(out, _standard_gamma_log_vjp, (concentration,), (concentration, out))


def _standard_gamma_log_vjp(node: Node, g: Tensor) -> Tensor:
    a, log = node.saved_tensors
    slope = _C.standard_gamma_log_slope(log, a)
    return g * record(slope, _second_vjp, (a,))


def _second_vjp(_: Node, __: Tensor) -> Any:
    raise RuntimeError(
        "standard_gamma_log: a draw of the gamma distribution has no second derivative by the "
        "concentration here"
    )
