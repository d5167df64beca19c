"""Functions of one tensor whose derivative is a formula of the argument or of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _C
from ..autograd import Node, record
from ..tensor import Tensor

Slope = Callable[[Tensor], Any]


def with_slope(kernel: Any, slope: Slope, input: Tensor) -> Tensor:
    """kernel(input), whose derivative is slope(input)."""
    return record(kernel(input), _slope_vjp, (input,), (input,), slope)


def with_slope_of_result(kernel: Any, slope: Slope, input: Tensor) -> Tensor:
    """out = kernel(input), whose derivative is slope(out)."""
    out = kernel(input)
    return record(out, _slope_vjp, (input,), (out,), slope)


def _slope_vjp(node: Node, g: Tensor, slope: Slope) -> Tensor:
    (saved,) = node.saved_tensors
    return g * slope(saved)


def zero_vjp(_: Node, g: Tensor) -> Tensor:
    """Of a function that is constant between its jumps: 0, also where g is infinite or NaN."""
    return record(_C.full(g.shape, 0, g.dtype), zero_vjp, (g,))
