"""Activations with parameters, and those that combine several units.  (Functions of one number
without parameters: unary.py.)

With `inplace` the result is written into `input`.  A NaN gives NaN.  Kernels of their own:
csrc/ops/activation.h.
"""

from __future__ import annotations

import math

from .. import _C, check
from ..autograd import Node, record
from ..inplace import check_in_place, in_place, replaced_by
from ..random import Generator, next_draw
from ..tensor import Tensor
from .unary import _within, exp, sigmoid, softplus, tanh
from .view import reshape
from .where import where

_INF = math.inf
# Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017, equation 14.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, negative_slope · x elsewhere; the slope at 0 is negative_slope.

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("leaky_relu: input", input)
    check.switch("leaky_relu: inplace", inplace)
    check.number("leaky_relu: negative_slope", negative_slope, -_INF, _INF)
    if inplace:
        return in_place("leaky_relu", lambda x: leaky_relu(x, negative_slope), input)
    out = _C.leaky_relu(input, negative_slope)
    return record(out, _leaky_relu_vjp, (input,), (input,), negative_slope)


def _leaky_relu_vjp(node: Node, g: Tensor, negative_slope: float) -> Tensor:
    (x,) = node.saved_tensors
    return leaky_relu_backward(g, x, negative_slope)


def leaky_relu_backward(g: Tensor, x: Tensor, negative_slope: float) -> Tensor:
    """g where x is above 0, negative_slope · g elsewhere: linear in g."""
    out = _C.leaky_relu_backward(g, x, negative_slope)
    return record(out, _leaky_relu_backward_vjp, (g,), (x,), negative_slope)


