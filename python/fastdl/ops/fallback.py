"""The derivative of a fused gradient, from the fallback composition in plain ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd import Node, enable_grad, grad, is_grad_enabled, record
from ..tensor import Tensor


def gradient_vjp(
    node: Node,
    cotangents: Sequence[Tensor],
    inputs: Sequence[Tensor | None],
    needs: Sequence[bool],
    composition: Callable[..., Tensor],
) -> tuple[Tensor | None, ...]:
    """The vjp of an op that gives the gradients of `composition`.

    That op's inputs are `inputs`: the cotangent g of the composition's result, then its arguments;
    its results are the gradients of those arguments that `needs` names.  All is done on twins of
    the inputs, whose history is the inputs': a path from one input to another stays out, and what
    is computed can be differentiated again.
    """
    again = is_grad_enabled()
    with enable_grad():
        twins: list[Any] = [_twin(x) for x in inputs]
        g, *arguments = twins
        firsts = [x for x, need in zip(arguments, needs, strict=True) if need]
        out = composition(*arguments)
        gradients: tuple[Any, ...] = grad(out, firsts, g, create_graph=True)
        wanted = [x for x, need in zip(twins, node.needs_input_grad, strict=True) if need]
        pairs = [(y, c) for y, c in zip(gradients, cotangents, strict=True) if y.requires_grad]
        if not pairs:
            return (None,) * len(twins)
        ys, cs = zip(*pairs, strict=True)
        found = iter(grad(ys, wanted, cs, create_graph=again, allow_unused=True))
    return tuple([next(found) if need else None for need in node.needs_input_grad])


def _twin(x: Tensor | None) -> Tensor | None:
    """The same memory, one step further in the history."""
    return None if x is None else record(x._alias(), _twin_vjp, (x,))


def _twin_vjp(_: Node, g: Tensor) -> Tensor:
    return g
