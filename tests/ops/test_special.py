"""Error functions, the gamma function's logarithm and its derivatives, the logit."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import fastdl as fd
import references
from fastdl.testing import OpCase, parametrize, positive, randn, uniform

nan, inf = np.nan, np.inf
SHAPE = (3, 37)


def inside(*shape):
    return uniform(*shape, low=-0.9, high=0.9)


def reference(name):
    """In float32 SciPy's own (`OpCase` asks for NumPy's error in the dtype)."""
    wide = getattr(references, name)
    return lambda x: wide(x) if x.dtype != np.float32 else wide(x.astype("f8")).astype("f4")


def polygamma(n):
    def f(x):
        return scipy.special.polygamma(n, x.astype("f8")).astype(x.dtype)

    return OpCase(f"polygamma_{n}", lambda x: fd.polygamma(n, x), [positive(*SHAPE)], f, ulp=16)


FMA = fd._C.isa() != "baseline"  # csrc/core/special.h states both bounds

CASES = [
    OpCase("erf", fd.erf, [randn(*SHAPE)], reference("erf"), ulp=2),
    OpCase("erfc", fd.erfc, [randn(*SHAPE)], reference("erfc"), ulp=2 if FMA else 3),
    OpCase("erfinv", fd.erfinv, [inside(*SHAPE)], reference("erfinv"), ulp=2),
    OpCase("lgamma", fd.lgamma, [uniform(*SHAPE, low=2.2, high=20)], reference("lgamma"), ulp=3),
    OpCase("digamma", fd.digamma, [uniform(*SHAPE, low=3, high=20)], reference("digamma"), ulp=4),
    OpCase("logit", fd.logit, [uniform(*SHAPE, low=0.1, high=0.9)],
           lambda x: 2 * np.arctanh(2 * x.astype("longdouble") - 1), ulp=4),
    *[polygamma(n) for n in (1, 2, 3)],
    OpCase("sinc", fd.sinc, [randn(*SHAPE)], reference("sinc"), ulp=3),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


EDGES = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 1.5, -2.0]
AT_EDGES = {
    "erf": [nan, 1.0, -1.0, 0.0, -0.0],
    "erfc": [nan, 0.0, 2.0, 1.0, 1.0],
    "erfinv": [nan, nan, nan, 0.0, -0.0, inf, -inf, nan, nan],
    "lgamma": [nan, inf, inf, inf, inf, 0.0, inf, np.log(np.pi / 4) / 2, inf],
    "digamma": [nan, inf, nan, -inf, inf, -np.euler_gamma, nan, 0.03648997397857652, nan],
    "logit": [nan, nan, nan, -inf, -inf, inf, nan, nan, nan],
    "sinc": [nan, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, -2 / (3 * np.pi), 0.0],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", AT_EDGES)
def test_edges(name, dtype):
    expected = np.array(AT_EDGES[name], dtype)
    got = getattr(fd, name)(fd.tensor(EDGES[: len(expected)], dtype=dtype)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-14 if dtype == "float64" else 1e-7)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


def test_erfc_keeps_its_digits():
    """1 - erf(x) would be 0 from about 6 on."""
    x = fd.tensor([3.0, 9.0, 26.0], dtype=fd.float64)
    expected = [2.209049699858544e-05, 4.13703174651381e-37, 5.663192408856143e-296]
    np.testing.assert_allclose(fd.erfc(x).numpy(), expected, rtol=4e-16)
    np.testing.assert_allclose(fd.erfc(x.float()).numpy()[:2], expected[:2], rtol=2e-7)


def derivatives(f, values, dtype="float64"):
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    (g,) = fd.autograd.grad(f(x).sum(), x, create_graph=True)
    (h,) = fd.autograd.grad(g.sum(), x)
    return g.tolist(), h.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_at_edges(dtype):
    for f in (fd.erf, fd.erfc):
        g, h = derivatives(f, [inf, -inf, 1e30, -50.0], dtype)
        assert g == [0] * 4 and h == [0] * 4
    g, h = derivatives(fd.erfinv, [1.0, -1.0, 0.0], dtype)
    assert g[:2] == [inf, inf] and h == [inf, -inf, 0]
    assert g[2] == pytest.approx(np.sqrt(np.pi) / 2)
    assert derivatives(fd.lgamma, [inf], dtype) == ([inf], [0])
    assert derivatives(fd.lgamma, [1.0], dtype)[0][0] == pytest.approx(-np.euler_gamma)


def test_polygamma_of_negative_arguments():
    """By reflection; values computed to 30 digits."""
    x = fd.tensor([-0.5, -1.25, -7.75], dtype=fd.float64)
    for n, expected in {
        0: [0.03648997397857652, 3.714139120213528, -1.0307688328309315],
        1: [8.934802200544679, 19.181879647671607, 19.61814433435229],
        2: [-0.82879664423432, 123.72136678366236, -124.03974558822776],
        3: [193.40909103400244, 1558.2209125348506, 1558.5419205916066],
    }.items():
        np.testing.assert_allclose(fd.polygamma(n, x).numpy(), expected, rtol=1e-13, atol=1e-13)


POLYGAMMA = [
    (30, -0.5, -9.222127066162056e26),
    (30, -0.3, 4.2943869916847625e48),
    (30, -7.25, 1.2232629049437595e51),
    (100, -0.5, -1.5303349262176004e140),
    (100, 0.1, -9.332621544394363e258),
    (10, 100.0, -3.8135655355681386e-15),
    (30, 10.0, -28.00901586423282),
    (60, 1.5, -1.5087179138556403e71),
]


def test_polygamma_at_poles_and_infinity():
    x = fd.tensor([0.0, -1.0, inf], dtype=fd.float64)
    first = fd.polygamma(1, x).tolist()
    assert first[0] == inf and first[2] == 0
    assert fd.polygamma(2, x).tolist()[0] == -inf


def test_polygamma_as_a_method_and_wrong_orders():
    x = fd.tensor([2.0])
    assert x.polygamma(1).item() == fd.polygamma(1, x).item() == pytest.approx(np.pi**2 / 6 - 1)
    for n, error in ((-1, ValueError), (101, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="polygamma: n: expected"):
            fd.polygamma(n, x)


def test_polygamma_of_high_orders():
    """Values computed to 60 digits."""
    for n, x, expected in POLYGAMMA:
        y = fd.tensor(x, dtype=fd.float64, requires_grad=True)
        z = fd.polygamma(n, y)
        assert z.item() == pytest.approx(expected, rel=4e-16 * (n + 8))
        assert fd.autograd.grad(z, y)[0].isnan().item() is False


def test_logit_of_integers_and_bools():
    assert (
        str(fd.logit(fd.tensor([0, 1, 2, 3], dtype=fd.uint8)).tolist()) == "[-inf, inf, nan, nan]"
    )
    assert fd.logit(fd.tensor([False, True])).tolist() == [-inf, inf]


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
def test_slope_of_logit_at_edges(dtype):
    """NaN where the value is."""
    x = fd.tensor([0.0, -0.0, 1.0, 0.5, -1.0, 2.0, inf, -inf, nan], dtype=dtype, requires_grad=True)
    fd.logit(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [inf, inf, inf, 4, nan, nan, nan, nan, nan])


def test_logit():
    x = fd.tensor([0.0, 1e-30, 0.5, 1.0, 0.5 + 2**-20], dtype=fd.float64)
    got = fd.logit(x).numpy()
    np.testing.assert_allclose(got, [-inf, np.log(1e-30), 0, inf, 2**-18], rtol=1e-11)
    y = fd.tensor([0.0, 0.3, 1.0], requires_grad=True)
    z = fd.logit(y, eps=0.1)
    z.sum().backward()
    np.testing.assert_allclose(z.detach().numpy(), np.log([1 / 9, 3 / 7, 9]), rtol=1e-6)
    np.testing.assert_allclose(y.grad.numpy(), [0, 1 / 0.21, 0], rtol=1e-6)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "lgamma", "digamma"])
def test_integers_are_computed_as_float32(name):
    y = getattr(fd, name)(fd.tensor([0, 1]))
    assert y.dtype is fd.float32
    np.testing.assert_array_equal(y.numpy(), getattr(fd, name)(fd.tensor([0.0, 1.0])).numpy())


def test_the_namespace():
    from fastdl import special

    for name in special.__all__:
        assert callable(getattr(special, name))
    x = fd.tensor([0.3])
    assert special.expit(x).item() == fd.sigmoid(x).item()
    assert special.gammaln(x).item() == fd.lgamma(x).item()
