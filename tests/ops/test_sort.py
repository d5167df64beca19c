"""Sorting, the first k, medians and quantiles."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, distinct, integers, parametrize

nan, inf = np.nan, np.inf
SHAPE = (3, 37, 5)
INTEGERS = integers(4, 90, low=-9, high=9)
DTYPES = [fd.float32, fd.float64, fd.int64, fd.int32, fd.uint8, fd.bool]


def numpy_sort(x, axis=-1, descending=False):
    """Stable, also descending."""
    order = np.argsort(x, axis, kind="stable")
    if descending:
        flipped = np.argsort(np.flip(x, axis), axis, kind="stable")
        order = x.shape[axis] - 1 - np.flip(flipped, axis)
    return np.take_along_axis(x, order, axis), order


def numpy_topk(x, k, axis, largest):
    values, order = numpy_sort(x, axis, largest)
    return np.take(values, range(k), axis), np.take(order, range(k), axis)


def lower_median(x, axis):
    values, order = numpy_sort(x, axis)
    at = (x.shape[axis] - 1) // 2
    return np.take(values, at, axis), np.take(order, at, axis)


CASES = [
    *[OpCase(f"sort_{d}_{down}", lambda x, d=d, down=down: tuple(fd.sort(x, d, down)),
             [distinct(*SHAPE)], lambda x, d=d, down=down: numpy_sort(x, d, down), ulp=0)
      for d in (0, 1, -1) for down in (False, True)],
    OpCase("sort_int", lambda x: tuple(x.sort()), [INTEGERS], numpy_sort),
    OpCase("sort_bool", lambda x: tuple(x.sort(descending=True)), [booleans(4, 90)],
           lambda x: numpy_sort(x, descending=True)),
    OpCase("argsort", lambda x: x.argsort(0), [distinct(37, 3)], lambda x: numpy_sort(x, 0)[1]),
    *[OpCase(f"topk_{k}_{d}_{up}", lambda x, k=k, d=d, up=up: tuple(fd.topk(x, k, d, up)),
             [distinct(*SHAPE)], lambda x, k=k, d=d, up=up: numpy_topk(x, k, d, up), ulp=0,
             empty=False)
      for k, d, up in ((3, 1, True), (2, 0, False), (5, -1, True), (1, 1, False))],
    OpCase("topk_int", lambda x: tuple(x.topk(7)), [INTEGERS],
           lambda x: numpy_topk(x, 7, -1, True), empty=False),
    OpCase("kthvalue", lambda x: tuple(fd.kthvalue(x, 3, 1)), [distinct(*SHAPE)],
           lambda x: tuple(t[:, 2] for t in numpy_topk(x, 3, 1, False)), ulp=0, empty=False),
    OpCase("median_dim", lambda x: tuple(fd.median(x, 1)), [distinct(*SHAPE)],
           lambda x: lower_median(x, 1), ulp=0, empty=False),
    OpCase("median_even", lambda x: tuple(fd.median(x, 0)), [distinct(8, 5)],
           lambda x: lower_median(x, 0), ulp=0, empty=False),
    OpCase("median", fd.median, [distinct(9, 5)], np.median, ulp=0, empty=False, fixed=True),
    OpCase("nanmedian", lambda x: fd.nanmedian(x, 0).values, [distinct(9, 5)],
           lambda x: np.median(x, 0), ulp=0, empty=False, fixed=True),
    *[OpCase(f"quantile_{m}", lambda x, m=m: fd.quantile(x, 0.3, 1, interpolation=m),
             [distinct(*SHAPE)], lambda x, m=m: np.quantile(x, 0.3, 1, method=m), empty=False)
      for m in ("linear", "lower", "higher", "midpoint", "nearest")],
    OpCase("quantile_kept", lambda x: fd.quantile(x, 0.9, 0, True), [distinct(8, 5)],
           lambda x: np.quantile(x, 0.9, 0, keepdims=True), empty=False),
    OpCase("quantile_all", lambda x: fd.quantile(x, fd.tensor([0.25, 0.5, 1.0])), [distinct(8, 5)],
           lambda x: np.quantile(x, [0.25, 0.5, 1]), empty=False),
    OpCase("nanquantile", lambda x: fd.nanquantile(x, 0.37, 0), [distinct(8, 5)],
           lambda x: np.quantile(x, 0.37, 0), empty=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- lengths: by insertion, in narrow and wide digits, dealt out -------------------------------

# The last ones are dealt out.
LENGTHS = [*range(1, 45), 255, 256, 257, 1000, 8191, 8192, 8193, 20_000, 262_143, 262_144, 300_007]


def values(n, dtype, kind, seed=0):
    rng = np.random.default_rng([n, seed])
    if dtype == "bool":
        return rng.integers(0, 2, n).astype(bool)
    if dtype == "uint8":
        return rng.integers(0, 256 if kind == "wide" else 3, n).astype(dtype)
    if dtype.startswith("int"):
        bound = np.iinfo(dtype).max if kind == "wide" else 100
        return rng.integers(-bound, bound, n).astype(dtype)
    if kind == "wide":
        x = rng.standard_normal(n) * 10.0 ** rng.integers(-30, 30, n)
        special = [0.0, -0.0, inf, -inf, nan, 0.0, 1e-40, -1e-40, -nan, -0.0, inf]
        x[rng.permutation(n)[: len(special)]] = special[: min(n, len(special))]
        return x.astype(dtype)
    return rng.integers(-5, 5, n).astype(dtype)


@pytest.mark.parametrize("kind", ["wide", "few"])
@pytest.mark.parametrize("dtype", [d.name for d in DTYPES])
def test_every_length(dtype, kind):
    for n in LENGTHS:
        x = values(n, dtype, kind)
        for descending in (False, True):
            got, indices = fd.tensor(x).sort(descending=descending)
            expected, order = numpy_sort(x, 0, descending)
            np.testing.assert_array_equal(indices.numpy(), order)
            np.testing.assert_array_equal(got.numpy(), expected)
            if dtype.startswith("float"):  # the zeros keep their signs
                np.testing.assert_array_equal(np.signbit(got.numpy()), np.signbit(expected))


@pytest.mark.parametrize("kind", ["wide", "few"])
@pytest.mark.parametrize("dtype", [d.name for d in DTYPES])
def test_topk_is_the_first_of_sort(dtype, kind):
    for n in (1, 2, 40, 41, 100, 1000, 10_000, 100_000):
        x = fd.tensor(values(n, dtype, kind))
        for largest in (False, True):
            expected = x.sort(descending=largest)
            for k in {0, 1, 2, 5, n // 5, n // 4 + 1, n - 1, n}:
                got = x.topk(min(k, n), largest=largest)
                for a, b in zip(got, expected, strict=True):
                    np.testing.assert_array_equal(a.numpy(), b[: min(k, n)].numpy())


def test_few_distinct_digits():
    """Passes in which all digits are equal are left out."""
    for shift in (0, 11, 21, 40, 55):
        x = np.random.default_rng(1).integers(0, 7, 10_000) << shift
        np.testing.assert_array_equal(fd.tensor(x).sort().indices.numpy(), numpy_sort(x)[1])
    for n in (100, 10_000, 300_000):
        x = fd.full((n,), 3.5)
        assert x.argsort().numpy().tolist() == list(range(n))
        assert x.topk(3, largest=False).indices.tolist() == [0, 1, 2]


@pytest.mark.parametrize("shape", [(5, 300_000), (1000, 50), (7, 5000)])
def test_threads_change_nothing(shape):
    x = fd.tensor(np.random.default_rng(2).standard_normal(shape))
    before, found = fd.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 8):
            fd.set_num_threads(threads)
            found.append([t.numpy().tobytes() for t in (*x.sort(), *x.topk(9))])
    finally:
        fd.set_num_threads(before)
    assert all(f == found[0] for f in found)


# ---- NaN and ties ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
def test_nan_counts_as_largest(dtype):
    x = fd.tensor([2.0, nan, -inf, inf, nan, 0.0], dtype=dtype)
    values, indices = x.sort()
    np.testing.assert_equal(values.tolist(), [-inf, 0, 2, inf, nan, nan])
    assert indices.tolist() == [2, 5, 0, 3, 1, 4]
    assert x.argsort(descending=True).tolist() == [1, 4, 3, 0, 5, 2]
    assert x.topk(3).indices.tolist() == [1, 4, 3]
    assert x.topk(2, largest=False).values.tolist() == [-inf, 0]
    assert x.kthvalue(4).values.item() == inf and math.isnan(x.kthvalue(5).values.item())
    assert math.isnan(x.median().item()) and math.isnan(x.median(0).values.item())
    assert x.nanmedian().item() == 0 and x.nanmedian(0).indices.item() == 5
    assert math.isnan(x.quantile(0.1).item()) and x.nanquantile(0.5).item() == 1
    rows = fd.tensor([[1.0, nan, 3.0], [1.0, 2.0, 3.0], [nan, nan, nan]], dtype=dtype)
    np.testing.assert_equal(rows.median(1).values.tolist(), [nan, 2, nan])
    assert rows.median(1).indices.tolist() == [1, 1, 0]
    np.testing.assert_equal(rows.nanmedian(1).values.tolist(), [1, 2, nan])
    np.testing.assert_equal(rows.quantile(0.5, 1).tolist(), [nan, 2, nan])
    np.testing.assert_equal(rows.nanquantile(0.5, 1).tolist(), [2, 2, nan])


def test_quantiles_of_infinities_and_equal_ones():
    x = fd.tensor([-inf, 0.1, 0.1, 0.1, inf, inf], dtype=fd.float64)
    got = [x.quantile(q).item() for q in (0, 0.1, 0.2, 0.5, 0.7, 0.8, 0.9, 1)]
    assert got == [-inf, -inf, 0.1, 0.1, inf, inf, inf, inf]
    assert fd.quantile(fd.tensor([0.5, 1.5, 2.5, 3.5]), 0.5, interpolation="nearest").item() == 2.5


def test_gradient_of_equal_ones():
    x = fd.tensor([2.0, 1.0, 2.0, 2.0], requires_grad=True)

    def gradient(y):
        return fd.autograd.grad(y, x)[0].tolist()

    assert gradient(x.topk(2).values.sum()) == [1, 0, 1, 0]
    assert gradient(x.kthvalue(2).values) == [1, 0, 0, 0]
    assert gradient(x.median(0).values) == [1, 0, 0, 0]
    assert gradient(x.median()) == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3])
    assert gradient((x.sort().values * fd.arange(4.0)).sum()) == [1, 0, 2, 3]
    assert gradient(x.quantile(0.25)) == [0.75, 0.25, 0, 0]


# ---- shapes, dtypes, nothing -------------------------------------------------------------------


def test_numbers_and_nothing():
    x = fd.tensor(3.0, requires_grad=True)
    for out in (x.sort(), x.topk(1), x.kthvalue(1), x.median(0), x.nanmedian(0)):
        assert out.values.item() == 3 and out.indices.item() == 0 and out.values.shape == ()
        assert fd.autograd.grad(out.values, x)[0].item() == 1
    assert x.quantile(0.2, 0).item() == x.quantile(0.2).item() == x.median().item() == 3
    y = fd.zeros(0, 3)
    assert y.sort(0).values.shape == y.argsort(1).shape == (0, 3)
    assert y.topk(2, 1).values.shape == (0, 2) and y.T.topk(0, 0).indices.shape == (0, 0)
    assert y.kthvalue(2, 1).values.shape == y.median(1).values.shape == (0,)
    assert fd.zeros(3, 0, requires_grad=True).sort(1).values.sum().backward() is None
    assert fd.sort(fd.arange(3))._fields == ("values", "indices")


def test_shapes_of_quantiles():
    x = fd.rand(3, 4, 5)
    q = fd.tensor([0.1, 0.9])
    assert x.quantile(0.5, 1).shape == (3, 5) and x.quantile(q, 1).shape == (2, 3, 5)
    assert x.quantile(q, 1, True).shape == (2, 3, 1, 5) and x.quantile(q).shape == (2,)
    assert x.quantile(0.5, keepdim=True).shape == (1, 1, 1)
    assert x.quantile(fd.tensor(0.5)).shape == ()
    nothing = fd.zeros(0)
    assert x.quantile(nothing).shape == (0,) and x.quantile(nothing, 1, True).shape == (0, 3, 1, 5)


ERRORS = [
    (lambda x: x.sort(2), IndexError, r"sort: dim: expected an int in \[-2, 1\], got 2"),
    (lambda x: x.topk(4), ValueError, r"topk: k: expected an int in \[0, 3\], got 4"),
    (lambda x: x.topk(-1), ValueError, r"topk: k: expected an int in \[0, 3\], got -1"),
    (lambda x: x.kthvalue(0), ValueError, "kthvalue: k: expected at least 1, got 0"),
    (lambda x: x.kthvalue(3, 0), ValueError, r"kthvalue: k: expected an int in \[1, 2\], got 3"),
    (lambda x: x.kthvalue(1.5), TypeError, "kthvalue: k: expected an int"),
    (lambda x: x[:0].median(0), ValueError, r"median: dim: .* dimension 0 of shape \(0, 3\)"),
    (lambda x: x[:0].median(), ValueError, "median: dim"),
    (lambda x: x.quantile(1.5), ValueError, r"quantile: q: expected a number in \[0, 1\], got 1.5"),
    (lambda x: x.quantile(nan), ValueError, r"quantile: q: expected a number in \[0, 1\]"),
    (lambda x: x.quantile("a"), TypeError, "quantile: q: expected a number"),
    (lambda x: x.quantile(fd.ones(1, 1)), ValueError, "quantile: q: .* at most one dimension"),
    (lambda x: x.int().quantile(0.5), TypeError, "quantile: input: expected dtype float32"),
    (lambda x: x[:0].quantile(0.5), ValueError, "quantile: dim: .* not empty"),
    (lambda x: x.nanquantile(0.5, interpolation="x"), ValueError, "nanquantile: interpolation"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.zeros(2, 3))


def test_compiled_as_eager():
    def step(x):
        y = x.sort(1).values * fd.arange(500.0) + x.topk(1, 1).values + x.quantile(0.3)
        (g,) = fd.autograd.grad((y + x.median()).sum(), x)
        return y, g

    compiled = fd.compile(step)
    for seed in range(3):
        x = fd.tensor(np.random.default_rng(seed).standard_normal((5, 500)), requires_grad=True)
        for got, expected in zip(compiled(x), step(x), strict=True):
            assert got.tolist() == expected.tolist()
