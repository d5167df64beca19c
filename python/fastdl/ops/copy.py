"""Copies and conversions."""

from __future__ import annotations

from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..dtypes import DType, as_dtype
from ..inplace import changed_in_place, check_in_place
from ..tensor import Tensor


def _same_vjp(_: Node, g: Tensor) -> Tensor:
    return g


def clone(input: Tensor) -> Tensor:
    """A row-major copy, with gradients flowing to `input`."""
    return record(_C.clone(input), _same_vjp, (input,))


def contiguous(input: Tensor) -> Tensor:
    """`input` if it is row-major, else a row-major copy."""
    return input if _C.is_contiguous(input) else clone(input)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """`input` in another dtype; `input` itself if it has it already."""
    wanted = as_dtype(dtype)
    if not isinstance(input, Tensor):
        check.tensor("cast: input", input)
    if wanted is input.dtype:
        return input
    out = _C.cast(input, wanted)
    if not wanted.is_floating_point:
        return out
    return record(out, _cast_vjp, (input,), (), input.dtype)


def _cast_vjp(_: Node, g: Tensor, dtype: DType) -> Tensor:
    return cast(g, dtype)


def copy_(input: Tensor, source: Tensor) -> Tensor:
    """Writes `source` (broadcast and converted) into `input`'s memory."""
    from .view import expand

    if not isinstance(source, Tensor):
        raise TypeError(f"copy_: source: expected a Tensor, got {type(source).__name__}")
    check_in_place("copy_", input)
    _C.copy_(input, source)
    if not source.requires_grad:
        return changed_in_place(input, None)
    return changed_in_place(input, cast(expand(source, input.shape), input.dtype))


def fill_(input: Tensor, value: float) -> Tensor:
    """Sets every element to `value`, a number or a 0-d tensor."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise ValueError(f"fill_: value: expected a 0-d tensor, got shape {value.shape}")
        check_in_place("fill_", input)
        return copy_(input, value)
    check_in_place("fill_", input)
    _C.fill_(input, value)
    return changed_in_place(input, None)


def zero_(input: Tensor) -> Tensor:
    """Sets every element to 0."""
    return fill_(input, 0)