def _leaky_relu_backward_vjp(node: Node, h: Tensor, negative_slope: float) -> Tensor:
    (x,) = node.saved_tensors
    return leaky_relu_backward(h, x, negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0, weight · x elsewhere; He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Args:
        weight: one slope, or one for each channel (dimension 1 of input).

    Raises:
        ValueError: as many slopes as neither. TypeError: dtypes that differ, or are no floats.
    """
    check.float_tensor("prelu: input", input)
    check.tensor("prelu: weight", weight)
    if weight.dtype is not input.dtype:
        raise TypeError(
            f"prelu: weight: expected dtype {input.dtype.name}, got {weight.dtype.name}"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.numel() not in (1, channels):
        raise ValueError(
            f"prelu: weight: expected 1 or {channels} slopes for input of shape {input.shape}, "
            f"got shape {weight.shape}"
        )
    positive = _C.gt(input, 0)
    slopes = weight
    if weight.ndim and input.ndim:
        at = 1 if input.ndim > 1 else 0
        slopes = reshape(weight, [weight.numel() if d == at else 1 for d in range(input.ndim)])
    elif weight.ndim:
        slopes = reshape(weight, ())
    return where(positive, input, slopes * where(positive, 0.0, input))


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """x above 0, a · x elsewhere: in training each a is drawn from [lower, upper), otherwise it is
    their mean.

    Xu et al., "Empirical Evaluation of Rectified Activations in Convolutional Network", 2015.

    Raises:
        ValueError: lower is above upper. TypeError: input is not float32 or float64.
    """
    check.float_tensor("rrelu: input", input)
    check.switch("rrelu: inplace", inplace)
    check.number("rrelu: upper", upper, -_INF, _INF)
    check.number("rrelu: lower", lower, -_INF, upper)
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    if inplace:
        check_in_place("rrelu", input)
    constants = (lower, upper, *next_draw(generator))
    if inplace:
        return in_place("rrelu", lambda x: _rrelu(x, *constants), input)
    return _rrelu(input, *constants)


def _rrelu(x: Tensor, lower: float, upper: float, seed: int, draw: int) -> Tensor:
    slopes = _slopes(x, lower, upper, seed, draw)
    out = _C.where(_C.gt(x, 0), x, _C.mul(x, slopes))
    return record(out, _rrelu_vjp, (x,), (x,), lower, upper, seed, draw)


def _slopes(x: Tensor, lower: float, upper: float, seed: int, draw: int) -> Tensor:
    """Those of a draw; never kept, but drawn again."""
    out = _C.empty(x.shape, x.dtype)
    _C.uniform_(out, lower, upper, seed, draw)
    return out


def _rrelu_vjp(node: Node, g: Tensor, lower: float, upper: float, seed: int, draw: int) -> Tensor:
    (x,) = node.saved_tensors
    return where(_C.gt(x, 0), g, g * _slopes(x, lower, upper, seed, draw))


# ---- exponential units -----------------------------------------------------------------------


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x) - 1) elsewhere.

    Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", ICLR
    2016.

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("elu: input", input)
    check.switch("elu: inplace", inplace)
    check.number("elu: alpha", alpha, -_INF, _INF)
    if inplace:
        return in_place("elu", lambda x: elu(x, alpha), input)
    return _exponential(input, 1.0, alpha, 1.0)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 · elu(x, 1.6733): keeps mean 0 and variance 1 from layer to layer.

    Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("selu: input", input)
    check.switch("selu: inplace", inplace)
    if inplace:
        return in_place("selu", selu, input)
    return _exponential(input, SELU_SCALE, SELU_SCALE * SELU_ALPHA, 1.0)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x / alpha) - 1) elsewhere: its slope is continuous.

    Barron, "Continuously Differentiable Exponential Linear Units", 2017.

    Raises:
        ValueError: alpha is below the smallest normal number of input's dtype.
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("celu: input", input)
    check.switch("celu: inplace", inplace)
    least = 2.0**-126 if input.dtype is _C.DType.float32 else 2.0**-1022
    check.number("celu: alpha", alpha, least, _INF)  # its inverse has to be finite
    if inplace:
        return in_place("celu", lambda x: celu(x, alpha), input)
    return _exponential(input, 1.0, alpha, 1.0 / alpha)


def _exponential(x: Tensor, *constants: float) -> Tensor:
    """scale x above 0, limit (exp(rate x) - 1) elsewhere."""
    return record(_C.elu(x, *constants), _exponential_vjp, (x,), (x,), *constants)


def _exponential_vjp(node: Node, g: Tensor, *constants: float) -> Tensor:
    (x,) = node.saved_tensors
    return elu_backward(g, x, *constants)


def elu_backward(g: Tensor, x: Tensor, scale: float, limit: float, rate: float) -> Tensor:
    """g times scale where x is above 0, limit rate exp(rate x) elsewhere."""
    out = _C.elu_backward(g, x, scale, limit, rate)
    return record(out, _elu_backward_vjp, (g, x), (g, x), scale, limit, rate)


def _elu_backward_vjp(
    node: Node, h: Tensor, scale: float, limit: float, rate: float
) -> tuple[Tensor | None, ...]:
    g, x = node.saved_tensors
    need_g, need_x = node.needs_input_grad
    grad_x = None
    if need_x:
        positive = _C.gt(x, 0)
        bend = exp(where(positive, 0.0, x) * rate) * (limit * rate * rate)
        grad_x = h * g * where(positive, 0.0, bend)
    return elu_backward(h, x, scale, limit, rate) if need_g else None, grad_x


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(log(1 + exp(x))); Misra, "Mish: A Self Regularized Non-Monotonic Activation Function",
    BMVC 2020.  -0 at -inf.

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("mish: input", input)
    check.switch("mish: inplace", inplace)
    if inplace:
        return in_place("mish", mish, input)
    x = _C.where(_C.lt(input, -800.0), -800.0, input)  # there exp(x) is 0
    return record(_C.mul(x, _C.tanh(_C.softplus(x))), _mish_vjp, (input,), (input,))


def _mish_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    c = _within(x, 800)  # there the slopes are 0 and 1
    t = tanh(softplus(c))
    return g * (t + c * sigmoid(c) * (1 - t * t))


# ---- straight pieces -------------------------------------------------------------------------


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x between min_val and max_val, the nearer of them elsewhere; there the slope is 0.

    Raises:
        ValueError: min_val is above max_val. TypeError: input is not float32 or float64.
    """
    check.float_tensor("hardtanh: input", input)
    check.switch("hardtanh: inplace", inplace)
    check.number("hardtanh: max_val", max_val, -_INF, _INF)
    check.number("hardtanh: min_val", min_val, -_INF, max_val)
    if inplace:
        return in_place("hardtanh", lambda x: hardtanh(x, min_val, max_val), input)
    below = where(_C.ge(input, max_val), max_val, input)
    return where(_C.le(input, min_val), min_val, below)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x above `threshold`, `value` elsewhere.

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("threshold: input", input)
    check.switch("threshold: inplace", inplace)
    check.number("threshold: threshold", threshold, -_INF, _INF)
    check.number("threshold: value", value, -_INF, _INF)
    out = where(_C.le(input, threshold), value, input)
    if inplace:
        check_in_place("threshold", input)
        return replaced_by(input, out)
    return out


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where |x| is at most lambd, x elsewhere.

    Raises:
        ValueError: lambd is below 0. TypeError: input is not float32 or float64.
    """
    check.float_tensor("hardshrink: input", input)
    check.number("hardshrink: lambd", lambd, 0.0, _INF)
    return where(_C.le(_C.abs(input), lambd), 0.0, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where |x| is at most lambd, x moved towards 0 by lambd elsewhere.

    Raises:
        ValueError: lambd is below 0. TypeError: input is not float32 or float64.
    """
    check.float_tensor("softshrink: input", input)
    check.number("softshrink: lambd", lambd, 0.0, _INF)
    return where(_C.le(_C.abs(input), lambd), 0.0, input - _C.mul(_C.sign(input), lambd))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    Raises:
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("tanhshrink: input", input)
    return input - tanh(input)


# ---- several units ---------------------------------------------------------------------------


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a · sigmoid(b) for the halves a, b of input along `dim`.

    Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Raises:
        IndexError: there is no such dimension. ValueError: its size is odd.
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("glu: input", input)
    d = check.dimension("glu: dim", dim, input.ndim)
    if input.ndim == 0 or input.shape[d] % 2:
        raise ValueError(f"glu: input: expected an even size of dimension {d}, got {input.shape}")
    half, before = input.shape[d] // 2, (slice(None),) * d
    values, gates = (*before, slice(half)), (*before, slice(half, None))
    return input[values] * sigmoid(input[gates])


def maxout(input: Tensor, pieces: int, dim: int = -1) -> Tensor:
    """The largest of every `pieces` neighbours along `dim`; at ties they share the gradient.

    Goodfellow et al., "Maxout Networks", ICML 2013.

    Raises:
        IndexError: there is no such dimension. ValueError: its size is no multiple of pieces.
        TypeError: input is not float32 or float64.
    """
    check.float_tensor("maxout: input", input)
    d = check.dimension("maxout: dim", dim, input.ndim)
    check.positive_int("maxout: pieces", pieces)
    shape = input.shape
    if not shape or shape[d] % pieces:
        raise ValueError(
            f"maxout: input: expected a multiple of {pieces} as size of dimension {d}, got {shape}"
        )
    return reshape(input, (*shape[:d], shape[d] // pieces, pieces, *shape[d + 1 :])).amax(d + 1)
