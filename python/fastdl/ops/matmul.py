"""Matrix products."""

from __future__ import annotations

from .. import _C
from ..autograd import Node, needs_grad, record
from ..tensor import Tensor
from .reduce import sum
from .view import reshape, sum_to_shape, transpose, unsqueeze

Shape = tuple[int, ...]


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product over the last two dimensions, the others broadcast, as torch.matmul:
    (..., m, k) times (..., k, n) is (..., m, n); a vector stands for a row (left) or a column
    (right), whose dimension is not in the result.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the shapes do not fit.
    """
    out = _C.matmul(input, other)
    if not needs_grad(input, other):
        return out
    saved = (input if other.requires_grad else None, other if input.requires_grad else None)
    return record(out, _matmul_vjp, (input, other), saved, input.shape, other.shape)


def _matmul_vjp(
    node: Node, g: Tensor, shape_a: Shape, shape_b: Shape
) -> tuple[Tensor | None, Tensor | None]:
    a, b = node.saved_tensors
    if len(shape_b) == 1:  # as matrices
        g = unsqueeze(g, -1)
    if len(shape_a) == 1:
        g = unsqueeze(g, -2)
    grad_a = grad_b = None
    if node.needs_input_grad[0]:
        b = unsqueeze(b, -1) if len(shape_b) == 1 else b
        product = matmul(g, transpose(b, -2, -1))
        matrix = (1, *shape_a) if len(shape_a) == 1 else shape_a
        grad_a = reshape(sum_to_shape(product, matrix), shape_a)
    if node.needs_input_grad[1]:
        a = unsqueeze(a, 0) if len(shape_a) == 1 else a
        if len(shape_b) <= 2:  # the sum over the batch is part of the product
            product = matmul(transpose(_rows(a), 0, 1), _rows(g))
        else:
            product = sum_to_shape(matmul(transpose(a, -2, -1), g), shape_b)
        grad_b = reshape(product, shape_b)
    return grad_a, grad_b


def _rows(x: Tensor) -> Tensor:
    """(..., n) as a matrix of n columns."""
    if x.ndim == 2:
        return x
    rows = 1
    for size in x.shape[:-1]:
        rows *= size
    return reshape(x, rows, x.shape[-1])


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input (..., in) times weight (out, in) transposed, plus bias (out): (..., out).

    Raises:
        TypeError: they are not all float32 or all float64. ValueError: the shapes do not fit.
    """
    out = _C.linear(input, weight, bias)
    if not needs_grad(input, weight, bias):
        return out
    saved = (input if weight.requires_grad else None, weight if input.requires_grad else None)
    return record(out, _linear_vjp, (input, weight, bias), saved)


def _linear_vjp(node: Node, g: Tensor) -> tuple[Tensor | None, ...]:
    x, weight = node.saved_tensors
    need_input, need_weight, need_bias = node.needs_input_grad
    return (
        matmul(g, weight) if need_input else None,
        matmul(transpose(_rows(g), 0, 1), _rows(x)) if need_weight else None,
        sum(_rows(g), 0) if need_bias else None,
    )
