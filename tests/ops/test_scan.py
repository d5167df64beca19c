"""Running sums, products, extrema, logarithms of sums; differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl.ops.scan import recurrence
from fastdl.testing import OpCase, distinct, gradcheck, integers, parametrize, positive, randn

nan, inf = np.nan, np.inf
SHAPE = (3, 37, 5)
INTEGERS = integers(4, 9, low=-9, high=9)


def logcumsumexp(x, axis):
    return np.logaddexp.accumulate(x, axis)


def recurred(a, b, axis, reverse=False):
    out, last = np.zeros_like(b), 0
    a, b, y = (np.moveaxis(t, axis, 0) for t in (a, b, out))
    order = range(len(b))[::-1] if reverse else range(len(b))
    for k in order:
        y[k] = last = b[k] + (a[k] * last if k != order[0] else 0)
    return out


CASES = [
    *[OpCase(f"cumsum_{d}", lambda x, d=d: fd.cumsum(x, d), [positive(*SHAPE)],
             lambda x, d=d: np.cumsum(x, d), ulp=1) for d in (0, 1, -1)],
    OpCase("cumsum_signs", lambda x: fd.cumsum(x, 1), [randn(3, 100)], lambda x: np.cumsum(x, 1)),
    OpCase("cumsum_int", lambda x: x.cumsum(0), [INTEGERS], lambda x: np.cumsum(x, 0)),
    *[OpCase(f"cumprod_{d}", lambda x, d=d: fd.cumprod(x, d), [positive(*SHAPE)],
             lambda x, d=d: np.cumprod(x, d)) for d in (0, 1, -1)],
    OpCase("cumprod_int", lambda x: x.cumprod(1), [INTEGERS], lambda x: np.cumprod(x, 1)),
    OpCase("cummax", lambda x: tuple(fd.cummax(x, 1)), [distinct(*SHAPE)],
           lambda x: (np.maximum.accumulate(x, 1), last_of(np.greater_equal, x, 1)), ulp=0),
    OpCase("cummin", lambda x: tuple(fd.cummin(x, -1)), [distinct(*SHAPE)],
           lambda x: (np.minimum.accumulate(x, -1), last_of(np.less_equal, x, -1)), ulp=0),
    OpCase("cummax_int", lambda x: tuple(x.cummax(0)), [INTEGERS],
           lambda x: (np.maximum.accumulate(x, 0), last_of(np.greater_equal, x, 0))),
    *[OpCase(f"logcumsumexp_{d}", lambda x, d=d: fd.logcumsumexp(x, d), [randn(*SHAPE)],
             lambda x, d=d: logcumsumexp(x, d)) for d in (0, 1, -1)],
    *[OpCase(f"recurrence_{d}_{r}", lambda a, b, d=d, r=r: recurrence(a, b, d, r),
             [randn(*SHAPE), randn(*SHAPE)], lambda a, b, d=d, r=r: recurred(a, b, d, r))
      for d, r in ((0, False), (1, True), (-1, False))],
    OpCase("diff", fd.diff, [randn(4, 9)], np.diff),
    OpCase("diff_twice", lambda x: fd.diff(x, 2, 0), [randn(9, 4)], lambda x: np.diff(x, 2, 0)),
    OpCase("diff_joined", lambda x, y, z: fd.diff(x, 1, 1, y, z),
           [randn(4, 9), randn(4, 2), randn(4, 1)],
           lambda x, y, z: np.diff(x, 1, 1, prepend=y, append=z), empty=False),
]  # fmt: skip


def last_of(wins, x, axis):
    """The index of the last element that wins against all before it."""
    x = np.moveaxis(x, axis, 0)
    out, best = np.zeros(x.shape, np.int64), np.zeros(x.shape[1:], np.int64)
    for k in range(len(x)):
        best = np.where(wins(x[k], np.take_along_axis(x, best[None], 0)[0]), k, best)
        out[k] = best
    return np.moveaxis(out, 0, axis)


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- lengths, blocks of columns ----------------------------------------------------------------

SHAPES = [
    *[((n,), 0) for n in (*range(1, 40), 32767, 32768, 32769, 100_003)],
    *[((2, n), 1) for n in (1, 7, 32769, 70_000)],
    *[((n, c), 0) for n, c in ((5, 127), (5, 129), (300, 200), (20_000, 3), (257, 129))],
    ((2, 700, 130), 1), ((40, 33), 1),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_every_length(shape, dim, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    t, wide = fd.tensor(x), x.astype(np.longdouble)
    eps = np.finfo(dtype).eps
    bound = 2 * eps * np.cumsum(np.abs(wide), dim)
    assert (np.abs(t.cumsum(dim).numpy() - np.cumsum(wide, dim)) <= bound).all()
    backwards = fd._C.cumsum(t, dim, True).numpy()
    exact = np.flip(np.cumsum(np.flip(wide, dim), dim), dim)
    assert (np.abs(backwards - exact) <= 2 * eps * np.abs(wide).sum(dim, keepdims=True)).all()
    values, indices = t.cummax(dim)
    np.testing.assert_array_equal(values.numpy(), np.maximum.accumulate(x, dim))
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), dim), values.numpy())
    np.testing.assert_allclose(t.logcumsumexp(dim).numpy(), logcumsumexp(wide, dim),
                               rtol=4 * eps, atol=4 * eps)  # fmt: skip
    flags = fd.tensor(x > 1)
    np.testing.assert_array_equal(flags.cumsum(dim).numpy(), np.cumsum(x > 1, dim))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_sums_keep_their_precision(dtype):
    x = np.random.default_rng(1).uniform(0, 1, 1_000_003).astype(dtype)
    got = fd.tensor(x).cumsum(0).numpy()
    for n in (1, 1000, 32768, 500_000, len(x)):
        exact = math.fsum(x[:n].astype(float))
        assert abs(float(got[n - 1]) - exact) <= 0.501 * np.spacing(got[n - 1])


def test_double_sums_are_compensated():
    x = np.tile([1e16, 1.0, -1e16, 1.0], 20_000)
    assert fd.tensor(x).cumsum(0)[-1].item() == 40_000
    assert fd.tensor(np.stack([x, x], 1)).cumsum(0)[-1].tolist() == [40_000, 40_000]


@pytest.mark.parametrize("shape", [(100_003,), (40_000, 3), (6, 5000), (600, 70)])
def test_threads_change_nothing(shape):
    x = fd.tensor(np.random.default_rng(2).standard_normal(shape))
    before, found = fd.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 8):
            fd.set_num_threads(threads)
            found.append([f(x, 0).numpy().tobytes() for f in (fd.cumsum, fd.logcumsumexp)])
    finally:
        fd.set_num_threads(before)
    assert all(f == found[0] for f in found)


# ---- NaN, infinities, zeros, ties --------------------------------------------------------------


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
@pytest.mark.parametrize("n", [8, 400])
def test_nan_reaches_what_comes_after_it(n, dtype):
    x = np.random.default_rng(3).standard_normal(n)
    x[5] = nan
    t = fd.tensor(x).to(dtype)
    for rows in (t, fd.stack([t, t], 1)):
        for f in (fd.cumsum, fd.cumprod, fd.logcumsumexp):
            out = f(rows, 0).numpy()
            assert not np.isnan(out[:5]).any() and np.isnan(out[5:]).all(), f
        for f in (fd.cummax, fd.cummin):
            values, indices = f(rows, 0)
            assert not np.isnan(values[:5].numpy()).any() and np.isnan(values[5:].numpy()).all()
            assert (indices[5:].numpy() == 5).all()
    x[7] = nan
    assert fd.tensor(x).cummax(0).indices.tolist()[5:8] == [5, 5, 7]


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
def test_infinities(dtype):
    def scanned(f, values):
        return f(fd.tensor(values, dtype=dtype), 0).numpy()

    def equal(f, values, expected):
        np.testing.assert_equal(scanned(f, values), np.array(expected, dtype.name))

    equal(fd.cumsum, [1, inf, 2, -inf, 1], [1, inf, inf, nan, nan])
    equal(fd.cumprod, [2, inf, -1, 0, 3], [2, inf, -inf, nan, nan])
    equal(fd.logcumsumexp, [-inf, -inf], [-inf, -inf])
    equal(fd.logcumsumexp, [-inf, 1, -inf, inf, 2, inf, -inf], [-inf, 1, 1, inf, inf, inf, inf])
    equal(fd.logcumsumexp, [1e4, 1e4 + 100, 0], [1e4, 1e4 + 100, 1e4 + 100])
    np.testing.assert_allclose(scanned(fd.logcumsumexp, [0] * 4), np.log([1, 2, 3, 4]), rtol=2e-7)
    equal(lambda x, d: fd.cummax(x, d).values, [-inf, 1, inf, 2], [-inf, 1, inf, inf])


def test_products_leave_their_range_only_where_the_result_does():
    x = fd.tensor([1e-30, 1e30, 1e30, 1e-30, 0.0, 1e30, 1e30])
    assert x.cumprod(0).tolist() == pytest.approx([1e-30, 1, 1e30, 1, 0, 0, 0], rel=1e-6)
    y = fd.tensor([1e30, 1e30, 1e-30, 1e-30])  # inf in float32, not in the running float64
    assert y.cumprod(0).tolist() == pytest.approx([1e30, inf, 1e30, 1], rel=1e-6)


def test_gradient_of_cumprod_with_zeros():
    for zeros in ([2], [0], [1, 3], [0, 1, 4]):
        x = np.random.default_rng(4).standard_normal((2, 5))
        x[0, zeros] = 0
        t = fd.tensor(x, requires_grad=True)
        w = np.random.default_rng(5).standard_normal((2, 5))
        (g,) = fd.autograd.grad((t.cumprod(1) * fd.tensor(w)).sum(), t)
        expected = np.zeros_like(x)
        for i in range(5):
            for k in range(i, 5):
                expected[:, i] += w[:, k] * np.delete(x[:, : k + 1], i, 1).prod(1)
        np.testing.assert_allclose(g.numpy(), expected, rtol=1e-12, atol=1e-14)
        assert gradcheck(lambda t: fd.autograd.grad(t.cumprod(1).sum(), t, create_graph=True)[0],
                         (t,))  # fmt: skip


def test_gradient_of_logcumsumexp_at_minus_infinity():
    x = fd.tensor([-inf, -inf, 0.5, -inf, 1.0], dtype=fd.float64, requires_grad=True)
    (g,) = fd.autograd.grad(x.logcumsumexp(0)[2:].sum(), x)
    share = 1 / (1 + math.exp(0.5))
    np.testing.assert_allclose(g.numpy(), [0, 0, 2 + share, 0, 1 - share], rtol=1e-14)
    y = fd.tensor([800.0, -800.0, 810.0], dtype=fd.float64, requires_grad=True)
    (g,) = fd.autograd.grad(y.logcumsumexp(0).sum(), y)
    np.testing.assert_allclose(g.numpy(), [2 + math.exp(-10) / (1 + math.exp(-10)), 0,
                                           1 / (1 + math.exp(-10))], rtol=1e-13)  # fmt: skip


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
@pytest.mark.parametrize(
    ("values", "count", "expected"),
    [
        ([0, 1, inf, 2, 3], 5, [1 + 1 / (1 + math.e), math.e / (1 + math.e), nan, 0, 0]),
        ([0, 1, inf, 2, 3], 2, [1 + 1 / (1 + math.e), math.e / (1 + math.e), 0, 0, 0]),
        ([0, inf, inf], 1, [1, 0, 0]),
        ([0, nan, 2], 1, [1, 0, 0]),
        ([0, nan, 2], 2, [nan, nan, 0]),
        ([0, 0, nan], 3, [nan, nan, nan]),
    ],
)
def test_gradient_of_logcumsumexp_at_infinity_and_nan(values, count, expected, dtype):
    """NaN goes to +inf itself, and from a result that is NaN to all that it is made of."""
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    (g,) = fd.autograd.grad(x.logcumsumexp(0)[:count].sum(), x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), expected, rtol=1e-6)
    if count < 3:  # the second derivative of what is finite
        (h,) = fd.autograd.grad(g[0], x)
        assert np.isfinite(h.numpy()[0]) == (expected[0] == expected[0])


def test_last_of_equal_ones():
    assert fd.tensor([1.0, 1, 0, 1, 2]).cummax(0).indices.tolist() == [0, 1, 1, 3, 4]
    assert fd.tensor([0.0, -0.0, 0]).cummin(0).indices.tolist() == [0, 1, 2]
    x = fd.ones(100_000)
    assert x.cummax(0).indices.tolist() == list(range(100_000))


# ---- shapes, dtypes, nothing -------------------------------------------------------------------


def test_dtypes():
    for dtype in (fd.int64, fd.int32, fd.uint8, fd.bool):
        x = fd.ones(3).to(dtype)
        assert x.cumsum(0).dtype is x.cumprod(0).dtype is fd.int64
        assert x.cummax(0).values.dtype is dtype and x.cummin(0).indices.dtype is fd.int64
    assert fd.full((300,), 255, dtype=fd.uint8).cumsum(0)[-1].item() == 76500
    assert fd.ones(3).cumsum(0, dtype=fd.float64).dtype is fd.float64
    x = fd.tensor([100.5, 200, 3])
    for dtype, total in ((fd.int32, [100, 300, 303]), (fd.uint8, [100, 44, 47])):
        y = x.cumsum(0, dtype=dtype)
        assert y.dtype is dtype and y.tolist() == total
    assert x.cumprod(0, dtype=fd.uint8).tolist() == [100, 32, 96]
    assert fd.tensor([True, False, True]).diff().tolist() == [True, True]


def test_numbers_and_nothing():
    x = fd.tensor(4.0, requires_grad=True)
    for f in (fd.cumsum, fd.cumprod, fd.logcumsumexp):
        y = f(x, 0)
        assert y.shape == () and y.item() == 4
        assert fd.autograd.grad(y, x)[0].item() == 1
    values, indices = x.cummax(-1)
    assert values.item() == 4 and indices.item() == 0
    assert fd.autograd.grad(values, x)[0].item() == 1
    for shape in ((0, 3), (3, 0)):
        y = fd.zeros(shape, requires_grad=True)
        for f in (fd.cumsum, fd.cumprod, fd.logcumsumexp):
            assert f(y, 0).shape == shape
            f(y, 0).sum().backward()
        assert y.cummax(1).values.shape == shape
    assert fd.zeros(1).diff().shape == (0,) and fd.zeros(0).diff().shape == (0,)
    assert fd.arange(5).diff(0, prepend=fd.zeros(1).long()).tolist() == [0, 1, 2, 3, 4]


ERRORS = [
    (lambda x: x.cumsum(0, dtype=fd.bool), TypeError, "cumsum: dtype: .*got bool"),
    (lambda x: x.cumprod(0, dtype=fd.bool), TypeError, "cumprod: dtype: .*got bool"),
    (lambda x: x.cumsum(2), IndexError, r"cumsum: dim: expected an int in \[-2, 1\], got 2"),
    (lambda x: x.cummax(-3), IndexError, r"cummax: dim: expected an int in \[-2, 1\], got -3"),
    (lambda x: x.cumsum(), TypeError, "dim"),
    (lambda x: x.int().logcumsumexp(0), TypeError, "logcumsumexp: input: expected dtype float32"),
    (lambda x: x.diff(-1), ValueError, "diff: n: expected at least 0, got -1"),
    (lambda x: x.diff(1.0), TypeError, "diff: n: expected an int, got float"),
    (lambda x: x[0, 0].diff(), ValueError, "diff: input: expected at least one dimension"),
    (lambda x: x.diff(1, 3), IndexError, "diff: dim"),
    (lambda x: x.diff(prepend=fd.zeros(3, 1)), ValueError, "cat"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.zeros(2, 3))


def test_compiled_as_eager():
    def step(x):
        y = x.cumsum(1) * x.cummax(0).values + x.cumprod(1)
        (g,) = fd.autograd.grad((y + x.logcumsumexp(1)).sum(), x)
        return y, g

    compiled = fd.compile(step)
    for seed in range(3):
        x = fd.tensor(np.random.default_rng(seed).standard_normal((5, 700)), requires_grad=True)
        for got, expected in zip(compiled(x), step(x), strict=True):
            assert got.tolist() == expected.tolist()


def test_diff_to_nothing():
    x = fd.arange(3)
    assert fd.diff(x, n=1 << 40).shape == (0,)
    assert fd.diff(x, n=4, prepend=x, append=x).tolist() == np.diff([0, 1, 2] * 3, n=4).tolist()
