"""Reductions: sums, means, variance, extrema, all and any."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, distinct, given, integers, parametrize, positive, randn

nan, inf = np.nan, np.inf
SHAPE = (3, 37, 5)
DIMS = {"all": None, "first": 0, "middle": 1, "last": -1, "outer": (0, 1), "apart": (0, 2)}


def over(fn, dim, **kwargs):
    return lambda x: fn(x, dim, **kwargs)


def numpy_over(fn, dim, **kwargs):
    return lambda x: fn(x, axis=dim, **kwargs)


def each_dim(name, fn, reference, make, **more):
    """Over each of DIMS; over the last dimension also with keepdim."""
    cases = [
        OpCase(f"{name}_{label}", over(fn, d), [make(*SHAPE)], numpy_over(reference, d), **more)
        for label, d in DIMS.items()
    ]
    kept = [over(fn, -1, keepdim=True)], [numpy_over(reference, -1, keepdims=True)]
    return [*cases, OpCase(f"{name}_kept", kept[0][0], [make(*SHAPE)], kept[1][0], **more)]


def sample_variance(x, axis=None, keepdims=False):
    return np.var(x, axis=axis, ddof=1, keepdims=keepdims)


def sample_deviation(x, axis=None, keepdims=False):
    return np.std(x, axis=axis, ddof=1, keepdims=keepdims)


def norm_of(p):
    """The norm of vectors, of several dimensions too."""

    def norm(x, axis=None, keepdims=False):
        if axis is None or isinstance(axis, tuple):
            dims = tuple(range(x.ndim)) if axis is None else axis
            moved = np.moveaxis(x, dims, range(-len(dims), 0))
            kept = moved.shape[: x.ndim - len(dims)]
            out = norm(moved.reshape(*kept, math.prod(moved.shape[len(kept) :])), -1)
            return np.expand_dims(out, dims) if keepdims else out
        size = np.abs(x)
        if np.isinf(p):
            return (size.max if p > 0 else size.min)(axis, keepdims=keepdims)
        return (size**p).sum(axis, keepdims=keepdims) ** np.asarray(1 / p, x.dtype)

    return norm


INTEGERS = integers(3, 37, low=-9, high=9)
CASES = [
    *each_dim("sum", fd.sum, np.sum, positive, ulp=1),
    *each_dim("mean", fd.mean, np.mean, positive, ulp=1.5),
    *each_dim("var", fd.var, sample_variance, randn, ulp=2, exact=False, empty=False),
    *each_dim("amax", fd.amax, np.amax, distinct, ulp=0),
    *each_dim("amin", fd.amin, np.amin, distinct, ulp=0),
    *each_dim("std", fd.std, sample_deviation, randn, ulp=2, exact=False, empty=False),
    *each_dim("prod", fd.prod, np.prod, positive, dtypes=["float64"], exact=False,
               fixed=True),
    *each_dim("norm", lambda x, d, **k: fd.norm(x, 2, d, **k), norm_of(2), randn, ulp=1),
    *[OpCase(f"norm_{p}", lambda x, p=p: fd.norm(x + 0.05, p, 1), [distinct(*SHAPE)],
             lambda x, p=p: norm_of(p)(x + np.asarray(0.05, x.dtype), 1), empty=False)
      for p in (1, 3, 0.5, 2.5, -1, inf, -inf)],
    OpCase("prod_float32", over(fd.prod, 1), [positive(3, 37)], numpy_over(np.prod, 1), ulp=1,
           dtypes=["float32"]),
    OpCase("prod_int", over(fd.prod, 0), [INTEGERS], numpy_over(np.prod, 0)),
    OpCase("nansum", over(fd.nansum, 1), [randn(3, 37)], numpy_over(np.nansum, 1)),
    OpCase("nanmean", over(fd.nanmean, 0), [positive(9, 37)], numpy_over(np.nanmean, 0), ulp=2),
    OpCase("count_nonzero", over(fd.count_nonzero, 1), [INTEGERS],
           numpy_over(np.count_nonzero, 1)),
    OpCase("aminmax", lambda x: tuple(fd.aminmax(x, dim=0)), [distinct(9, 37)],
           lambda x: (x.min(0), x.max(0)), ulp=0),
    OpCase("var_mean", lambda x: fd.var_mean(x, (0, 2), correction=0), [positive(*SHAPE)],
           lambda x: (x.var((0, 2)), x.mean((0, 2))), ulp=2, exact=False, empty=False),
    OpCase("std_mean", lambda x: fd.std_mean(x, 0, keepdim=True), [positive(9, 37)],
           lambda x: (sample_deviation(x, 0, True), x.mean(0, keepdims=True)), ulp=2, exact=False,
           empty=False),
    OpCase("sum_signs", over(fd.sum, 1), [randn(4, 100)], numpy_over(np.sum, 1)),
    OpCase("sum_scalar", fd.sum, [randn()], np.sum),
    OpCase("sum_int", over(fd.sum, 0), [INTEGERS], numpy_over(np.sum, 0)),
    OpCase("sum_bool", fd.sum, [booleans(3, 37)], np.sum),
    OpCase("var_biased", lambda x: fd.var(x, 0, unbiased=False), [randn(9, 40)], lambda x: x.var(0),
           ulp=2, exact=False, empty=False),
    OpCase("amax_int", over(fd.amax, 0), [INTEGERS], numpy_over(np.amax, 0)),
    OpCase("argmax", over(fd.argmax, 1), [randn(3, 37)], numpy_over(np.argmax, 1),
           differentiable=False),
    OpCase("argmax_columns", over(fd.argmax, 0), [randn(9, 37)], numpy_over(np.argmax, 0),
           differentiable=False),
    OpCase("argmax_flat", fd.argmax, [randn(3, 37)], np.argmax, differentiable=False),
    OpCase("argmin_int", over(fd.argmin, 0), [INTEGERS], numpy_over(np.argmin, 0)),
    OpCase("max_of_all", fd.max, [distinct(3, 37)], np.max, ulp=0),
    OpCase("max_dim", lambda x: tuple(fd.max(x, 1)), [distinct(3, 37)],
           lambda x: (x.max(1), x.argmax(1)), ulp=0),
    OpCase("min_dim", lambda x: tuple(fd.min(x, 0, keepdim=True)), [distinct(3, 37)],
           lambda x: (x.min(0, keepdims=True), x.argmin(0, keepdims=True)), ulp=0),
    OpCase("max_of_two", fd.max, [distinct(5, 7), given(np.linspace(-3.5, 3.5, 7))], np.maximum),
    OpCase("all", over(fd.all, 1), [booleans(9, 3)], numpy_over(np.all, 1)),
    OpCase("any", over(fd.any, 0), [booleans(3, 9)], numpy_over(np.any, 0)),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- lengths: vectors and their tails, chunks and what is left of them, blocks of columns -----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [*[((n,), 0) for n in (*range(1, 40), 32767, 32768, 32769, 100_001)],
     *[((2, n), 1) for n in (32768, 70_000)],
     *[((5, n), 0) for n in (*range(1, 40), 255, 256, 257, 513)],
     *[((n, 2), 0) for n in (16384, 16385, 50_000)],
     *[((2, n, 300), 1) for n in (256, 257, 700)]],
)  # fmt: skip
def test_every_length(shape, dim, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    t = fd.tensor(x)
    wide = x.astype(np.longdouble)
    np.testing.assert_array_equal(t.amax(dim).numpy(), x.max(dim))
    np.testing.assert_array_equal(t.argmin(dim).numpy(), x.argmin(dim))
    eps = np.finfo(dtype).eps
    bound = eps * np.abs(wide).sum(dim)
    assert (np.abs(t.sum(dim).numpy() - wide.sum(dim)) <= bound).all()
    if shape[dim] > 1:
        np.testing.assert_allclose(t.var(dim).numpy(), wide.var(dim, ddof=1), rtol=2 * float(eps))
    mask = x > 3.5
    np.testing.assert_array_equal(fd.tensor(mask).any(dim).numpy(), mask.any(dim))
    np.testing.assert_array_equal(fd.tensor(mask).sum(dim).numpy(), mask.sum(dim))


def ulp_error(got, exact):
    return abs(float(got) - exact) / np.spacing(np.abs(got))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_sums_keep_their_precision(dtype):
    x = np.random.default_rng(1).uniform(0, 1, 3_000_001).astype(dtype)
    exact = math.fsum(x.astype(float))
    assert ulp_error(fd.tensor(x).sum().numpy(), exact) <= 0.501
    columns = fd.tensor(x[:3_000_000].reshape(-1, 3)).sum(0).numpy()
    for c in range(3):
        exact = math.fsum(x[c:3_000_000:3].astype(float))
        assert ulp_error(columns[c], exact) <= 0.501


def test_double_sums_are_compensated():
    x = np.tile([1e16, 1.0, -1e16, 1.0], 5_000)
    assert fd.tensor(x).sum().item() == 10_000
    assert fd.tensor(np.stack([x, x], 1)).sum(0).tolist() == [10_000, 10_000]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dim", [0, 1])
def test_variance_far_from_zero(dtype, dim):
    x = (np.random.default_rng(2).standard_normal((300, 300)) + 1e4).astype(dtype)
    exact = x.astype(np.longdouble).var(dim, ddof=1).astype(float)
    np.testing.assert_allclose(fd.tensor(x).var(dim).numpy(), exact, rtol=1.2e-7)
    if dtype == "float64":
        np.testing.assert_allclose(fd.tensor(x).var(dim).numpy(), exact, rtol=1e-15)


# Long and odd ones, and where the chunks' counts change.
LENGTHS = [*range(513, 1024, 15), 32768, 32769, 65537, 1_000_000, 1_000_001]


def statistics(x):
    """Sum, mean and variance of a row as exactly as a double holds them, and the sum of |x|."""
    wide = x.astype(float)
    total = math.fsum(wide)
    mean = total / len(x)
    size = math.fsum(np.abs(wide))
    deviations = wide.astype(np.longdouble) - np.longdouble(total) / len(x)
    return total, mean, float(np.sum(deviations**2) / (len(x) - 1)), size


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mean", [0, 1, 1e3])
def test_sums_of_every_length_keep_their_precision(dtype, mean):
    rng = np.random.default_rng(5)
    for n in LENGTHS:
        x = (rng.standard_normal(n) + mean).astype(dtype)
        if mean == 1:
            x = np.abs(x)
        total, average, variance, size = statistics(x)
        unit = np.spacing(np.array([total, average], dtype)) if mean else np.spacing(
            np.array([size, size / n], dtype))  # fmt: skip
        for t, dim in ((fd.tensor(x), 0), (fd.tensor(np.stack([x, x], 1)), 0)):
            got = [np.ravel(f(t, dim).numpy())[-1] for f in (fd.sum, fd.mean, fd.var, fd.std)]
            assert abs(float(got[0]) - total) <= 0.51 * unit[0], n
            assert abs(float(got[1]) - average) <= 1.01 * unit[1], n
            assert abs(float(got[2]) - variance) <= 2 * np.spacing(got[2]), n
            assert abs(float(got[3]) - math.sqrt(variance)) <= 2 * np.spacing(got[3]), n


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ten_million(dtype):
    x = np.random.default_rng(6).uniform(1, 2, 10_000_000).astype(dtype)
    t = fd.tensor(x)
    total = math.fsum(x.tolist())
    assert ulp_error(t.sum().numpy(), total) <= 0.51
    assert ulp_error(t.mean().numpy(), total / len(x)) <= 1.01
    mean = np.longdouble(total) / len(x)
    exact = sum(float(np.sum((part.astype(np.longdouble) - mean) ** 2))
                for part in np.split(x, 100))  # fmt: skip
    assert ulp_error(t.var(correction=0).numpy(), exact / len(x)) <= 2


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
def test_variance_of_a_constant_channel_is_zero(dtype):
    for value in (1e7, 0.1, -3e-20):
        x = fd.full((10_000_000,), value, dtype=dtype)
        assert x.var().item() == 0 and x.std().item() == 0
        columns = x[:3_000_000].reshape(-1, 3)
        assert columns.var(0).tolist() == [0, 0, 0]


def test_products_leave_their_range_only_where_the_result_does():
    for dtype, large in (("float32", 1e30), ("float64", 1e300)):
        x = np.repeat([large, 1 / large], 20_000).astype(dtype)
        expected = math.exp(20_000 * (math.log(float(x[0])) + math.log(float(x[-1]))))
        for y in (fd.tensor(x), fd.tensor(x[::-1].copy()), fd.tensor(x.reshape(2, -1).T)):
            assert y.prod().item() == pytest.approx(expected, rel=1e-4 if large < 1e99 else 1e-10)
        assert fd.tensor(x[:9]).prod().item() == inf and fd.tensor(x[-9:]).prod().item() == 0
        assert fd.tensor([large] * 9 + [0], dtype=getattr(fd, dtype)).prod().item() == 0
    assert math.isnan(fd.tensor([0.0, inf]).prod().item())
    tiny = fd.tensor([1e-160, 1e-160, 1e10], dtype=fd.float64)
    assert tiny.prod().item() == pytest.approx(1e-310, rel=1e-12)


@pytest.mark.parametrize("zeros", [[], [2], [0, 4], [0, 1, 2, 3, 4]])
def test_gradient_of_prod_with_zeros(zeros):
    x = np.random.default_rng(7).standard_normal((2, 5))
    x[0, zeros] = 0
    t = fd.tensor(x, requires_grad=True)
    (g,) = fd.autograd.grad(t.prod(1).sum(), t, create_graph=True)
    others = np.stack([np.delete(x, i, 1).prod(1) for i in range(5)], 1)
    np.testing.assert_allclose(g.detach().numpy(), others, rtol=1e-14)
    (second,) = fd.autograd.grad(g[:, 1].sum(), t)
    expected = np.stack([np.delete(x, [i, 1], 1).prod(1) * (i != 1) for i in range(5)], 1)
    np.testing.assert_allclose(second.numpy(), expected, rtol=1e-14)


# ---- where slopes end ----------------------------------------------------------------------------


@pytest.mark.parametrize("p", [2, 1, 0, 0.5, 1.5, 3, inf, -inf, "fro"])
def test_gradient_of_a_norm_at_zero_is_zero(p):
    x = fd.zeros(2, 3, requires_grad=True)
    (g,) = fd.autograd.grad(fd.norm(x, p, 1).sum(), x, create_graph=True)
    assert g.tolist() == [[0, 0, 0], [0, 0, 0]]
    if g.requires_grad:
        (second,) = fd.autograd.grad(g.sum(), x, allow_unused=True)
        assert second is None or second.tolist() == [[0, 0, 0], [0, 0, 0]]
    y = fd.tensor([3.0, 0.0, 4.0], requires_grad=True)
    (g,) = fd.autograd.grad(fd.norm(y, p), y)
    assert g[1].item() == 0


def test_second_derivative_of_a_norm_beside_zero():
    x = fd.tensor([3.0, 0.0, 4.0], dtype=fd.float64, requires_grad=True)
    (g,) = fd.autograd.grad(fd.norm(x), x, create_graph=True)
    rows = [fd.autograd.grad(g[i], x, retain_graph=True)[0].tolist() for i in range(3)]
    unit = np.array([0.6, 0, 0.8])
    np.testing.assert_allclose(rows, (np.eye(3) - np.outer(unit, unit)) / 5, atol=1e-15)


def test_norms_neither_over_nor_underflow():
    assert fd.norm(fd.tensor([3e38, 3e38])).item() == inf
    assert fd.norm(fd.tensor([1e30, 1e30])).item() == pytest.approx(2**0.5 * 1e30, rel=1e-6)
    assert fd.norm(fd.tensor([1e-30, 0])).item() == np.float32(1e-30)
    assert fd.norm(fd.tensor([[3.0, -4.0], [0.0, 0.0]]), dim=1).tolist() == [5, 0]
    assert fd.norm(fd.tensor([1.0, nan])).item() != 0 and fd.norm(fd.zeros(0)).item() == 0
    assert fd.norm(fd.tensor([1.0, 0.0, nan]), 0).item() == 2


def test_gradient_of_std_of_equal_ones_is_zero():
    x = fd.full((2, 5), 3.0, requires_grad=True)
    (g,) = fd.autograd.grad(x.std(1).sum(), x, create_graph=True)
    assert g.tolist() == [[0] * 5] * 2
    assert fd.autograd.grad(g.sum(), x)[0].tolist() == [[0] * 5] * 2


# ---- NaN, infinities, ties ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
@pytest.mark.parametrize("at", [0, 5, 16, 36])
def test_nan_reaches_its_own_row_only(dtype, at):
    x = np.random.default_rng(3).standard_normal((3, 37))
    x[1, at] = nan
    for t, dim in ((fd.tensor(x).to(dtype), 1), (fd.tensor(x.T).to(dtype), 0)):
        for op in (fd.sum, fd.mean, fd.var, fd.amax, fd.amin):
            assert np.isnan(op(t, dim).numpy()).tolist() == [False, True, False], op
        for op in (fd.argmax, fd.argmin):
            assert op(t, dim).tolist()[1] == at
        values, indices = fd.max(t, dim)
        assert np.isnan(values.tolist()[1]) and indices.tolist()[1] == at


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extrema_find_nan_wherever_it_is(dtype):
    for n in (130, 1000):
        for at in {0, 1, 15, 16, 63, 64, 100, 127, 128, n - 2, n - 1}:
            x = np.random.default_rng(at).standard_normal((3, n)).astype(dtype)
            x[1, at] = nan if at % 2 else -nan
            t = fd.tensor(x)
            for op, numpys in ((fd.amax, np.amax), (fd.amin, np.amin)):
                np.testing.assert_array_equal(op(t, 1).numpy(), numpys(x, 1))
                assert math.isnan(op(t).item())
            for op in (fd.argmax, fd.argmin):
                assert op(t, 1)[1].item() == at and op(t).item() == n + at


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
@pytest.mark.parametrize(
    ("values", "total"),
    [([inf, 1, 2], inf), ([1, -inf, 2], -inf), ([inf, -inf, 0], nan), ([inf, inf, 1], inf)],
)
def test_infinities_sum_as_they_should(values, total, dtype):
    for n in (1, 7):
        x = fd.tensor(values * n, dtype=dtype)
        np.testing.assert_equal(x.sum().item(), total)
        np.testing.assert_equal(fd.stack([x, x], 1).sum(0).tolist(), [total, total])
        assert math.isnan(x.var().item())


def test_sum_that_overflows():
    assert fd.tensor([1e308] * 9, dtype=fd.float64).sum().item() == inf
    assert fd.tensor([3e38] * 9).sum().item() == inf
    assert fd.tensor([3e38] * 9).mean().item() == np.float32(3e38)


def test_first_of_equal_ones():
    x = np.zeros((40, 50), "float32")
    x[7, 30] = x[7, 31] = x[9, 30] = 1
    t = fd.tensor(x)
    assert t.argmax().item() == 7 * 50 + 30
    assert t.argmax(0)[30].item() == 7
    assert t.argmax(1)[7].item() == 30
    assert t.T.argmax().item() == 30 * 40 + 7
    far = np.zeros(200_000, "int32")
    far[[150_000, 150_001, 190_000]] = 4
    assert fd.tensor(far).argmax().item() == 150_000


def test_equal_ones_share_the_gradient():
    x = fd.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    (g,) = fd.autograd.grad(x.amax(1).sum(), x)
    assert g.tolist() == [[0, 0.5, 0.5], pytest.approx([1 / 3] * 3)]
    (g,) = fd.autograd.grad(x.max(), x)
    assert g.tolist() == [[0, 0.5, 0.5], [0, 0, 0]]
    (g,) = fd.autograd.grad(x.max(1).values.sum(), x)
    assert g.tolist() == [[0, 1, 0], [1, 0, 0]]


def test_nan_is_left_out():
    x = fd.tensor([[1.0, nan, 3.0], [nan, nan, nan]], requires_grad=True)
    assert x.nansum(1).tolist() == [4, 0] and x.nansum().item() == 4
    np.testing.assert_equal(x.nanmean(1).tolist(), [2, nan])
    (g,) = fd.autograd.grad(x.nanmean(1)[0], x)
    assert g.tolist() == [[0.5, 0, 0.5], [0, 0, 0]]
    assert fd.nansum(fd.tensor([1, 2])).item() == 3
    assert x.count_nonzero().item() == 6 and fd.aminmax(x[0]).min.item() != 1


# ---- shapes, dtypes, nothing -------------------------------------------------------------------


def test_dtypes():
    for dtype in (fd.int64, fd.int32, fd.uint8, fd.bool):
        assert fd.ones(3).to(dtype).sum().dtype is fd.int64
        assert fd.ones(3).to(dtype).amax().dtype is dtype
    assert fd.full((300,), 255, dtype=fd.uint8).sum().item() == 76500
    assert fd.ones(3).sum(dtype=fd.float64).dtype is fd.float64
    x = fd.tensor([100.5, 200, 3])
    for f, expected in (
        (fd.sum, {"int32": 303, "uint8": 47, "bool": True}),
        (fd.nansum, {"int32": 303, "uint8": 47, "bool": True}),
        (fd.prod, {"int32": 60000, "uint8": 96, "bool": True}),
    ):
        for dtype, value in expected.items():
            y = f(x, dtype=dtype)
            assert y.dtype is getattr(fd, dtype) and y.item() == value
    assert fd.arange(3).mean(dtype=fd.float32).item() == 1
    assert fd.arange(3).float().any().dtype is fd.bool
    assert fd.tensor([0.0, nan]).any().item() is True


def test_dim_is_understood_as_by_pytorch():
    x = fd.arange(6).reshape(2, 3)
    assert x.sum(()).item() == x.sum([0, 1]).item() == x.sum((-1, -2)).item() == 15
    assert x.sum((), keepdim=True).shape == (1, 1)
    assert x.float().var(False).item() == pytest.approx(np.arange(6).var())
    assert fd.tensor(4.0).sum(0).item() == fd.tensor(4.0).amax(-1).item() == 4
    assert fd.tensor(4.0).max(0).indices.item() == 0
    assert fd.max(x, 1)._fields == ("values", "indices")


def test_reductions_of_nothing():
    x = fd.zeros(0, 3)
    assert x.sum().item() == 0 and x.sum(0).tolist() == [0, 0, 0]
    assert all(map(math.isnan, [x.mean().item(), x.var().item(), *x.mean(0).tolist()]))
    assert x.bool().all().item() is True and x.bool().any().item() is False
    assert x.amax(1).shape == x.argmin(1).shape == x.max(1).values.shape == (0,)
    y = fd.zeros(0, 3, requires_grad=True)
    y.mean().backward()
    assert y.grad.shape == (0, 3)
    assert math.isnan(fd.ones(1).var().item()) and math.isnan(fd.ones(1).std().item())
    assert x.prod().item() == 1 and x.prod(0).tolist() == [1, 1, 1]
    assert x.nansum().item() == 0 and math.isnan(x.nanmean().item())
    y = fd.zeros(0, 3, requires_grad=True)
    (y.prod() + y.std(1).sum() + y.norm()).backward()
    assert y.grad.shape == (0, 3)
    assert fd.tensor([1.0, 3.0]).var(correction=2).item() == inf


ERRORS = [
    (lambda x: x.sum(2), IndexError, r"sum: dim: expected an int in \[-2, 1\], got 2"),
    (lambda x: x.sum(2**70), IndexError, "index-sized"),
    (lambda x: x.mean((0, -2)), ValueError, "mean: dim: expected each dimension once"),
    (
        lambda x: x.sum("a"),
        TypeError,
        "sum: dim: expected an int, a tuple of ints or None, got str",
    ),
    (lambda x: x.argmax((0, 1)), TypeError, "argmax: dim: expected an int or None, got tuple"),
    (
        lambda x: x.int().mean(),
        TypeError,
        "mean: input: expected dtype float32 or float64, got int",
    ),
    (
        lambda x: x.int().var(),
        TypeError,
        "var: input: expected dtype float32 or float64, got int32",
    ),
    (lambda x: x.var(0, True, correction=1), TypeError, "var: expected unbiased or correction"),
    (lambda x: x.std(0, True, correction=1), TypeError, "std: expected unbiased or correction"),
    (lambda x: x.prod((0, 0)), ValueError, "prod: dim: expected each dimension once"),
    (lambda x: x.int().norm(), TypeError, "norm: input: expected dtype float32 or float64, got in"),
    (lambda x: x.norm("nuc"), ValueError, "norm: p: expected a number or 'fro', got 'nuc'"),
    (lambda x: x.norm(None), TypeError, "norm: p: expected a number or 'fro', got NoneType"),
    (lambda x: x.norm(2, 5), IndexError, r"norm: dim: expected an int in \[-2, 1\], got 5"),
    (lambda x: x.int().nanmean(), TypeError, "nanmean: input: expected dtype float32"),
    (lambda x: x[:0].amax(0), ValueError, r"amax: dim: .* dimension 0 of shape \(0, 3\)"),
    (lambda x: x[:0].max(), ValueError, r"amax: dim: .* dimension 0 of shape \(0, 3\)"),
    (lambda x: x[:, :0].argmin(1), ValueError, r"argmin: dim: .* dimension 1 of shape \(2, 0\)"),
    (lambda x: x[:0].min(0), ValueError, "argmin: dim: expected dimensions that are not empty"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.zeros(2, 3))
