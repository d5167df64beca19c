"""Error functions, the gamma function's logarithm and its derivatives, the logit, the
sine over its argument; float32 and float64, integers as float32.  Errors and values at ±inf, ±0 and
NaN: csrc/core/special.h."""

from __future__ import annotations

import math

from .. import _C, check
from ..tensor import Tensor
from .slope import with_slope, with_slope_of_result
from .where import where


def erf(input: Tensor) -> Tensor:
    """2/√π ∫₀ˣ exp(−t²) dt."""
    return with_slope(_C.erf, _erf_slope, input)


def erfc(input: Tensor) -> Tensor:
    """1 − erf(x), without cancellation."""
    return with_slope(_C.erfc, _erfc_slope, input)


def _erf_slope(x: Tensor) -> Tensor:
    far = _C.gt(_C.abs(x), 40)  # there the slope is 0, also times inf
    x = where(far, 40.0, x)
    return (x * x * -1).exp() * (2 / math.sqrt(math.pi))


def _erfc_slope(x: Tensor) -> Tensor:
    return -_erf_slope(x)


def erfinv(input: Tensor) -> Tensor:
    """The inverse of erf; ±inf at ±1 with infinite slope, NaN beyond."""
    return with_slope_of_result(_C.erfinv, _erfinv_slope, input)


def _erfinv_slope(y: Tensor) -> Tensor:
    return (y * y).exp() * (math.sqrt(math.pi) / 2)


def lgamma(input: Tensor) -> Tensor:
    """log |Γ(x)|; inf at 0 and the negative integers."""
    return with_slope(_C.lgamma, digamma, input)


def digamma(input: Tensor) -> Tensor:
    """ψ(x), the derivative of log Γ(x); ∓inf at ±0, NaN at the negative integers."""
    return with_slope(_C.digamma, _trigamma, input)


