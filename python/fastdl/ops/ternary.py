"""Functions of three tensors, broadcast against each other: compositions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import check
from ..inplace import in_place
from ..tensor import Tensor
from .binary import Number
from .where import where


def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """input + weight (end - input): input at weight 0, end at 1, both exactly.

    From a weight of 1/2 on computed from end.  An infinite end, or a difference that overflows,
    gives inf or NaN.

    Args:
        input, end: both float32 or both float64.
        weight: a number or a tensor of their dtype.

    Raises:
        TypeError: a dtype does not fit. ValueError: the shapes do not broadcast.
    """
    check.float_tensor("lerp: input", input)
    check.tensor("lerp: end", end)
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Tensor) and x.dtype is not input.dtype:
            raise TypeError(
                f"lerp: {name}: expected dtype {input.dtype.name} as input, got {x.dtype.name}"
            )
    difference = end - input
    if not isinstance(weight, Tensor):
        near = abs(check.number("lerp: weight", weight, -float("inf"), float("inf"))) < 0.5
        return input + difference * weight if near else end - difference * (1 - weight)
    near_input = (weight < 0.5).logical_and(weight > -0.5)
    # Nothing infinite on the way that is not taken: it would come back as NaN.
    return where(near_input, input, end) + difference * where(near_input, weight, weight - 1)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 · tensor2; dtypes are promoted as in arithmetic.

    Raises:
        TypeError: an argument is no Tensor. ValueError: the shapes do not broadcast.
    """
    first = _scaled("addcmul", input, tensor1, tensor2, value)
    return input + first * tensor2


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 / tensor2; dtypes are promoted as in arithmetic.

    Raises:
        TypeError: an argument is no Tensor. ValueError: the shapes do not broadcast.
    """
    first = _scaled("addcdiv", input, tensor1, tensor2, value)
    return input + first / tensor2


def _scaled(op: str, input: Any, tensor1: Any, tensor2: Any, value: Any) -> Tensor:
    """value · tensor1, after checks."""
    for name, x in (("input", input), ("tensor1", tensor1), ("tensor2", tensor2)):
        check.tensor(f"{op}: {name}", x)
    check.number(f"{op}: value", value, -float("inf"), float("inf"))
    return tensor1 if value == 1 else tensor1 * value


def lerp_(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """`lerp`, into `input`."""
    return _into("lerp_", lambda x: lerp(x, end, weight), input)


def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`addcmul`, into `input`."""
    return _into("addcmul_", lambda x: addcmul(x, tensor1, tensor2, value=value), input)


def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`addcdiv`, into `input`."""
    return _into("addcdiv_", lambda x: addcdiv(x, tensor1, tensor2, value=value), input)


def _into(op: str, f: Callable[[Tensor], Tensor], input: Tensor) -> Tensor:
    """`in_place`, of results that fit into input."""

    def fitting(x: Tensor) -> Tensor:
        out = f(x)
        if out.shape != input.shape or out.dtype is not input.dtype:
            raise ValueError(
                f"{op}: the result of shape {out.shape} and dtype {out.dtype.name} does not fit "
                f"into a tensor of shape {input.shape} and dtype {input.dtype.name}"
            )
        return out

    return in_place(op, fitting, input)
