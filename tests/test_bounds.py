"""Sums, means, variances, logsumexp and softmax: 2 ULP of the result where all elements have one
sign, else 2 ULP of Σ|x|, at any length and along any dimension."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F

LONG = np.longdouble
LENGTHS = [*range(1, 2001), 4095, 4097, 16_385, 65_537, 1_000_001]
DTYPES = ["float32", "float64"]


def along(row, dim):
    """The row as the last, first or middle dimension of three different ones, and how to get it
    back from a result: its other rows are the same shifted."""
    rows = np.stack([row, np.roll(row, 1), np.roll(row, 2)])
    if dim == "last":
        return fd.tensor(rows), 1, lambda y: y[0]
    if dim == "first":
        return fd.tensor(rows.T.copy()), 0, lambda y: y[..., 0]
    middle = np.stack([rows.T, rows.T[::-1]])
    return fd.tensor(middle), 1, lambda y: y[0, ..., 0]


def errors(got, exact, size):
    """|got - exact| in units of the last place of `size`."""
    return np.abs(got.astype(LONG) - exact) / np.spacing(np.abs(size).astype(got.dtype))


def statistics(row):
    """Sum, mean, variance, logsumexp, softmax and Σ|x|, wide."""
    wide = row.astype(LONG)
    total = LONG(math.fsum(row.astype(float)))
    mean = total / len(row)
    deviations = wide - mean
    variance = (deviations * deviations).sum() / len(row)
    e = np.exp(wide - wide.max())
    largest = e == 1
    rest = np.where(largest, 0, e).sum() + (largest.sum() - 1)
    return total, mean, variance, wide.max() + np.log1p(rest), e / e.sum(), np.abs(wide).sum()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", ["last", "first", "middle"])
@pytest.mark.parametrize("sign", ["positive", "negative", "mixed"])
def test_any_length(dim, sign, dtype):
    rng = np.random.default_rng(len(dim) + len(sign))
    for n in LENGTHS:
        if n > 100_000 and (dim, sign) not in {("last", "positive"), ("first", "mixed")}:
            continue
        row = rng.standard_normal(n) if sign == "mixed" else rng.uniform(0, 4, n)
        row = (-row if sign == "negative" else row).astype(dtype)
        x, d, own = along(row, dim)
        total, mean, variance, lse, y, size = statistics(row)
        unit = size if sign == "mixed" else total
        assert errors(own(x.sum(d).numpy()), total, unit) <= 2, n
        assert errors(own(x.mean(d).numpy()), mean, unit / n) <= 2, n
        got = own(x.var(d, correction=0).numpy())
        assert errors(got, variance, variance) <= 2 or abs(got - variance) < 1e-300, n
        # The unit of a logarithm that may cancel: csrc/ops/softmax.h.
        assert errors(own(fd.logsumexp(x, d).numpy()), lse, max(abs(lse), abs(row).max(), 1)) <= 2
        assert errors(own(fd.softmax(x, d).numpy()), y, y).max() <= 2, n


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 17, 130])
def test_variance_of_batch_normalization_a_million_deviations_from_zero(channels, dtype):
    """mean / σ = 10⁶, whatever σ: E[x²] - E[x]² would leave no digit in float32, 4 in float64."""
    rng = np.random.default_rng(channels)
    for n in (2, 3, 17, 100, 1001, 5003):
        for deviation in (1e-6, 1.0, 1e4):
            x = ((rng.standard_normal((n, channels)) + 1e6) * deviation).astype(dtype)
            exact = x.astype(LONG).var(0, ddof=1)
            images = fd.tensor(x).reshape(n, channels, 1, 1)
            for batch in (fd.tensor(x), images):
                mean, var = [fd.zeros(channels, dtype=dtype) for _ in range(2)]
                F.batch_norm(batch, mean, var, training=True, momentum=1.0)
                # Float32 is summed in double.  In float64 the means that variances of blocks are
                # joined by have a last bit of 10⁻¹⁰ deviations, which E[x²] would make 10⁻⁴.
                error = errors(var.numpy(), exact, exact).max() * np.finfo(dtype).eps
                assert error <= (1.2e-7 if dtype == "float32" else 1e-13), (n, deviation)
                assert errors(mean.numpy(), x.astype(LONG).mean(0), mean.numpy()).max() <= 1
