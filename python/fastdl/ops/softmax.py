"""Softmax, its logarithm, and the logarithm of a sum of exponentials: float32 and float64, along
any dimension.  Errors and what happens at ±inf, NaN and empty rows: csrc/ops/softmax.h."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .copy import cast
from .unary import exp
from .view import permute, reshape, unsqueeze


def softmax(input: Tensor, dim: int, *, dtype: Any = None, masked: bool = False) -> Tensor:
    """exp(x) / Σ exp(x) along `dim`; computed in `dtype` if it is given.

    A row that is -inf everywhere gives NaN, as in PyTorch; with `masked=True` it gives zeros, and a
    gradient of zero: such a row is one in which everything was masked out.

    Raises:
        IndexError: there is no such dimension. TypeError: input is not float32 or float64.
    """
    x = input if dtype is None else cast(input, dtype)
    out = _C.softmax(x, dim, masked)
    return record(out, _softmax_vjp, (x,), (out,), dim)


def _softmax_vjp(node: Node, g: Tensor, dim: int) -> Tensor:
    (y,) = node.saved_tensors
    return softmax_backward(g, y, dim)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """x - log Σ exp(x) along `dim`; computed in `dtype` if it is given.

    Raises:
        IndexError: there is no such dimension. TypeError: input is not float32 or float64.
    """
    x = input if dtype is None else cast(input, dtype)
    out = _C.log_softmax(x, dim)
    return record(out, _log_softmax_vjp, (x,), (out,), dim)


def _log_softmax_vjp(node: Node, g: Tensor, dim: int) -> Tensor:
    (y,) = node.saved_tensors
    return log_softmax_backward(g, y, dim)


def softmax_backward(g: Tensor, y: Tensor, dim: int) -> Tensor:
    """y (g - Σ g y) along `dim`: the gradient of y = softmax(x), g that of its output."""
    return record(_C.softmax_backward(g, y, dim), _softmax_backward_vjp, (g, y), (g, y), dim)


def _softmax_backward_vjp(node: Node, h: Tensor, dim: int) -> tuple[Tensor | None, ...]:
    g, y = node.saved_tensors
    need_g, need_y = node.needs_input_grad
    grad_y = None
    if need_y:
        centred = g - (g * y).sum(dim, keepdim=True)
        grad_y = h * centred - g * (h * y).sum(dim, keepdim=True)
    return softmax_backward(h, y, dim) if need_g else None, grad_y


def log_softmax_backward(g: Tensor, y: Tensor, dim: int) -> Tensor:
    """g - exp(y) Σ g along `dim`: the gradient of y = log_softmax(x), g that of its output."""
    return record(
        _C.log_softmax_backward(g, y, dim), _log_softmax_backward_vjp, (g, y), (g, y), dim
    )


def _log_softmax_backward_vjp(node: Node, h: Tensor, dim: int) -> tuple[Tensor | None, ...]:
    g, y = node.saved_tensors
    need_g, need_y = node.needs_input_grad
    weighted = h * exp(y)
    return (
        h - weighted.sum(dim, keepdim=True) if need_g else None,
        -weighted * g.sum(dim, keepdim=True) if need_y else None,
    )


def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log Σ exp(x) over one dimension or several.

    -inf, with a gradient of zero, where all x are -inf or there are none.

    Raises:
        IndexError: there is no such dimension. ValueError: a dimension comes twice.
        TypeError: input is not float32 or float64.
    """
    if not isinstance(dim, tuple | list):
        out = _C.logsumexp(input, dim, keepdim)
        return record(out, _logsumexp_vjp, (input,), (input,), dim, keepdim)
    keepdim = check.switch("logsumexp: keepdim", keepdim)
    shape = check.tensor("logsumexp: input", input).shape
    over = _dimensions("logsumexp", dim, len(shape))
    kept = [d for d in range(len(shape)) if d not in over]
    rows = permute(input, (*kept, *over))
    rows = reshape(rows, (*[shape[d] for d in kept], math.prod(shape[d] for d in over)))
    out = logsumexp(rows, -1)
    return reshape(out, [1 if d in over else n for d, n in enumerate(shape)]) if keepdim else out


def _dimensions(op: str, dims: Sequence[int], ndim: int) -> list[int]:
    """The dimensions as distinct non-negative ints; all of them if there are none."""
    over = [check.dimension(f"{op}: dim", d, ndim) for d in dims]
    if len(set(over)) < len(over):
        raise ValueError(f"{op}: dim: expected each dimension once, got {tuple(dims)}")
    return (over or list(range(ndim))) if ndim else []


def _logsumexp_vjp(node: Node, g: Tensor, dim: int, keepdim: bool) -> Tensor:
    (x,) = node.saved_tensors
    weights = softmax(x, dim, masked=True)
    return (g if keepdim or not x.ndim else unsqueeze(g, dim)) * weights
