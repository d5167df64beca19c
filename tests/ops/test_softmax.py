"""softmax, log_softmax, logsumexp, along rows and across columns."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.ops.softmax import log_softmax_backward, softmax_backward
from fastdl.testing import OpCase, largest_ulp_error, parametrize, randn, uniform

nan, inf = np.nan, np.inf


def softmax(x, dim=-1):
    e = np.exp(x - x.max(axis=dim, keepdims=True, initial=-inf))
    return e / e.sum(axis=dim, keepdims=True)


def logsumexp(x, dim=-1, keepdim=False):
    return np.logaddexp.reduce(x, axis=dim, keepdims=keepdim, initial=-inf)


def log_softmax(x, dim=-1):
    return x - logsumexp(x, dim, True)


def plain_softmax(x, dim):
    e = fd.exp(x - x.amax(dim, keepdim=True).detach())
    return e / e.sum(dim, keepdim=True)


def plain_logsumexp(x, dim, keepdim=False):
    top = x.amax(dim, keepdim=True).detach()
    return (fd.exp(x - top).sum(dim, keepdim=True).log() + top).sum(dim, keepdim=keepdim)


def softmax_gradient(g, y, dim):
    return y * (g - (g * y).sum(dim, keepdims=True))


def log_softmax_gradient(g, y, dim):
    return g - np.exp(y) * g.sum(dim, keepdims=True)


ROWS, COLUMNS, MIDDLE = ((3, 37), -1), ((37, 5), 0), ((2, 5, 70), 1)
CASES = [
    case
    for name, (shape, dim) in {"rows": ROWS, "columns": COLUMNS, "middle": MIDDLE}.items()
    for case in [
        OpCase(
            f"softmax_{name}", fd.softmax, [randn(*shape)], softmax, plain_softmax,
            {"dim": dim}, ulp=2,
        ),
        OpCase(
            f"softmax_masked_{name}", fd.softmax, [randn(*shape)], lambda x, dim, masked:
            softmax(x, dim), kwargs={"dim": dim, "masked": True}, ulp=2,
        ),
        OpCase(
            f"log_softmax_{name}", fd.log_softmax, [randn(*shape)], log_softmax,
            lambda x, dim: x - plain_logsumexp(x, dim, True), {"dim": dim},
        ),
        OpCase(
            f"logsumexp_{name}", fd.logsumexp, [randn(*shape)], logsumexp, plain_logsumexp,
            {"dim": dim},
        ),
        OpCase(
            f"softmax_backward_{name}", softmax_backward, [randn(*shape), randn(*shape)],
            softmax_gradient, kwargs={"dim": dim},
        ),
        OpCase(
            f"log_softmax_backward_{name}", log_softmax_backward,
            [randn(*shape), uniform(*shape, low=-4, high=0)], log_softmax_gradient,
            kwargs={"dim": dim},
        ),
    ]
] + [
    OpCase("softmax_short", fd.softmax, [randn(7, 3)], softmax, kwargs={"dim": 1}, ulp=2),
    OpCase("softmax_number", fd.softmax, [randn()], lambda x, dim: x * 0 + 1, kwargs={"dim": 0},
           fixed=True),
    OpCase("logsumexp_keepdim", fd.logsumexp, [randn(3, 5)], logsumexp,
           kwargs={"dim": 1, "keepdim": True}),
    OpCase("logsumexp_dims", fd.logsumexp, [randn(3, 5, 7)], logsumexp, kwargs={"dim": (0, 2)}),
    OpCase("logsumexp_dims_keepdim", fd.logsumexp, [randn(3, 5, 7)], logsumexp,
           kwargs={"dim": (-1, 1), "keepdim": True}),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def exact(x, dim):
    """softmax, log_softmax, logsumexp in long double, with the sum's 1 of the maximum apart."""
    wide = x.astype(np.longdouble)
    top = wide.max(dim, keepdims=True)
    e, largest = np.exp(wide - top), wide == top
    rest = np.where(largest, 0, e).sum(dim, keepdims=True)
    log = np.log1p(rest + (largest.sum(dim, keepdims=True) - 1))
    return e / e.sum(dim, keepdims=True), wide - top - log, top, top + log


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "dim"), [((200, 10), 1), ((40, 100), 1), ((5, 300, 33), 1), ((2, 200_003), 1)]
)
@pytest.mark.parametrize(("spread", "shift"), [(0.01, 0), (1, 1000), (5, 0), (30, -50)])
def test_errors_in_ulp(dtype, shape, dim, spread, shift):
    """The bounds stated in csrc/ops/softmax.h, at any length, far from the maximum too."""
    rng = np.random.default_rng(7)
    x = (rng.standard_normal(shape) * spread + shift).astype(dtype)
    y, log_y, top, lse = exact(x, dim)
    normal = y > np.finfo(dtype).tiny
    got = fd.softmax(fd.tensor(x), dim).numpy()
    assert largest_ulp_error(got[normal], y[normal]) <= 2
    got = fd.log_softmax(fd.tensor(x), dim).numpy()
    assert largest_ulp_error(got, log_y) <= (2 if dtype == "float32" else 2.2)
    got = fd.logsumexp(fd.tensor(x), dim, keepdim=True).numpy()
    unit = np.spacing(np.maximum(np.maximum(abs(lse), abs(top)), 1).astype(dtype))
    assert (abs(got - lse) / unit).max() <= 2


