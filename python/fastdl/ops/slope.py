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


def between(g: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    """g where x lies between the bounds (NaN: there is none) or is NaN, else 0: linear in g."""
    return record(_C.gate_backward(g, x, low, high), _between_vjp, (g,), (x,), low, high)


def _between_vjp(node: Node, h: Tensor, low: float, high: float) -> Tensor:
    (x,) = node.saved_tensors
    return between(h, x, low, high)
