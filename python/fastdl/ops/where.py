"""Selection."""

from __future__ import annotations

from typing import Any, overload

from .. import _C, check
from ..autograd import Node, record
from ..inplace import in_place
from ..tensor import Tensor


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(condition: Tensor, input: Tensor | float, other: Tensor | float) -> Tensor: ...
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where `condition` (bool) holds, `other` elsewhere, tensors or numbers; all broadcast.
    With the condition alone, where it is True: `nonzero(condition, as_tuple=True)`.

    What is not selected does not spread its NaN or Inf, nor does its gradient.
    """
    if input is None and other is None:
        from .masked import nonzero

        return nonzero(condition, as_tuple=True)
    return record(
        _C.where(condition, input, other),
        _where_vjp,
        (input, other),
        (condition,),
        *[(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in (input, other)],
    )


def _where_vjp(node: Node, g: Tensor, a: Any, b: Any) -> tuple[Tensor | None, ...]:
    from .binary import _back

    (condition,) = node.saved_tensors
    need_a, need_b = node.needs_input_grad
    return (
        _back(where(condition, g, 0.0), a) if need_a else None,
        _back(where(condition, 0.0, g), b) if need_b else None,
    )


def nan_to_num(
    input: Tensor,
    nan: float | None = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """`input` with its NaN replaced by `nan` (None: 0), its +inf and −inf by `posinf` and `neginf`
    (None: the largest and the least number of the dtype); integers as they are.  What is replaced
    has a gradient of 0.

    Raises:
        TypeError: input is no Tensor, or a replacement is no number.
    """
    if not check.tensor("nan_to_num: input", input).is_floating_point():
        return input.clone()
    largest = (2 - 2.0**-23) * 2.0**127 if input.dtype.itemsize == 4 else (2 - 2.0**-52) * 2.0**1023
    nan = 0.0 if nan is None else _replacement("nan", nan)
    if posinf is None and neginf is None:  # faster by half
        from .compare import clamp

        return where(_C.isnan(input), nan, clamp(input, -largest, largest))
    ends = ((float("inf"), "posinf", posinf, largest), (-float("inf"), "neginf", neginf, -largest))
    out = where(_C.isnan(input), nan, input)
    for end, name, given, default in ends:
        value = default if given is None else _replacement(name, given)
        out = where(_C.eq(input, end), value, out)
    return out


def _replacement(name: str, value: Any) -> float:
    """`value`, if it is a number (NaN is one here)."""
    if isinstance(value, float) and value != value:
        return value
    return check.number(f"nan_to_num: {name}", value, -float("inf"), float("inf"))


def nan_to_num_(
    input: Tensor,
    nan: float | None = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """`nan_to_num`, into `input`."""
    return in_place("nan_to_num_", lambda x: nan_to_num(x, nan, posinf, neginf), input)