EDGES = [
    # row, softmax, log_softmax, logsumexp
    ([-inf, 1, 1], [0, 0.5, 0.5], [-inf, -np.log(2), -np.log(2)], 1 + np.log(2)),
    ([-inf, -inf, 3], [0, 0, 1], [-inf, -inf, 0], 3),
    ([-inf, -inf, -inf], [nan] * 3, [nan] * 3, -inf),
    ([inf, 0, 1], [nan] * 3, [nan] * 3, inf),
    ([inf, -inf, inf], [nan] * 3, [nan] * 3, inf),
    ([nan, 0, 1], [nan] * 3, [nan] * 3, nan),
    ([0, inf, nan], [nan] * 3, [nan] * 3, nan),
    ([-inf, nan, -inf], [nan] * 3, [nan] * 3, nan),
    ([3e38, -3e38, 0], [1, 0, 0], [0, -inf, -3e38], 3e38),
    ([1e4, 1e4, -1e4], [0.5, 0.5, 0], [-np.log(2), -np.log(2), -2e4 - np.log(2)], 1e4 + np.log(2)),
]


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize(("row", "y", "log_y", "lse"), EDGES)
def test_edges(row, y, log_y, lse, columns):
    """A row does not disturb its neighbours."""
    rows = np.array([[0, 1, 2], row, [2, 1, 0]], "float32")
    x, dim = (fd.tensor(rows.T.copy()), 0) if columns else (fd.tensor(rows), 1)
    for f, expected in ((fd.softmax, y), (fd.log_softmax, log_y)):
        got = f(x, dim).numpy()
        got = got.T if columns else got
        np.testing.assert_allclose(got[1], np.array(expected, "float32"), rtol=1e-6)
        assert np.isfinite(got[[0, 2]]).all()
    got = fd.logsumexp(x, dim).numpy()
    np.testing.assert_allclose(got[1], np.float32(lse), rtol=1e-6)
    assert np.isfinite(got[[0, 2]]).all()


def test_log_softmax_of_a_large_element_keeps_its_digits():
    got = fd.log_softmax(fd.tensor([[0.0, -50.0], [0.0, -80.0]]), 1)[:, 0].numpy()
    np.testing.assert_allclose(got, -np.exp([-50.0, -80.0]), rtol=1e-6)


@pytest.mark.parametrize("columns", [False, True])
def test_a_row_that_is_masked_out(columns):
    """Zeros, and gradients of zero to the second order."""
    values = np.array([[-inf, -inf, -inf], [-inf, 1, 2]])
    x = fd.tensor(values.T.copy() if columns else values, requires_grad=True)
    dim = 0 if columns else 1
    weights = fd.tensor(np.random.default_rng(0).standard_normal(x.shape))
    for f in (
        lambda: (fd.softmax(x, dim, masked=True) * weights).sum(),
        lambda: fd.exp(fd.logsumexp(x, dim)).sum(),
    ):
        (g,) = fd.autograd.grad(f(), x, create_graph=True)
        (h,) = fd.autograd.grad((g * weights).sum(), x)
        for t in (g, h):
            rows = t.detach().numpy().T if columns else t.detach().numpy()
            assert (rows[0] == 0).all()
            assert rows[1, 0] == 0
            assert (rows[1, 1:] != 0).all()
            assert np.isfinite(rows).all()
    masked = fd.softmax(x, dim, masked=True).detach().numpy()
    np.testing.assert_array_equal((masked.T if columns else masked)[0], [0, 0, 0])
    (g,) = fd.autograd.grad(fd.logsumexp(x, dim), x, fd.ones(2, dtype="float64"))
    rows = g.numpy().T if columns else g.numpy()
    np.testing.assert_allclose(rows, [[0, 0, 0], [0, *softmax(np.array([1.0, 2.0]))]])


