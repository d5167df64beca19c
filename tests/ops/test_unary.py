"""Functions of one tensor."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
import normal
from fastdl.testing import (
    OpCase,
    booleans,
    distinct,
    integers,
    parametrize,
    positive,
    randn,
    uniform,
)

nan, inf = np.nan, np.inf
SHAPE = (3, 37)  # full vectors and a tail in every instruction set


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x, beta=1):
    return np.logaddexp(0, beta * x) / np.asarray(beta, x.dtype)


def silu(x):
    return x / (1 + np.exp(-x))


def relu6(x):
    return np.minimum(np.maximum(x, 0), 6)


CASES = [
    OpCase("neg", fd.neg, [randn(*SHAPE)], np.negative, ulp=0),
    OpCase("abs", fd.abs, [distinct(*SHAPE)], np.abs, ulp=0),
    OpCase("sign", fd.sign, [distinct(*SHAPE)], np.sign, ulp=0),
    OpCase("sqrt", fd.sqrt, [positive(*SHAPE)], np.sqrt, ulp=0.5),
    OpCase("reciprocal", fd.reciprocal, [positive(*SHAPE)], np.reciprocal, ulp=0.5),
    OpCase("exp", fd.exp, [randn(*SHAPE)], np.exp, ulp=2),
    OpCase("rsqrt", fd.rsqrt, [positive(*SHAPE)], lambda x: 1 / np.sqrt(x), ulp=2),
    OpCase("square", fd.square, [randn(*SHAPE)], np.square, ulp=0.5),
    OpCase("exp2", fd.exp2, [randn(*SHAPE)], np.exp2, ulp=2),
    OpCase("log2", fd.log2, [positive(*SHAPE)], np.log2, ulp=2),
    OpCase("log10", fd.log10, [positive(*SHAPE)], np.log10, ulp=2),
    OpCase("log1mexp", fd.log1mexp, [positive(*SHAPE)],
           lambda x: np.log(-np.expm1(-x.astype("longdouble"))), ulp=2),
    OpCase("softplus_inverse", fd.softplus_inverse, [uniform(*SHAPE, low=1, high=3)],
           lambda x: np.log(np.expm1(x.astype("longdouble"))), ulp=2.5),
    OpCase("expm1", fd.expm1, [randn(*SHAPE)], np.expm1, ulp=2),
    OpCase("log", fd.log, [positive(*SHAPE)], np.log, ulp=2),
    OpCase("log1p", fd.log1p, [positive(*SHAPE)], np.log1p, ulp=2),
    OpCase("tanh", fd.tanh, [randn(*SHAPE)], np.tanh, ulp=2),
    OpCase("sigmoid", fd.sigmoid, [randn(*SHAPE)], sigmoid, ulp=2),
    OpCase("relu", fd.relu, [distinct(*SHAPE)], lambda x: np.maximum(x, 0), ulp=0),
    OpCase("softplus", fd.softplus, [randn(*SHAPE)], softplus, ulp=2),
    OpCase("softplus_beta", fd.softplus, [randn(*SHAPE)], softplus, ulp=3, kwargs={"beta": 2.0}),
    OpCase("logsigmoid", fd.logsigmoid, [randn(*SHAPE)], lambda x: -softplus(-x), ulp=2),
    OpCase("gelu", fd.gelu, [randn(*SHAPE)], normal.gelu, ulp=2.25),
    OpCase("gelu_tanh", fd.gelu, [randn(*SHAPE)], lambda x, approximate: normal.gelu_tanh(x), ulp=2,
           kwargs={"approximate": "tanh"}),
    OpCase("relu6", fd.relu6, [distinct(*SHAPE)], relu6, ulp=0),
    OpCase("hardsigmoid", fd.hardsigmoid, [distinct(*SHAPE)], lambda x: relu6(x + 3) / 6, ulp=2),
    OpCase("hardswish", fd.hardswish, [distinct(*SHAPE)], lambda x: x * relu6(x + 3) / 6, ulp=2),
    OpCase("silu", fd.silu, [randn(*SHAPE)], silu, ulp=2),
    OpCase("softsign", fd.softsign, [distinct(*SHAPE)], lambda x: x / (1 + np.abs(x)), ulp=2),
    OpCase("logical_not", fd.logical_not, [booleans(*SHAPE)], np.logical_not, differentiable=False),
    OpCase("neg_scalar", fd.neg, [randn()], np.negative, ulp=0),
    OpCase("exp_1d", fd.exp, [randn(5)], np.exp, ulp=2),
    OpCase("tanh_4d", fd.tanh, [randn(2, 3, 4, 5)], np.tanh, ulp=2),
    OpCase("neg_integer", fd.neg, [integers(*SHAPE, low=-9, high=9)], np.negative),
    OpCase("square_integer", fd.square, [integers(*SHAPE, low=-9, high=9)], np.square),
    OpCase("bitwise_not", fd.bitwise_not, [integers(*SHAPE, low=-9, high=9)], np.invert),
    OpCase("bitwise_not_uint8", fd.bitwise_not,
           [integers(*SHAPE, low=0, high=200, dtype="uint8")], np.invert),
    OpCase("bitwise_not_bool", fd.bitwise_not, [booleans(*SHAPE)], np.logical_not),
    OpCase("abs_integer", fd.abs, [integers(*SHAPE, low=-9, high=9, dtype="int32")], np.abs),
    OpCase("sgn", fd.sgn, [distinct(*SHAPE)], np.sign, ulp=0),
    OpCase("sign_integer", fd.sign, [integers(*SHAPE, low=-9, high=9)], np.sign),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# f(x) for x of EDGES, to the bit (the sign of a zero counts).
EDGES = [nan, inf, -inf, 0.0, -0.0]
AT_EDGES = {
    "neg": [nan, -inf, inf, -0.0, 0.0],
    "abs": [nan, inf, inf, 0.0, 0.0],
    "sign": [nan, 1.0, -1.0, 0.0, -0.0],
    "sqrt": [nan, inf, nan, 0.0, -0.0],
    "reciprocal": [nan, 0.0, -0.0, inf, -inf],
    "rsqrt": [nan, 0.0, nan, inf, -inf],
    "square": [nan, inf, inf, 0.0, 0.0],
    "exp2": [nan, inf, 0.0, 1.0, 1.0],
    "log2": [nan, inf, nan, -inf, -inf],
    "log10": [nan, inf, nan, -inf, -inf],
    "log1mexp": [nan, -0.0, nan, -inf, -inf],
    "softplus_inverse": [nan, inf, nan, -inf, -inf],
    "exp": [nan, inf, 0.0, 1.0, 1.0],
    "expm1": [nan, inf, -1.0, 0.0, -0.0],
    "log": [nan, inf, nan, -inf, -inf],
    "log1p": [nan, inf, nan, 0.0, -0.0],
    "tanh": [nan, 1.0, -1.0, 0.0, -0.0],
    "sigmoid": [nan, 1.0, 0.0, 0.5, 0.5],
    "relu": [nan, inf, 0.0, 0.0, 0.0],
    "softplus": [nan, inf, 0.0, np.log(2.0), np.log(2.0)],
    "logsigmoid": [nan, 0.0, -inf, -np.log(2.0), -np.log(2.0)],
    "gelu": [nan, inf, -0.0, 0.0, -0.0],
    "gelu_tanh": [nan, inf, -0.0, 0.0, -0.0],
    "relu6": [nan, 6.0, 0.0, 0.0, 0.0],
    "hardsigmoid": [nan, 1.0, 0.0, 0.5, 0.5],
    "hardswish": [nan, inf, -0.0, 0.0, -0.0],
    "silu": [nan, inf, -0.0, 0.0, -0.0],
    "softsign": [nan, 1.0, -1.0, 0.0, -0.0],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", AT_EDGES)
def test_edges(name, dtype):
    x, expected = np.array(EDGES, dtype), np.array(AT_EDGES[name], dtype)
    got = getattr(fd._C, name)(fd.tensor(x)).numpy()
    np.testing.assert_array_equal(got, expected)
    zero = expected == 0
    if name != "logsigmoid":  # -softplus(-inf) is -0
        np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("name", ["relu6", "hardsigmoid", "hardswish", "silu"])
def test_in_place(name):
    """The same value and gradient; a leaf is refused."""
    f, values = getattr(fd, name), [-4.0, -1.0, 0.5, 2.0, 7.0]
    x = fd.tensor(values, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        f(x, inplace=True)
    h = x * 1
    y = f(h, inplace=True)
    assert y is h and y.tolist() == f(x.detach()).tolist()
    y.sum().backward()
    assert x.grad.tolist() == gradient(f, values, "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_below_the_domain_is_nan(dtype):
    for f in (fd.log, fd.sqrt, lambda x: fd.log1p(x - 1)):
        assert np.isnan(f(fd.tensor([-1e-30, -1.0, -1e30], dtype=dtype)).numpy()[1:]).all()
    assert fd.log1p(fd.tensor(-1.0, dtype=dtype)).item() == -inf


def gradient(f, values, dtype="float64"):
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    y = f(x)
    y.backward(fd.ones_like(y))
    return x.grad.tolist()


def test_gradients_at_edges():
    assert gradient(fd.relu, [-1.0, 0.0, 2.0, -inf, inf]) == [0, 0, 1, 0, 1]
    assert gradient(fd.abs, [-2.0, 0.0, 2.0]) == [-1, 0, 1]
    assert gradient(fd.sqrt, [0.0, 4.0]) == [inf, 0.25]
    assert gradient(fd.exp, [-inf, 0.0]) == [0, 1]
    assert gradient(fd.log, [0.5]) == [2]
    assert gradient(fd.tanh, [-inf, inf, 0.0]) == [0, 0, 1]
    assert gradient(fd.sigmoid, [-inf, inf, 0.0]) == [0, 0, 0.25]
    assert gradient(fd.softplus, [-inf, inf, 0.0]) == [0, 1, 0.5]
    assert gradient(fd.logsigmoid, [-inf, inf, 0.0]) == [1, 0, 0.5]
    assert gradient(fd.relu6, [-1.0, 0.0, 3.0, 6.0, 7.0, -inf, inf]) == [0, 0, 1, 0, 0, 0, 0]
    assert gradient(fd.hardsigmoid, [-3.0, 0.0, 3.0, -inf, inf]) == [0, 1 / 6, 0, 0, 0]
    assert gradient(fd.hardswish, [-3.0, 0.0, 3.0, -inf, inf]) == [0, 0.5, 1, 0, 1]
    assert gradient(fd.silu, [-inf, inf, 0.0]) == [0, 1, 0.5]
    assert gradient(fd.softsign, [-inf, inf, 0.0]) == [0, 0, 1]
    for approximate in ("none", "tanh"):
        assert gradient(lambda x, a=approximate: fd.gelu(x, a), [-inf, inf, 0.0]) == [0, 1, 0.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_derivatives_of_gelu(approximate, dtype):
    """To the second order, also where x² overflows and at 0, where Φ(x) is not gelu(x) / x."""
    values = [-inf, -1e30, -50.0, -2.0, 0.0, 1e-30, 2.0, 50.0, 1e30, inf]
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    (g,) = fd.autograd.grad(fd.gelu(x, approximate).sum(), x, create_graph=True)
    (h,) = fd.autograd.grad(g.sum(), x)
    density = np.exp(-0.5 * 2.0**2) / np.sqrt(2 * np.pi)
    cdf = normal.normal_cdf(np.array([-2.0, 2.0]))
    first = [0, 0, 0, cdf[0] - 2 * density, 0.5, 0.5, cdf[1] + 2 * density, 1, 1, 1]
    peak = 2 / np.sqrt(2 * np.pi)
    second = [0, 0, 0, -2 * density, peak, peak, -2 * density, 0, 0, 0]
    loose = 0.01 if approximate == "tanh" else 1e-6
    np.testing.assert_allclose(g.detach().numpy(), first, rtol=0, atol=loose)
    np.testing.assert_allclose(h.numpy(), second, rtol=0, atol=loose)
    nan_g = gradient(lambda x: fd.gelu(x, approximate), [nan, 1.0], dtype)
    assert np.isnan(nan_g).tolist() == [True, False]


def test_gelu_keeps_its_digits_in_the_negative_tail():
    """x (1 + erf(x / √2)) / 2 would be -0 from about -5.5 (float64 -8.4) on."""
    x = np.array([-6.0, -9.0, -13.0])
    for dtype, rtol in (("float32", 3e-7), ("float64", 5e-16)):
        got = fd.gelu(fd.tensor(x, dtype=dtype)).numpy()
        np.testing.assert_allclose(got, normal.gelu(x.astype(np.longdouble)).astype("f8"), rtol)


def test_slope_of_gelu_at_subnormals():
    for dtype, tiny in (("float32", 1.4e-45), ("float64", 5e-324)):
        assert gradient(fd.gelu, [tiny, -tiny, 3 * tiny, 1e-30], dtype) == [0.5] * 4


def test_gelu_of_an_unknown_kind():
    with pytest.raises(ValueError, match="gelu: approximate: expected 'none' or 'tanh', got 'erf'"):
        fd.gelu(fd.zeros(2), "erf")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["neg", "exp", "gelu"])
def test_past_the_cache(name, dtype, past_cache):
    """The same bits, whatever the alignment, and nothing outside."""
    f = getattr(fd, name)
    x = fd.tensor(np.random.default_rng(0).standard_normal(20_000).astype(dtype))
    for length in (*range(1, 40), 8191, 8193, 20_000):
        for offset in (0, 1, 7):
            part = x[offset : offset + length]
            both = []
            for on in (False, True):
                with past_cache(on):
                    both.append(f(part).numpy())
            np.testing.assert_array_equal(*both)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_expm1_and_log1mexp_near_their_turns(dtype):
    """Value and gradient near 0, where exp(x) - 1 and 1 - exp(-x) cancel, and near log 2, where the
    two usual formulas of log1mexp meet."""
    rtol = 4 * np.finfo(dtype).eps
    tiny = [1e-30, 1e-10, 1e-5, 1e-2]
    wide = np.array(tiny, "longdouble")
    np.testing.assert_allclose(fd.expm1(fd.tensor(tiny, dtype=dtype)).numpy(),
                               np.expm1(np.array(tiny, dtype)), rtol=rtol)  # fmt: skip
    np.testing.assert_allclose(gradient(fd.expm1, tiny, dtype), np.exp(wide).astype("f8"), rtol)
    x = np.array([*tiny, *np.log(2) * (1 + np.array([-1e-3, -1e-7, 0, 1e-7, 1e-3])), 1.4, 5], dtype)
    wide = x.astype("longdouble")
    value = np.log(-np.expm1(-wide))
    np.testing.assert_allclose(fd.log1mexp(fd.tensor(x)).numpy(), value.astype("f8"), rtol)
    slope = (np.exp(-wide) / -np.expm1(-wide)).astype("f8")
    np.testing.assert_allclose(gradient(fd.log1mexp, x, dtype), slope, rtol=rtol)


def derivatives(f, values, dtype):
    x = fd.tensor(values, dtype=dtype, requires_grad=True)
    (g,) = fd.autograd.grad(f(x).sum(), x, create_graph=True)
    (h,) = fd.autograd.grad(g.sum(), x)
    return g.tolist(), h.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_second_derivatives_at_edges(dtype):
    assert derivatives(fd.rsqrt, [0.0, 1.0, inf], dtype) == ([-inf, -0.5, 0], [inf, 0.75, 0])
    assert derivatives(fd.square, [0.0, inf], dtype) == ([0, inf], [2, 2])
    assert derivatives(fd.log1mexp, [0.0, inf, 1e4], dtype) == ([inf, 0, 0], [-inf, 0, 0])
    assert derivatives(fd.softplus_inverse, [0.0, inf], dtype)[0] == [inf, 1]
    for f in (fd.log2, fd.log10):
        assert derivatives(f, [0.0, inf], dtype) == ([inf, 0], [-inf, 0])
    assert derivatives(fd.exp2, [-inf, inf], dtype) == ([0, inf], [0, inf])


def test_powers_are_exact():
    for dtype in ("float32", "float64"):
        n = np.arange(-120.0, 120, dtype=dtype)
        powers = fd.exp2(fd.tensor(n))
        np.testing.assert_array_equal(powers.numpy(), np.ldexp(np.ones_like(n), n.astype(int)))
        np.testing.assert_array_equal(fd.log2(powers).numpy(), n)
    tens = fd.tensor(10.0 ** np.arange(23), dtype=fd.float64)
    np.testing.assert_array_equal(fd.log10(tens).numpy(), np.arange(23))


def test_softplus_inverse_inverts():
    x = fd.tensor([-40.0, -3.0, -0.1, 0.0, 0.1, 2.0, 50.0], dtype=fd.float64)
    np.testing.assert_allclose(fd.softplus_inverse(fd.softplus(x)).numpy(), x.numpy(), atol=4e-16,
                               rtol=1e-15)  # fmt: skip


def test_bitwise_not_of_floats_is_an_error():
    with pytest.raises(TypeError, match=r"bitwise_not.*float32"):
        fd.bitwise_not(fd.tensor([1.0]))
    assert (~fd.tensor([0, 5])).tolist() == [-1, -6]


def test_relu_passes_nan_and_its_gradient_reaches_it():
    assert np.isnan(fd.relu(fd.tensor([nan])).item())


def test_saturated_gradients_are_exact_in_float32():
    """y (1 - y) of a saturated sigmoid would be 0 much too early on the negative side."""
    x = [-80.0, -30.0, -10.0]
    got = gradient(fd.sigmoid, x, "float32")
    np.testing.assert_allclose(got, np.exp(x) / (1 + np.exp(x)) ** 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "dtype", "result"),
    [
        ("exp", "int64", "float32"),
        ("exp", "bool", "float32"),
        ("sqrt", "uint8", "float32"),
        ("log", "int32", "float32"),
        ("neg", "int32", "int32"),
        ("abs", "uint8", "uint8"),
        ("relu", "int64", "int64"),
        ("sign", "int32", "int32"),
        ("logical_not", "float32", "bool"),
        ("logical_not", "int64", "bool"),
    ],
)
def test_integers(name, dtype, result):
    values = np.array([0, 1, 1], dtype)
    y = getattr(fd, name)(fd.tensor(values))
    assert y.dtype is getattr(fd, result)
    with np.errstate(divide="ignore"):
        expected = {
            "relu": lambda x: x,
            "neg": np.negative,
            "sign": np.sign,
        }.get(name) or getattr(np, {"neg": "negative"}.get(name, name))
        wide = values.astype("float32") if result == "float32" else values
        np.testing.assert_allclose(y.numpy(), expected(wide), rtol=1e-6)


def test_uint8_wraps():
    assert fd.neg(fd.tensor([0, 1, 255], dtype=fd.uint8)).tolist() == [0, 255, 1]


def test_neg_of_bool_is_an_error():
    with pytest.raises(TypeError, match=r"neg.*bool"):
        fd.neg(fd.tensor([True]))


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_softplus_around_pytorchs_threshold_in_float64(beta):
    """PyTorch returns x from beta x = 20 on: wrong by 2e-9, and a slope of 1.  This is exact."""
    x = np.array([19.9, np.nextafter(20, 0), 20.0, np.nextafter(20, 30), 20.1, 30.0, 36.7]) / beta
    wide = x.astype(np.longdouble) * beta
    exact = (wide + np.log1p(np.exp(-wide))) / beta
    got = fd.softplus(fd.tensor(x), beta).numpy()
    assert (np.abs(got - exact) <= 2 * np.spacing(x)).all()
    assert (got > x)[:6].all()
    assert (np.diff(got) >= 0).all()
    slopes = gradient(lambda t: fd.softplus(t, beta), x)
    np.testing.assert_allclose(1 - np.array(slopes), 1 / (1 + np.exp(x * beta)), rtol=0, atol=2e-16)


def test_softplus_beta_must_be_positive():
    with pytest.raises(ValueError, match=r"softplus: beta.*above 0.*-1"):
        fd.softplus(fd.tensor([1.0]), beta=-1)
    with pytest.raises(ValueError, match="softplus: beta"):
        fd.softplus(fd.tensor([1.0]), beta=nan)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1)])
def test_shapes(shape):
    y = fd.exp(fd.zeros(shape))
    assert y.shape == shape
    assert np.array_equal(y.numpy(), np.ones(shape, "float32"))


def test_not_a_tensor():
    for value in (1.0, None, [1.0], np.ones(2)):
        with pytest.raises(TypeError):
            fd.exp(value)


def test_operators():
    x = fd.tensor([-1.5, 2.0])
    assert (-x).tolist() == [1.5, -2.0]
    assert abs(x).tolist() == [1.5, 2.0]
    assert (+x) is x
    assert (~fd.tensor([True, False])).tolist() == [False, True]
