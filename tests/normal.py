"""The normal distribution function in float64 or long double, without cancellation."""

from __future__ import annotations

import numpy as np


def exp_of_minus_half_square(x: np.ndarray) -> np.ndarray:
    """exp(-x²/2), x² split so that its first part is exact."""
    high = x.astype(np.float32).astype(x.dtype)
    return np.exp(-high * high / 2) * np.exp(-(x - high) * (x + high) / 2)


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """Φ(x): near 0 a series, else a continued fraction (Abramowitz & Stegun 26.2.11, 26.2.14)."""
    shape, x = np.shape(x), np.ravel(x)
    tail = np.full(x.shape, np.nan, x.dtype)  # Φ(-|x|)
    z = np.abs(x)
    pi = 4 * np.arctan(x.dtype.type(1))
    tail[z > 50] = 0
    near, far = z < 2.5, (z >= 2.5) & (z <= 50)
    v = z[near]
    term, total = v, v
    for k in range(3, 90, 2):
        term = term * (v * v / k)
        total = total + term
    tail[near] = x.dtype.type(0.5) - total * exp_of_minus_half_square(v) / np.sqrt(2 * pi)
    v = z[far]
    fraction = v
    for k in range(120, 0, -1):
        fraction = v + k / fraction
    tail[far] = exp_of_minus_half_square(v) / fraction / np.sqrt(2 * pi)
    return np.where(x > 0, 1 - tail, tail).reshape(shape)


def gelu(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(np.isinf(x), np.maximum(x, 0), x * normal_cdf(x))


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, without cancellation."""
    root = np.sqrt(2 / (4 * np.arctan(x.dtype.type(1))))
    with np.errstate(all="ignore"):
        y = x / (1 + np.exp(-2 * root * (x + x.dtype.type(44715) / 1000000 * x * x * x)))
        return np.where(np.isinf(x), np.maximum(x, 0), y)