@pytest.mark.parametrize(
    ("shape", "dim"), [((0, 3), 1), ((3, 0), 1), ((2, 0, 4), 1), ((2, 3, 0), 1)]
)
def test_empty(shape, dim):
    x = fd.zeros(shape, requires_grad=True)
    assert fd.softmax(x, dim).shape == fd.log_softmax(x, dim).shape == shape
    lse = fd.logsumexp(x, dim)
    assert lse.shape == shape[:dim] + shape[dim + 1 :]
    assert (lse.detach().numpy() == (0 if shape[dim] else -inf)).all()
    lse.backward(fd.ones_like(lse))
    assert x.grad.shape == shape


def test_dtype_is_cast_to_before():
    x = fd.tensor([1, 2], dtype="int64")
    assert fd.softmax(x, 0, dtype="float64").dtype is fd.float64
    np.testing.assert_allclose(fd.log_softmax(x, 0, dtype="float32").exp().sum().item(), 1, 1e-6)


def test_methods():
    x = fd.tensor([[1.0, 2.0]])
    assert x.softmax(1).tolist() == fd.softmax(x, 1).tolist()
    assert x.log_softmax(-1).tolist() == fd.log_softmax(x, 1).tolist()
    assert x.logsumexp((0, 1)).item() == fd.logsumexp(x, 1).item()


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_bad_input(name):
    f, x = getattr(fd, name), fd.zeros(2, 3)
    with pytest.raises(IndexError, match=rf"{name}: dim: expected an int in \[-2, 1\], got 2"):
        f(x, 2)
    with pytest.raises(TypeError, match=f"{name}: input: expected dtype float32 or float64.*int64"):
        f(fd.tensor([1, 2]), 0)
    with pytest.raises(TypeError):
        f(x, "rows")
    with pytest.raises(TypeError):
        f([1.0, 2.0], 0)


def test_bad_dimensions():
    x = fd.zeros(2, 3)
    with pytest.raises(
        ValueError, match=r"logsumexp: dim: expected each dimension once, got \(0, -2\)"
    ):
        fd.logsumexp(x, (0, -2))
    with pytest.raises(IndexError, match=r"logsumexp: dim: expected an int in \[-2, 1\], got 2"):
        fd.logsumexp(x, (0, 2))


def test_backward_kernels_check_their_shapes():
    with pytest.raises(ValueError, match=r"softmax_backward: g: expected shape \(2,\), got \(3,\)"):
        softmax_backward(fd.zeros(3), fd.zeros(2), 0)
    with pytest.raises(
        TypeError, match="log_softmax_backward: g: expected dtype float32, got float64"
    ):
        log_softmax_backward(fd.zeros(2, dtype="float64"), fd.zeros(2), 0)


