"""Batch normalization of channels, with an optional ReLU in the same pass.

The kernels normalize the columns of a matrix; images and the like become one, a row for each place.
"""

from __future__ import annotations

import math
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .fallback import gradient_vjp
from .unary import relu as _relu
from .view import permute, reshape


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    relu: bool = False,
) -> Tensor:
    """(input − mean) / √(var + eps) · weight + bias for each channel, then max(·, 0) if `relu`.

    Ioffe & Szegedy, "Batch Normalization", ICML 2015.  The result is row-major; but of an input
    whose channels lie last in memory (a permuted (batch, ..., channels)) it lies likewise, and
    nothing is copied.

    Args:
        input: (batch, channels, ...), float32 or float64.
        running_mean, running_var: (channels,) each.  In training the batch's mean and biased
            variance are used, and running = (1 − momentum) · running + momentum · batch, in place,
            with the unbiased variance (None: not kept).  Otherwise these are used.
        weight, bias: (channels,) each, or None for 1 and 0.
        training: whether the statistics are the batch's.
        momentum: weight of the batch in the running statistics.
        eps: at least 0.

    Raises:
        ValueError: a shape that does not fit; one value of a channel, or none, in training;
            running statistics missing outside training.  Nothing is changed then.
        TypeError: dtypes that differ, or are no floats.
    """
    check.switch("batch_norm: training", training)
    if check.tensor("batch_norm: input", input).ndim > 2:
        options = (running_mean, running_var, weight, bias, training, momentum, eps)
        return _of_channels(input, *options, relu=relu)
    out, stats = _C.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps, relu
    )
    if training:
        for running in (running_mean, running_var):
            if running is not None:
                running._bump_version()
    inputs = (input, weight, bias)
    return record(out, _batch_norm_vjp, inputs, (*inputs, stats), training, eps, relu)


def _of_channels(input: Tensor, *options: Any, relu: bool) -> Tensor:
    """For more than two dimensions."""
    batch, channels, *rest = input.shape
    last = permute(input, (0, *range(2, input.ndim), 1))
    rows = batch * math.prod(rest)
    training = options[4]
    if training and rows < 2:
        raise ValueError(
            "batch_norm: input: expected at least 2 values for each channel in training, got shape "
            f"{input.shape}"
        )
    out = batch_norm(reshape(last, (rows, channels)), *options, relu=relu)
    out = permute(reshape(out, last.shape), (0, input.ndim - 1, *range(1, input.ndim - 1)))
    return out if last.is_contiguous() and not input.is_contiguous() else out.contiguous()


def _batch_norm_vjp(
    node: Node, g: Tensor, training: bool, eps: float, relu: bool
) -> tuple[Tensor | None, ...]:
    input, weight, bias, stats = node.saved_tensors
    needs = node.needs_input_grad
    return _backward(g, input, weight, bias, stats, needs, training, eps, relu)


def _backward(
    g: Tensor,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    stats: Tensor,
    needs: tuple[bool, ...],
    training: bool,
    eps: float,
    relu: bool,
) -> tuple[Tensor | None, ...]:
    """The gradients of input, weight and bias, where needed: an op of its own."""
    wants_input, wants_weight, wants_bias = needs
    found = _C.batch_norm_backward(
        g, input, stats, weight, bias, training, relu, wants_input, wants_weight or wants_bias
    )
    wanted = tuple([x if need else None for x, need in zip(found, needs, strict=True)])
    present = tuple([x for x in wanted if x is not None])
    inputs = (g, input, weight, bias)
    record(present, _backward_vjp, inputs, (*inputs, stats), needs, training, eps, relu)
    return wanted


def _backward_vjp(node: Node, *rest: Any) -> tuple[Tensor | None, ...]:
    *cotangents, needs, training, eps, relu = rest
    *inputs, stats = node.saved_tensors

    def composition(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
        return _in_plain_ops(input, weight, bias, stats, training, eps, relu)

    return gradient_vjp(node, cotangents, inputs, needs, composition)


def _in_plain_ops(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    stats: Tensor,
    training: bool,
    eps: float,
    relu: bool,
) -> Tensor:
    """The fallback composition; running statistics stay untouched."""
    if training:
        centered = input - input.mean(0)
        inverse = ((centered * centered).mean(0) + eps) ** -0.5
    else:
        centered, inverse = input - stats[0].to(input.dtype), stats[2].to(input.dtype)
    out = centered * inverse
    out = out if weight is None else out * weight
    out = out if bias is None else out + bias
    return _relu(out) if relu else out
