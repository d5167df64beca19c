"""Trigonometric and hyperbolic functions and their inverses, float32 and float64; integers are
computed as float32.  Errors, values at ±inf, ±0 and NaN: csrc/core/trig.h, csrc/core/explog.h."""

from __future__ import annotations

from .. import _C
from ..tensor import Tensor
from .slope import with_slope, with_slope_of_result
from .where import where


def sin(input: Tensor) -> Tensor:
    """The sine of x radians, reduced by all the digits of π that it takes; NaN at ±inf."""
    return with_slope(_C.sin, cos, input)


def cos(input: Tensor) -> Tensor:
    """The cosine of x radians, reduced by all the digits of π that it takes; NaN at ±inf."""
    return with_slope(_C.cos, _minus_sin, input)


def _minus_sin(x: Tensor) -> Tensor:
    return -sin(x)


def tan(input: Tensor) -> Tensor:
    """The tangent of x radians; NaN at ±inf."""
    return with_slope_of_result(_C.tan, _tan_slope, input)


def _tan_slope(y: Tensor) -> Tensor:
    return 1 + y * y


def asin(input: Tensor) -> Tensor:
    """The inverse of sin, in [−π/2, π/2]; NaN beyond ±1, where the slope is inf."""
    return with_slope(_C.asin, _asin_slope, input)


def _asin_slope(x: Tensor) -> Tensor:
    return ((1 - x) * (1 + x)).rsqrt()


def acos(input: Tensor) -> Tensor:
    """The inverse of cos, in [0, π]; NaN beyond ±1, where the slope is −inf."""
    return with_slope(_C.acos, _acos_slope, input)


def _acos_slope(x: Tensor) -> Tensor:
    return -_asin_slope(x)


def atan(input: Tensor) -> Tensor:
    """The inverse of tan, in [−π/2, π/2]."""
    return with_slope(_C.atan, _atan_slope, input)


def _atan_slope(x: Tensor) -> Tensor:
    x = _finite(x)
    return 1 / (1 + x * x)


def _finite(x: Tensor) -> Tensor:
    """x, and for ±inf a constant whose square overflows: so 0 · inf in a second derivative is 0."""
    return where(_C.isinf(x), 1e30 if x.dtype is _C.DType.float32 else 1e200, x)


def sinh(input: Tensor) -> Tensor:
    """(exp(x) − exp(−x)) / 2, exact near 0."""
    return with_slope(_C.sinh, cosh, input)


def cosh(input: Tensor) -> Tensor:
    """(exp(x) + exp(−x)) / 2."""
    return with_slope(_C.cosh, sinh, input)


def asinh(input: Tensor) -> Tensor:
    """The inverse of sinh."""
    return with_slope(_C.asinh, _asinh_slope, input)


def _asinh_slope(x: Tensor) -> Tensor:
    far = _C.gt(_C.abs(x), 1e9)  # there x² may overflow, and 1 is lost beside it
    near = where(far, 0.0, x)
    return where(far, 1 / where(far, x, 1.0).abs(), (1 + near * near).rsqrt())


def acosh(input: Tensor) -> Tensor:
    """The inverse of cosh, ≥ 0; NaN below 1, where the slope is inf."""
    return with_slope(_C.acosh, _acosh_slope, input)


def _acosh_slope(x: Tensor) -> Tensor:
    far = _C.gt(x, 1e9)  # as of asinh
    near = where(far, 2.0, x)
    slope = (near - 1).rsqrt() * (near + 1).rsqrt()  # NaN below 1, where one of them is
    return where(far, 1 / where(far, x, 1.0), slope)


def atanh(input: Tensor) -> Tensor:
    """The inverse of tanh; ±inf at ±1, NaN beyond."""
    return with_slope(_C.atanh, _atanh_slope, input)


def _atanh_slope(x: Tensor) -> Tensor:
    return 1 / ((1 - x) * (1 + x))
