"""Functions of one tensor, element by element.  Integers are computed as float32 where the result
is no integer.  Errors and edge cases of the formulas: csrc/core/math.h, csrc/core/explog.h.
Rounding, trigonometric and special functions have files of their own."""

from __future__ import annotations

import math

from .. import _C, check
from ..autograd import Node, record
from ..explain import explained
from ..inplace import check_in_place, in_place, replaced_by
from ..tensor import Tensor
from .rounding import ceil, floor, frac, isfinite, isinf, isnan, round, signbit, trunc
from .slope import between, with_slope, with_slope_of_result, zero_vjp
from .special import digamma, erf, erfc, erfinv, lgamma
from .trig import acos, acosh, asin, asinh, atan, atanh, cos, cosh, sin, sinh, tan
from .where import where

_ONE = 1  # Python has one object for it


def neg(input: Tensor) -> Tensor:
    """-x."""
    return record(_C.neg(input), _neg_vjp, (input,))


def _neg_vjp(_: Node, g: Tensor) -> Tensor:
    return -g


def abs(input: Tensor) -> Tensor:
    """|x|; the gradient at 0 is 0."""
    return record(_C.abs(input), _abs_vjp, (input,), (input,))


def _abs_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g * sign(x)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; NaN where x is NaN.  Its gradient is 0."""
    return record(_C.sign(input), zero_vjp, (input,))


@explained
def sgn(input: Tensor) -> Tensor:
    """`sign`: of real numbers the two are the same."""
    return sign(input)


def sqrt(input: Tensor) -> Tensor:
    """The square root; NaN below 0, infinite gradient at 0."""
    out = _C.sqrt(input)
    return record(out, _sqrt_vjp, (input,), (out,))


def _sqrt_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return g * 0.5 / y


def rsqrt(input: Tensor) -> Tensor:
    """1 / √x; inf at 0, NaN below."""
    return with_slope_of_result(_C.rsqrt, _rsqrt_slope, input)


def _rsqrt_slope(y: Tensor) -> Tensor:
    return y * y * y * -0.5


def square(input: Tensor) -> Tensor:
    """x²."""
    return with_slope(_C.square, _square_slope, input)


def _square_slope(x: Tensor) -> Tensor:
    return x * 2


def reciprocal(input: Tensor) -> Tensor:
    """1 / x."""
    out = _C.reciprocal(input)
    return record(out, _reciprocal_vjp, (input,), (out,))


def _reciprocal_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return -g * y * y


def exp(input: Tensor) -> Tensor:
    """e to the x."""
    out = _C.exp(input)
    return record(out, _exp_vjp, (input,), (out,))


def _exp_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return g * y


def expm1(input: Tensor) -> Tensor:
    """e to the x, minus 1, exact near 0."""
    out = _C.expm1(input)
    return record(out, _expm1_vjp, (input,), (out,))


def _expm1_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return g * (y + 1)


def exp2(input: Tensor) -> Tensor:
    """2 to the x, exact for integers."""
    return with_slope_of_result(_C.exp2, _exp2_slope, input)


def _exp2_slope(y: Tensor) -> Tensor:
    return y * math.log(2)


def log(input: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below."""
    return record(_C.log(input), _log_vjp, (input,), (input,))


def _log_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g / x


def log1p(input: Tensor) -> Tensor:
    """log(1 + x), exact near 0."""
    return record(_C.log1p(input), _log1p_vjp, (input,), (input,))


def _log1p_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g / (x + 1)


def log2(input: Tensor) -> Tensor:
    """The logarithm to the base 2, exact for powers of 2; −inf at 0, NaN below."""
    return with_slope(_C.log2, _log2_slope, input)


def _log2_slope(x: Tensor) -> Tensor:
    return 1 / (x * math.log(2))


def log10(input: Tensor) -> Tensor:
    """The logarithm to the base 10; −inf at 0, NaN below."""
    return with_slope(_C.log10, _log10_slope, input)


def _log10_slope(x: Tensor) -> Tensor:
    return 1 / (x * math.log(10))


def log1mexp(input: Tensor) -> Tensor:
    """log(1 − exp(−x)) for x ≥ 0, in full precision near 0 and near log 2; −inf at 0, NaN below."""
    return with_slope(_C.log1mexp, _log1mexp_slope, input)


def _log1mexp_slope(x: Tensor) -> Tensor:
    return exp(-x) / -expm1(-x)


def softplus_inverse(input: Tensor) -> Tensor:
    """log(exp(x) − 1), the inverse of softplus; −inf at 0, NaN below."""
    return with_slope(_C.softplus_inverse, _softplus_inverse_slope, input)


def _softplus_inverse_slope(x: Tensor) -> Tensor:
    return -1 / expm1(-x)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    out = _C.tanh(input)
    return record(out, _tanh_vjp, (input,), (out,))


def _tanh_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return g * (1 - y * y)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), without overflow."""
    out = _C.sigmoid(input)
    return record(out, _sigmoid_vjp, (input,), (out,))


def _sigmoid_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return g * (y * (1 - y))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); NaN stays NaN; the gradient at 0 is 0.  With `inplace` written into `input`."""
    if inplace is not False and check.switch("relu: inplace", inplace):
        return relu_(input)
    out = _C.relu(input)
    return record(out, _relu_vjp, (input,), (out,))


def relu_(input: Tensor) -> Tensor:
    """`relu` in place."""
    check_in_place("relu_", input)
    return replaced_by(input, relu(input))