SHAPES = [(5, 10), (3, 1000), (2, 4097), (2, 16_384), (2, 16_385), (1, 70_001), (7, 3, 33),
          (2, 5, 200), (2, 9000, 17), (1, 8192, 16)]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_past_the_cache(shape, dtype, past_cache):
    """The same bits as through the caches, also of rows that do not fit into the scratch space."""
    rng = np.random.default_rng(1)
    x, g = (fd.tensor(rng.standard_normal(shape).astype(dtype)) for _ in range(2))
    for f in (
        lambda: fd.softmax(x, 1),
        lambda: fd.log_softmax(x, 1),
        lambda: fd.logsumexp(x, 1),
        lambda: softmax_backward(g, x, 1),
        lambda: log_softmax_backward(g, x, 1),
        lambda: fd.softmax(x.reshape(-1)[1:], 0),
        lambda: fd.log_softmax(x.reshape(-1)[1:], 0),
    ):
        both = []
        for on in (False, True):
            with past_cache(on):
                both.append(f().numpy())
        np.testing.assert_array_equal(*both)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_does_not_depend_on_its_place(dtype):
    """Rows are worked on in groups, cut where a range of work begins: the bits do not tell."""
    for n in (1, 3, 16, 37, 300, 1000, 5000):
        x = fd.tensor((np.random.default_rng(n).standard_normal((19, n)) * 4).astype(dtype))
        for f in (fd.softmax, fd.log_softmax, lambda x, dim: fd.logsumexp(x, dim, True)):
            whole = f(x, 1).numpy()
            for i in (0, 1, 7, 18):
                np.testing.assert_array_equal(f(x[i : i + 1], 1).numpy()[0], whole[i])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("top", [0.0, 0.001, -37.3, 88.0, 209.9, -209.9, 210.1, -210.1, 1e4, -1e8])
def test_wherever_the_row_lies(dtype, top):
    """The unit of a row's exponentials changes with its maximum; the error does not."""
    rng = np.random.default_rng(2)
    x = (top - abs(rng.standard_normal((30, 50))) * 20).astype(dtype)
    x[:, 0] = top
    for dim in (1, 0):
        a = x if dim else np.ascontiguousarray(x.T)
        y, log_y, largest, lse = exact(a, dim)
        normal = y > np.finfo(dtype).tiny
        assert largest_ulp_error(fd.softmax(fd.tensor(a), dim).numpy()[normal], y[normal]) <= 2
        assert largest_ulp_error(fd.log_softmax(fd.tensor(a), dim).numpy(), log_y) <= 2.2
        got = fd.logsumexp(fd.tensor(a), dim, keepdim=True).numpy()
        unit = np.spacing(np.maximum(np.maximum(abs(lse), abs(largest)), 1).astype(dtype))
        assert (abs(got - lse) / unit).max() <= 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 10, 1000, 20_000])
def test_confident_rows(n, dtype):
    """What is left beside one large element, however little, keeps its digits."""
    for gap in (5, 12, 16, 20, 30, 60):
        x = np.full((3, n), -gap + 0.3, dtype)
        x[:, 0] = 0.3
        x[1, -1] = 0.3
        for dim in (1, 0):
            a = x if dim else np.ascontiguousarray(x.T)
            got = fd.log_softmax(fd.tensor(a), dim).numpy()
            assert largest_ulp_error(got, exact(a, dim)[1]) <= 2.2


@pytest.mark.parametrize("n", [2, 3, 5, 17, 1000])
def test_elements_that_are_alike(n):
    """Where the errors of exponentials do not cancel in the sum."""
    rng = np.random.default_rng(n)
    for spread, shift in ((0.3, 0), (1, 17), (3, -3), (10, 100)):
        x = (rng.standard_normal((200_000 // n, n)) * spread + shift).astype("float32")
        x[:, 1:] = x[:, 1:2]
        y, log_y = exact(x.astype("float64"), 1)[:2]
        normal = y > np.finfo("float32").tiny
        assert largest_ulp_error(fd.softmax(fd.tensor(x), 1).numpy()[normal], y[normal]) <= 2.5
        assert largest_ulp_error(fd.log_softmax(fd.tensor(x), 1).numpy(), log_y) <= 2


@pytest.mark.parametrize("n", [1 << 17, 1 << 20, (1 << 22) + 5])
def test_long_rows_of_equal_elements(n):
    """What the additions round off has one sign here, and adds up."""
    values = np.random.default_rng(n).uniform(-3, 3, 8).astype("float32")
    for value in values:
        x = fd.full((1, n), float(value))
        y, exact = fd.softmax(x, 1).numpy(), np.float64(1) / n
        ulp = np.spacing(np.float32(exact)).astype("float64")
        assert np.abs(y - exact).max() <= 2.5 * ulp
        expected = float(value) + np.log(np.float64(n))
        ulp = np.spacing(np.float32(expected)).astype("float64")
        assert abs(fd.logsumexp(x, 1).item() - expected) <= 2 * ulp
