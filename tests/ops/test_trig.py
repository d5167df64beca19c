"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn, uniform

nan, inf = np.nan, np.inf
SHAPE = (3, 37)


def inside(*shape):
    return uniform(*shape, low=-0.9, high=0.9)


def above_one(*shape):
    return uniform(*shape, low=1.2, high=5)


CASES = [
    OpCase("sin", fd.sin, [randn(*SHAPE)], np.sin, ulp=2),
    OpCase("cos", fd.cos, [randn(*SHAPE)], np.cos, ulp=2),
    OpCase("tan", fd.tan, [inside(*SHAPE)], np.tan, ulp=2),
    OpCase("asin", fd.asin, [inside(*SHAPE)], np.arcsin, ulp=2),
    OpCase("acos", fd.acos, [inside(*SHAPE)], np.arccos, ulp=2),
    OpCase("atan", fd.atan, [randn(*SHAPE)], np.arctan, ulp=2),
    OpCase("sinh", fd.sinh, [randn(*SHAPE)], np.sinh, ulp=2),
    OpCase("cosh", fd.cosh, [randn(*SHAPE)], np.cosh, ulp=2),
    OpCase("asinh", fd.asinh, [randn(*SHAPE)], np.arcsinh, ulp=2),
    OpCase("acosh", fd.acosh, [above_one(*SHAPE)], np.arccosh, ulp=2),
    OpCase("atanh", fd.atanh, [inside(*SHAPE)], np.arctanh, ulp=2),
]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


EDGES = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 1.5]
HALF_PI = np.pi / 2
AT_EDGES = {
    "sin": [nan, nan, nan, 0.0, -0.0],
    "cos": [nan, nan, nan, 1.0, 1.0],
    "tan": [nan, nan, nan, 0.0, -0.0],
    "asin": [nan, nan, nan, 0.0, -0.0, HALF_PI, -HALF_PI, nan],
    "acos": [nan, nan, nan, HALF_PI, HALF_PI, 0.0, np.pi, nan],
    "atan": [nan, HALF_PI, -HALF_PI, 0.0, -0.0, np.pi / 4, -np.pi / 4],
    "sinh": [nan, inf, -inf, 0.0, -0.0],
    "cosh": [nan, inf, inf, 1.0, 1.0],
    "asinh": [nan, inf, -inf, 0.0, -0.0],
    "acosh": [nan, inf, nan, nan, nan, 0.0, nan],
    "atanh": [nan, nan, nan, 0.0, -0.0, inf, -inf, nan],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", AT_EDGES)
def test_edges(name, dtype):
    expected = np.array(AT_EDGES[name], dtype)
    got = getattr(fd, name)(fd.tensor(EDGES[: len(expected)], dtype=dtype)).numpy()
    np.testing.assert_array_equal(got, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_huge_arguments_beside_small_ones(name, dtype):
    """They take another way, lane by lane: nothing but their own lane sees it."""
    small = np.linspace(-3, 3, 67).astype(dtype)
    f = getattr(fd, name)
    alone = f(fd.tensor(small)).numpy()
    for huge in (1e7, -1e7, 1e22, 3e38, inf, nan):
        for place in (0, 7, 15, 40, 66):
            mixed = small.copy()
            mixed[place] = huge
            got = f(fd.tensor(mixed)).numpy()
            np.testing.assert_array_equal(np.delete(got, place), np.delete(alone, place))
            with np.errstate(invalid="ignore"):
                wide = getattr(np, name)(np.longdouble(mixed[place]))
            np.testing.assert_allclose(got[place], wide.astype(dtype), rtol=2e-7)


def test_reduction_has_all_digits_of_pi():
    """The double nearest to a multiple of π/2 (W. Kahan), and the float32 nearest to one."""
    x = fd.tensor(6381956970095103 * 2.0**797, dtype=fd.float64)
    assert fd.cos(x).item() == pytest.approx(-4.6871659242546277e-19, rel=2e-16)
    assert fd.tan(x).item() == pytest.approx(-2.133485385753704e18, rel=3e-16)
    y = fd.tensor(16367173 * 2.0**72)
    assert fd.cos(y).item() == pytest.approx(np.cos(np.longdouble(16367173) * 2**72), rel=2e-7)
    assert fd.sin(fd.tensor(np.float32(np.pi))).item() == pytest.approx(-8.742278e-8, rel=1e-7)


def derivatives(f, values, dtype="float64"):
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    (g,) = fd.autograd.grad(f(x).sum(), x, create_graph=True)
    (h,) = fd.autograd.grad(g.sum(), x)
    return g.tolist(), h.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_at_edges(dtype):
    """As PyTorch's; where that has 0 · inf, the limit."""
    assert derivatives(fd.asin, [1.0, -1.0], dtype)[0] == [inf, inf]
    assert derivatives(fd.acos, [1.0, -1.0], dtype)[0] == [-inf, -inf]
    assert derivatives(fd.atanh, [1.0, -1.0], dtype)[0] == [inf, inf]
    assert derivatives(fd.acosh, [1.0], dtype)[0] == [inf]
    assert np.isnan(derivatives(fd.acosh, [0.5, -0.5, -1.0, -2.0, -1e30, -inf], dtype)).all()
    for f in (fd.atan, fd.asinh):
        assert derivatives(f, [inf, -inf, 0.0], dtype) == ([0, 0, 1], [0, 0, 0])
    assert derivatives(fd.acosh, [inf], dtype) == ([0], [0])
    assert derivatives(fd.sinh, [0.0, inf, -inf], dtype)[0] == [1, inf, inf]
    assert derivatives(fd.cosh, [0.0, inf, -inf], dtype)[0] == [0, inf, -inf]


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 1e10), ("float64", 1e100)])
def test_slopes_where_the_square_overflows(dtype, scale):
    for power in (1, 2, 3):
        x = scale**power
        g, h = derivatives(fd.asinh, [x, -x], dtype)
        np.testing.assert_allclose(g, [1 / x, 1 / x], rtol=1e-6)
        np.testing.assert_allclose(h, [-1 / x / x, 1 / x / x], rtol=1e-6, atol=1e-37)
        g, h = derivatives(fd.acosh, [x], dtype)
        np.testing.assert_allclose(g + h, [1 / x, -1 / x / x], rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", AT_EDGES)
def test_integers_are_computed_as_float32(name):
    y = getattr(fd, name)(fd.tensor([0, 1]))
    assert y.dtype is fd.float32
    np.testing.assert_array_equal(y.numpy(), getattr(fd, name)(fd.tensor([0.0, 1.0])).numpy())
    assert hasattr(fd.Tensor, name)
