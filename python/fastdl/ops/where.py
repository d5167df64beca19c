"""Selection."""

from __future__ import annotations

from typing import Any, overload

from .. import _C
from ..autograd import Node, record
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