def _trigamma(x: Tensor) -> Tensor:
    return polygamma(1, x)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of ψ (n = 0: ψ itself; n up to 100); infinite or NaN at 0 and the
    negative integers.  From n = 1 on a composition in float64.

    n! (−1)ⁿ⁺¹ ζ(n + 1, x), Hurwitz' zeta function by Euler's and Maclaurin's sum (NIST Digital
    Library of Mathematical Functions, 25.11.28); for x < 0 by reflection (5.15.6).

    Raises:
        TypeError: n is no int. ValueError: n is not in [0, 100].
    """
    if isinstance(n, Tensor):  # x.polygamma(n)
        n, input = input, n
    if check.integer("polygamma: n", n, 0) > 100:
        raise ValueError(f"polygamma: n: expected at most 100, got {n}")
    return _polygamma(n, input) if n else digamma(input)


def _polygamma(n: int, input: Tensor) -> Tensor:
    dtype = input.dtype if input.is_floating_point() else _C.DType.float32
    x = input.detach().double()
    negative = _C.lt(x, 0)
    value = _polygamma_positive(n, where(negative, 1 - x, x))
    reflected = (-value if n % 2 else value) - _cotangent_derivative(n, x)
    out = _C.cast(where(negative, reflected, value), dtype)
    return with_slope(lambda _: out, lambda x: _polygamma(n + 1, x), input)


# B₂ / 2!, B₄ / 4!, …
_BERNOULLI = [
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
]


def _polygamma_positive(n: int, x: Tensor) -> Tensor:
    s, terms = n + 1, 12 + n
    unit = math.exp(math.lgamma(s) / s)  # unitˢ = n!: the factor within the power, no underflow
    total = _C.pow(x / unit, -s)
    for k in range(1, terms):
        total = total + _C.pow((x + k) / unit, -s)
    y = x + terms
    power = _C.pow(y / unit, -s)
    total = total + power * (y / n + 0.5)
    factor = float(s)
    for j, b in enumerate(_BERNOULLI):
        power = power / (y if j == 0 else y * y)
        total = total + power * (b * factor)
        factor *= (s + 2 * j + 1) * (s + 2 * j + 2)
    total = where(_C.isinf(x), 0.0, total)
    return total if n % 2 else -total


def _cotangent_derivative(n: int, x: Tensor) -> Tensor:
    """The n-th derivative of π cot(πx): a polynomial in the cotangent c, since c' = −π (1 + c²)."""
    coefficients = [0.0, math.pi]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(coefficients)][1:]
        coefficients = [
            -math.pi * (a + b) for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)
        ]
    part = x - _C.round(x)
    rest = (_C.where(_C.lt(part, 0), -0.5, 0.5) - part) * math.pi  # its cotangent is tan(rest)
    steep = _C.lt(_C.abs(part), 0.25)
    cotangent = _C.where(steep, 1 / _C.tan(part * math.pi), _C.tan(rest))
    result = cotangent * 0
    for a in reversed(coefficients):
        result = result * cotangent + a
    return result


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 − x)), the inverse of sigmoid; ±inf at 1 and 0, NaN outside [0, 1].  With `eps`
    x is clamped to [eps, 1 − eps] first; its gradient is 0 there."""
    x = input
    if eps is not None:
        x = where(_C.lt(x, eps), eps, where(_C.gt(x, 1 - eps), 1 - eps, x))
    return with_slope(_logit, _logit_slope, x)


def _logit(x: Tensor) -> Tensor:
    if not x.is_floating_point():
        x = _C.cast(x, _C.DType.float32)
    middle = _C.logical_and(_C.gt(x, 0.25), _C.lt(x, 0.75))
    near = _C.mul(_C.atanh(_C.sub(_C.mul(x, 2), 1)), 2)
    return _C.where(middle, near, _C.sub(_C.log(x), _C.log1p(_C.neg(x))))


def _logit_slope(x: Tensor) -> Tensor:
    outside = _C.logical_or(_C.lt(x, 0), _C.gt(x, 1))
    return where(outside, float("nan"), 1.0) / ((x + 0) * (1 - x))  # x + 0: -0 becomes 0


def sinc(input: Tensor) -> Tensor:
    """sin(πx) / (πx), and 1 at 0; 0 at ±inf.  A composition in float64."""
    return _sinc(0, input)


def _sinc(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of sinc: near 0 by the power series, since there the quotient cancels."""
    dtype = input.dtype if input.is_floating_point() else _C.DType.float32
    x = input.detach().double()
    near = _C.lt(_C.abs(x), (n + 1) / math.pi)
    value = _C.where(_C.isinf(x), 0.0, _sinc_far(n, _C.where(near, 1.0, x)))
    out = _C.cast(_C.where(near, _sinc_near(n, _C.where(near, x, 0.0)), value), dtype)
    return with_slope(lambda _: out, lambda x: _sinc(n + 1, x), input)


def _sinc_near(n: int, x: Tensor) -> Tensor:
    """Σ (−1)ᵏ π²ᵏ x²ᵏ⁻ⁿ / ((2k − n)! (2k + 1)), over 2k ≥ n."""
    first = (n + 1) // 2
    square, total = _C.mul(x, x), _C.mul(x, 0.0)
    for k in reversed(range(first, first + 12 + n)):
        term = (-1.0) ** k * math.pi ** (2 * k) / (math.factorial(2 * k - n) * (2 * k + 1))
        total = _C.add(_C.mul(total, square), term)
    return _C.mul(total, x) if n % 2 else total


def _sinc_far(n: int, x: Tensor) -> Tensor:
    """From x f = sin(πx) / π, differentiated k times: x f⁽ᵏ⁾ + k f⁽ᵏ⁻¹⁾ = πᵏ⁻¹ sin(πx + kπ/2)."""
    whole = _C.round(x)
    odd = _C.sub(whole, _C.mul(_C.floor(_C.mul(whole, 0.5)), 2))
    sign, angle = _C.sub(1, _C.mul(odd, 2)), _C.mul(_C.sub(x, whole), math.pi)
    waves = [_C.mul(f(angle), sign) for f in (_C.sin, _C.cos)]
    value = _C.div(waves[0], _C.mul(x, math.pi))
    for k in range(1, n + 1):
        wave = _C.mul(waves[k % 2], (-1.0) ** (k // 2) * math.pi ** (k - 1))
        value = _C.div(_C.sub(wave, _C.mul(value, k)), x)
    return _C.add(value, 0.0)  # no -0
