"""Results that are written past the caches: the same bits, and nothing beside them.

(Softmax, cross-entropy and the unary functions have this among their own tests.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import fastdl as fd
from fastdl.ops.batchnorm import batch_norm

DTYPES = ["float32", "float64"]
LENGTHS = [1, 15, 63, 64, 65, 255, 256, 257, 1000, 8191, 8192, 20_011]


def array(shape, dtype, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def dropped(x, p):
    fd.manual_seed(5)
    return fd.dropout(x, p)


def normalized(x, weight, bias, g):
    leaves = [t.detach().requires_grad_() for t in (x, weight, bias)]
    y = batch_norm(leaves[0], None, None, *leaves[1:], True, relu=True)
    y.backward(g)
    return [y.detach(), *(t.grad for t in leaves)]


def into(target, x):
    return target.copy_(x)


def flat(n, dtype) -> dict[str, Callable[[], fd.Tensor]]:
    x, y = fd.tensor(array(n, dtype)), fd.tensor(array(n, dtype, 1))
    chosen = x > y
    other = "float64" if dtype == "float32" else "float32"
    return {
        "add": lambda: x + y,
        "div": lambda: x / y,
        "gt": lambda: x > y,
        "right number": lambda: x - 2.5,
        "left number": lambda: 2.5 - x,
        "where": lambda: fd.where(chosen, x, y),
        "where left number": lambda: fd.where(chosen, 1.5, y),
        "where right number": lambda: fd.where(chosen, x, 1.5),
        "clone": lambda: x.clone(),
        "cast": lambda: x.to(getattr(fd, other)),
        "bytes": lambda: chosen.to(fd.uint8),
        "copy": lambda: into(fd.zeros(n + 1, dtype=x.dtype)[1:], x),
        "dropout": lambda: dropped(x, 0.3),
        "dropout of nothing": lambda: dropped(x, 0.0),
        "dropout of all": lambda: dropped(x, 1.0),
    }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", flat(1, "float32"))
def test_runs(name, dtype, past_cache):
    for n in LENGTHS:
        f = flat(n, dtype)[name]
        found = []
        for on in (False, True):
            with past_cache(on):
                found.append(f().numpy().copy())
        np.testing.assert_array_equal(*found, err_msg=f"length {n}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(900, 1), (500, 10), (70, 63), (40, 257), (3, 1001)])
def test_rows(shape, dtype, past_cache):
    a, r = array(shape, dtype), array(shape[1], dtype, 1)
    x, row, column = fd.tensor(a), fd.tensor(r), fd.tensor(a[:, :1].copy())
    for on in (False, True):
        with past_cache(on):
            np.testing.assert_array_equal((x - row).numpy(), a - r)
            np.testing.assert_array_equal((row - x).numpy(), r - a)
            np.testing.assert_array_equal((x > row).numpy(), a > r)
            np.testing.assert_array_equal((x - column).numpy(), a - a[:, :1])
            np.testing.assert_array_equal(x.T.contiguous().numpy(), a.T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(5, 1), (7, 19), (300, 10), (130, 100), (33, 255), (140, 257), (9, 1030), (2, 2100)]
)
def test_batch_norm(shape, dtype, past_cache):
    arrays = [array(s, dtype, i) for i, s in enumerate([shape, shape[1], shape[1], shape])]
    found = []
    for on in (False, True):
        with past_cache(on):
            found.append([t.numpy().copy() for t in normalized(*map(fd.tensor, arrays))])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_just_above_the_limit(past_cache):
    """Without a limit set: half of the last-level cache, 16 MiB on many machines."""
    shape = (1025, 4099)
    x, g = (fd.tensor(array(shape, "float32", i)) for i in range(2))
    ones = fd.ones(shape[1])

    def results():
        y = [x + g, x.clone(), fd.where(x > g, x, g), dropped(x, 0.5)]
        return [t.numpy().copy() for t in (*y, *normalized(x, ones, ones, g))]

    found = results()
    with past_cache(False):
        expected = results()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