def _relu_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return between(g, y, 0, math.nan)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta x)) / beta, in full precision at both ends.

    `threshold` is accepted for PyTorch's sake and not needed: above it PyTorch returns x, which is
    wrong by up to exp(-threshold); this is exact.

    Raises:
        ValueError: beta is not above 0.
    """
    if beta is not _ONE and check.number("softplus: beta", beta, -math.inf, math.inf) != 1:
        if not beta > 0:
            raise ValueError(f"softplus: beta: expected a number above 0, got {beta}")
        return softplus(check.tensor("softplus: input", input) * beta) / beta
    return record(_C.softplus(input), _softplus_vjp, (input,), (input,))


def _softplus_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g * sigmoid(x)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)) = -softplus(-x)."""
    return record(_C.logsigmoid(input), _logsigmoid_vjp, (input,), (input,))


def _logsigmoid_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g * sigmoid(-x)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x), Φ the normal distribution function, also where x (1 + erf(x / √2)) / 2 cancels;
    with approximate="tanh" x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, in full precision, too.

    Raises:
        ValueError: approximate is neither "none" nor "tanh".
    """
    if approximate == "none":
        return record(_C.gelu(input), _gelu_vjp, (input,), (input,))
    if approximate == "tanh":
        return record(_C.gelu_tanh(input), _gelu_tanh_vjp, (input,), (input,))
    raise ValueError(f"gelu: approximate: expected 'none' or 'tanh', got {approximate!r}")


def _gelu_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    return g * _gelu_slope(x)


def _gelu_slope(x: Tensor) -> Tensor:
    """Φ(x) + x φ(x); an op of its own, since the derivative of Φ(x) = gelu(x) / x would cancel."""
    c = _within(x.detach(), 40)
    near = _C.lt(_C.abs(c), 1e-20)  # there gelu(c) may be subnormal, its digits lost
    cdf = where(near, 0.5, gelu(c) / c)
    return record(cdf + c * _normal_density(c), _gelu_slope_vjp, (x,), (x,))


def _gelu_slope_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    c = _within(x, 40)
    return g * (_normal_density(c) * (2 - c * c))


def _gelu_tanh_vjp(node: Node, g: Tensor) -> Tensor:
    """The function is x sigmoid(v), v = x (a + b x²)."""
    (x,) = node.saved_tensors
    c = _within(x, 25)
    a, b = math.sqrt(8 / math.pi), 0.044715 * math.sqrt(8 / math.pi)
    v = c * (a + b * (c * c))
    s = sigmoid(v)
    return g * (s + c * s * sigmoid(-v) * (a + 3 * b * (c * c)))


def _within(x: Tensor, bound: float) -> Tensor:
    """x, or the bound where it lies beyond: there the slopes of GELU are 0 and 1 already."""
    return where(_C.gt(x, bound), bound, where(_C.lt(x, -bound), -bound, x))


def _normal_density(x: Tensor) -> Tensor:
    return exp(x * x * -0.5) / math.sqrt(2 * math.pi)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6); the gradient at 0 and 6 is 0.  With `inplace` written into `input`."""
    if inplace is not False and check.switch("relu6: inplace", inplace):
        return in_place("relu6", relu6, input)
    out = _C.relu6(input)
    return record(out, _relu6_vjp, (input,), (out,))


def _relu6_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return between(g, y, 0, 6)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6; the gradient at -3 and 3 is 0."""
    if inplace is not False and check.switch("hardsigmoid: inplace", inplace):
        return in_place("hardsigmoid", hardsigmoid, input)
    out = _C.hardsigmoid(input)
    return record(out, _hardsigmoid_vjp, (input,), (out,))


def _hardsigmoid_vjp(node: Node, g: Tensor) -> Tensor:
    (y,) = node.saved_tensors
    return between(g / 6, y, 0, 1)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x); the gradient is 0 up to -3 and 1 from 3 on.

    Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """
    if inplace is not False and check.switch("hardswish: inplace", inplace):
        return in_place("hardswish", hardswish, input)
    return record(_C.hardswish(input), _hardswish_vjp, (input,), (input,))


def _hardswish_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    outside = where(_C.le(x, -3), 0.0, g)
    inside = _C.logical_and(_C.gt(x, -3), _C.lt(x, 3))
    return where(inside, g * (where(inside, x, 0.0) / 3 + 0.5), outside)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), "swish".

    Elfwing et al., "Sigmoid-weighted linear units", Neural Networks 107 (2018).
    """
    if inplace is not False and check.switch("silu: inplace", inplace):
        return in_place("silu", silu, input)
    return record(_C.silu(input), _silu_vjp, (input,), (input,))


def _silu_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    c = _within(x, 800)  # there the slopes are 0 and 1
    s = sigmoid(c)
    return g * (s + s * (c * sigmoid(-c)))


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return record(_C.softsign(input), _softsign_vjp, (input,), (input,))


def _softsign_vjp(node: Node, g: Tensor) -> Tensor:
    (x,) = node.saved_tensors
    slope = 1 / (1 + abs(x))
    return g * slope * slope


def logical_not(input: Tensor) -> Tensor:
    """Whether x is 0 (False)."""
    return _C.logical_not(_C.cast(input, _C.DType.bool))


def bitwise_not(input: Tensor) -> Tensor:
    """Every bit of an integer negated; `logical_not` of a bool."""
    return _C.bitwise_not(input)
