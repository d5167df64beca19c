"""Reference values in float64 (by SciPy) and long double (by series) for special functions."""

from __future__ import annotations

import numpy as np
import scipy.special

LONG = np.longdouble
PI = 4 * np.arctan(LONG(1))


def exp_of_minus_square(x: np.ndarray) -> np.ndarray:
    """exp(-x²), x split so that its first part is exact."""
    high = x.astype(np.float32).astype(x.dtype)
    return np.exp(-high * high) * np.exp(-(x - high) * (x + high))


def _erf_pair(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """erf(|x|) and erfc(|x|) in long double: below 1.5 a series, else a continued fraction
    (Abramowitz & Stegun 7.1.6, 7.1.14)."""
    z = np.minimum(np.abs(x), 110)  # beyond, erfc is 0
    near = z < 1.5
    v = np.where(near, z, 1)
    term = total = v
    for k in range(3, 80, 2):
        term = term * (2 * v * v / k)
        total = total + term
    small = total * exp_of_minus_square(v) * 2 / np.sqrt(PI)
    v = np.where(near, 2, z)
    fraction = v
    for k in range(160, 0, -1):
        fraction = v + k / fraction / 2
    tail = exp_of_minus_square(v) / fraction / np.sqrt(PI)
    return np.where(near, small, 1 - tail), np.where(near, 1 - small, tail)


def erf(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return scipy.special.erf(x)
    return np.copysign(_erf_pair(x)[0], x)


def erfc(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return scipy.special.erfc(x)
    whole, rest = _erf_pair(x)
    return np.where(x < 0, 1 + whole, rest)


def erfinv(x: np.ndarray) -> np.ndarray:
    """In long double from float64's by Newton's steps, where erf or erfc is the more precise."""
    y = scipy.special.erfinv(x.astype(np.float64)).astype(x.dtype)
    if x.dtype == np.float64:
        return y
    inside = np.abs(x) < 1
    z, target = np.where(inside, np.abs(y), 0), np.where(inside, np.abs(x), 0)
    for _ in range(2):
        whole, rest = _erf_pair(z)
        error = np.where(target < 0.5, whole - target, (1 - target) - rest)
        z = z - error * np.sqrt(PI) / 2 / exp_of_minus_square(z)
    tiny = np.abs(x) < 1e-100
    return np.where(inside, np.copysign(np.where(tiny, np.abs(x) * np.sqrt(PI) / 2, z), x), y)


# B₂ₖ / (2k (2k - 1)) and B₂ₖ / (2k): Stirling's series and its derivative's.
BERNOULLI = [LONG(1) / 6, -LONG(1) / 30, LONG(1) / 42, -LONG(1) / 30, LONG(5) / 66,
             -LONG(691) / 2730, LONG(7) / 6, -LONG(3617) / 510]  # fmt: skip


def _positive_lgamma(x: np.ndarray) -> np.ndarray:
    y, product = np.where(x > 0, x, 1), LONG(1)
    for _ in range(25):
        small = y < 25
        product = product * np.where(small, y, 1)
        y = np.where(small, y + 1, y)
    series = sum(b / (2 * k * (2 * k - 1)) / y ** (2 * k - 1) for k, b in enumerate(BERNOULLI, 1))
    return (y - LONG(0.5)) * (np.log(y) - 1) + (np.log(2 * PI) - 1) / 2 + series - np.log(product)


def lgamma(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return scipy.special.gammaln(x)
    z = np.abs(x)
    value = np.where(z == 0, np.inf, _positive_lgamma(z))
    sine = np.sin(PI * np.abs(z - np.round(z)))
    reflected = np.log(PI) - np.log(z) - np.log(sine) - value
    value = np.where(x < 0, np.where(z < 1e-30, -np.log(z), reflected), value)
    return np.where(np.isinf(x), np.inf, np.where(np.isnan(x), x, value))


def digamma(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return scipy.special.psi(x)
    z = np.abs(x)
    y, total = np.where(z > 0, z, 1), LONG(0)
    for _ in range(25):
        small = y < 25
        total = total + np.where(small, 1 / y, 0)
        y = np.where(small, y + 1, y)
    series = sum(b / (2 * k) / y ** (2 * k) for k, b in enumerate(BERNOULLI, 1))
    value = np.log(y) - 1 / (2 * y) - series - total
    fraction = x - np.round(x)
    reflected = value - 1 / x - PI / np.tan(PI * fraction)
    value = np.where(x < 0, np.where(fraction == 0, np.nan, reflected), value)
    value = np.where(np.isposinf(x) | np.isnan(x), x, value)
    return np.where(x == 0, np.copysign(np.inf, -x), value)


def sinc(x: np.ndarray) -> np.ndarray:
    whole = np.round(x)
    z = np.where(x == 0, 1, PI * x)
    return np.where(x == 0, 1, np.sin(PI * (x - whole)) * (1 - 2 * (whole % 2)) / z)


def log1mexp(x: np.ndarray) -> np.ndarray:
    near = np.log(-np.expm1(-x))
    return np.where(x > 1, np.log1p(-np.exp(-np.where(x > 1, x, 2))), near)
