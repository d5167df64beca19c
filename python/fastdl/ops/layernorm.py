"""Layer normalization, and normalization by the root mean square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .fallback import gradient_vjp


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input − mean) / √(var + eps) · weight + bias over the last dimensions.

    Ba, Kiros & Hinton, "Layer Normalization", 2016.  Errors, and what happens at ±inf and NaN:
    csrc/ops/layernorm.h.

    Args:
        input: float32 or float64.
        normalized_shape: the sizes of the last dimensions, over which mean and (biased) variance
            are taken.
        weight, bias: of that shape, or None for 1 and 0.
        eps: at least 0.

    Raises:
        ValueError: a shape that does not fit. TypeError: dtypes that differ, or are no floats.
    """
    shape = _sizes("layer_norm", normalized_shape)
    out, stats = _C.layer_norm(input, shape, weight, bias, eps)
    inputs = (input, weight, bias)
    return record(out, _layer_norm_vjp, inputs, (input, weight, stats), shape, eps)


def _sizes(op: str, shape: Sequence[int]) -> tuple[int, ...]:
    if not isinstance(shape, tuple | list) or not all(hasattr(n, "__index__") for n in shape):
        raise TypeError(f"{op}: normalized_shape: expected a tuple of ints, got {shape!r}")
    return tuple(shape)


def _layer_norm_vjp(
    node: Node, g: Tensor, shape: tuple[int, ...], eps: float
) -> tuple[Tensor | None, ...]:
    input, weight, stats = node.saved_tensors
    wants_input, wants_weight, wants_bias = needs = node.needs_input_grad
    found = _C.layer_norm_backward(
        g, input, stats, shape, weight, wants_input, wants_weight or wants_bias
    )
    wanted = tuple([x if need else None for x, need in zip(found, needs, strict=True)])
    present = tuple([x for x in wanted if x is not None])
    inputs = (g, input, weight)
    record(present, _backward_vjp, inputs, inputs, needs, len(shape), eps)
    return wanted


def _backward_vjp(node: Node, *rest: Any) -> tuple[Tensor | None, ...]:
    """The bias moves none of the gradients: a zero stands for it."""
    *cotangents, needs, ndim, eps = rest
    g, input, weight = node.saved_tensors
    if needs[2]:  # that of the bias is a sum of g
        *cotangents, of_bias = cotangents
    needs_two = needs[:2]
    found: tuple[Tensor | None, ...] = (None,) * 3
    if any(needs_two):
        found = gradient_vjp(
            node, cotangents, (g, input, weight), needs_two,
            lambda x, w: _in_plain_ops(x, w, ndim, eps),
        )  # fmt: skip
    if needs[2] and node.needs_input_grad[0]:
        spread = of_bias.expand(g.shape)
        found = (spread if found[0] is None else found[0] + spread, *found[1:])
    return found


def _in_plain_ops(input: Tensor, weight: Tensor | None, ndim: int, eps: float) -> Tensor:
    """The fallback composition, without the bias."""
    over = tuple(range(-ndim, 0))
    centered = input - input.mean(over, keepdim=True)
    out = centered * ((centered * centered).mean(over, keepdim=True) + eps) ** -0.5
    return out if weight is None else out * weight


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """input / √(mean of input² + eps) · weight over the last dimensions.

    Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Args:
        input: float32 or float64.
        normalized_shape: the sizes of the last dimensions, over which the mean is taken.
        weight: of that shape, or None for 1.
        eps: at least 0; None for the dtype's distance from 1 to the next number.

    Raises:
        ValueError: a shape that does not fit. TypeError: dtypes that differ, or are no floats.
    """
    check.float_tensor("rms_norm: input", input)
    shape = _sizes("rms_norm", normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(
            f"rms_norm: input: expected a shape that ends with normalized_shape {shape}, "
            f"got {input.shape}"
        )
    if weight is not None:
        check.tensor("rms_norm: weight", weight)
        if weight.shape != shape:
            raise ValueError(f"rms_norm: weight: expected shape {shape}, got {weight.shape}")
        if weight.dtype is not input.dtype:
            raise TypeError(
                f"rms_norm: weight: expected dtype {input.dtype.name}, got {weight.dtype.name}"
            )
    if eps is None:
        eps = 2.0**-23 if input.dtype is _C.DType.float32 else 2.0**-52
    check.number("rms_norm: eps", eps, 0.0, math.inf)
    over = tuple(range(-len(shape), 0))
    out = input * ((input * input).mean(over, keepdim=True) + eps) ** -0.5
    return out if weight is None else out * weight
