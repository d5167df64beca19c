"""Activations with parameters, and those that combine several units."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.nn import functional as F
from fastdl.testing import OpCase, distinct, parametrize, positive, randn

nan, inf = np.nan, np.inf
SHAPE = (3, 37)


def drawn(x, lower=0.1, upper=0.4):
    return F.rrelu(x, lower, upper, True, generator=fd.Generator(3))


def slopes(shape, lower=0.1, upper=0.4, dtype="float64"):
    u = fd.rand(shape, generator=fd.Generator(3), dtype=dtype).numpy()
    return u.astype("float64") * (upper - lower) + lower


def elu(x, alpha=1.0):
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def celu(x, alpha=1.0):
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0) / alpha))


def selu(x):
    return x.dtype.type(1.0507009873554804934193349852946) * elu(
        x, 1.6732632423543772848170429916717
    )


def prelu(x, w):
    w = w.reshape((-1,) + (1,) * (x.ndim - 2)) if x.ndim > 1 else w
    return np.where(x > 0, x, w * x)


def glu(x, dim=-1):
    a, b = np.split(x, 2, dim)
    return a / (1 + np.exp(-b))


def maxout(x, pieces, dim=-1):
    x = np.moveaxis(x, dim, -1)
    return np.moveaxis(x.reshape(*x.shape[:-1], x.shape[-1] // pieces, pieces).max(-1), -1, dim)


CASES = [
    OpCase("leaky_relu", F.leaky_relu, [distinct(*SHAPE)],
           lambda x, negative_slope=0.01: np.where(x > 0, x, x.dtype.type(negative_slope) * x)),
    OpCase("leaky_relu_0.2", F.leaky_relu, [distinct(*SHAPE)],
           lambda x, negative_slope: np.where(x > 0, x, x.dtype.type(negative_slope) * x),
           kwargs={"negative_slope": 0.2}),
    OpCase("prelu", F.prelu, [distinct(*SHAPE), positive(37)], prelu),
    OpCase("prelu_one", F.prelu, [distinct(2, 3, 4), positive(1)], prelu, empty=False),
    OpCase("prelu_channels", F.prelu, [distinct(2, 5, 4, 3), positive(5)], prelu),
    OpCase("prelu_vector", F.prelu, [distinct(7), positive(1)], prelu),
    OpCase("rrelu", drawn, [distinct(*SHAPE)], lambda x: np.where(x > 0, x, slopes(x.shape) * x),
           dtypes=["float64"]),  # floats and doubles draw differently
    OpCase("rrelu_eval", F.rrelu, [distinct(*SHAPE)],
           lambda x: np.where(x > 0, x, x.dtype.type((1 / 8 + 1 / 3) / 2) * x)),
    OpCase("elu", F.elu, [distinct(*SHAPE)], elu),
    OpCase("elu_2", F.elu, [distinct(*SHAPE)], elu, kwargs={"alpha": 2.0}),
    OpCase("selu", F.selu, [distinct(*SHAPE)], selu),
    OpCase("celu", F.celu, [distinct(*SHAPE)], celu),
    OpCase("celu_2", F.celu, [distinct(*SHAPE)], celu, kwargs={"alpha": 2.0}),
    OpCase("mish", F.mish, [randn(*SHAPE)], lambda x: x * np.tanh(np.logaddexp(0, x))),
    OpCase("hardtanh", F.hardtanh, [distinct(*SHAPE)], lambda x: np.clip(x, -1, 1), ulp=0),
    OpCase("threshold", F.threshold, [distinct(*SHAPE)],
           lambda x, threshold, value: np.where(x > threshold, x, x.dtype.type(value)), ulp=0.5,
           kwargs={"threshold": 0.25, "value": -3.0}),
    OpCase("hardshrink", F.hardshrink, [distinct(*SHAPE)],
           lambda x, lambd: np.where(abs(x) > lambd, x, 0), ulp=0, kwargs={"lambd": 0.45}),
    OpCase("softshrink", F.softshrink, [distinct(*SHAPE)],
           lambda x, lambd: np.sign(x) * np.maximum(0, abs(x) - x.dtype.type(lambd)),
           kwargs={"lambd": 0.45}),
    OpCase("tanhshrink", F.tanhshrink, [randn(*SHAPE)], lambda x: x - np.tanh(x)),
    OpCase("glu", F.glu, [randn(3, 74)], glu, empty=False),
    OpCase("glu_first", F.glu, [randn(6, 5)], glu, kwargs={"dim": 0}, empty=False),
    OpCase("maxout", F.maxout, [distinct(3, 74)], maxout, kwargs={"pieces": 2}, ulp=0,
           fixed=True),
    OpCase("maxout_middle", F.maxout, [distinct(2, 9, 5)], maxout,
           kwargs={"pieces": 3, "dim": 1}, ulp=0, fixed=True),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# f at nan, inf, -inf, 0, -0, and its slope at inf, -inf, 0.
EDGES = {
    "leaky_relu": (F.leaky_relu, [nan, inf, -inf, 0, 0], [1, 0.01, 0.01]),
    "elu": (F.elu, [nan, inf, -1, 0, 0], [1, 0, 1]),
    "selu": (F.selu, [nan, inf, -1.7580993408473766, 0, 0],
             [1.0507009873554805, 0, 1.7580993408473766]),
    "celu": (lambda x: F.celu(x, 2.0), [nan, inf, -2, 0, 0], [1, 0, 1]),
    "mish": (F.mish, [nan, inf, 0, 0, 0], [1, 0, 0.6]),
    "hardtanh": (F.hardtanh, [nan, 1, -1, 0, 0], [0, 0, 1]),
    "threshold": (lambda x: F.threshold(x, 0.0, 7.0), [nan, inf, 7, 7, 7], [1, 0, 0]),
    "hardshrink": (F.hardshrink, [nan, inf, -inf, 0, 0], [1, 1, 0]),
    "softshrink": (F.softshrink, [nan, inf, -inf, 0, 0], [1, 1, 0]),
    "prelu": (lambda x: F.prelu(x, fd.tensor([0.5], dtype=x.dtype)), [nan, inf, -inf, 0, 0],
              [1, 0.5, 0.5]),
    "rrelu": (lambda x: F.rrelu(x, 0.5, 0.5), [nan, inf, -inf, 0, 0], [1, 0.5, 0.5]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EDGES)
def test_edges(name, dtype):
    f, values, slopes = EDGES[name]
    np.testing.assert_allclose(
        f(fd.tensor([nan, inf, -inf, 0.0, -0.0], dtype=dtype)).numpy(), values, rtol=1e-6
    )
    x = fd.tensor([inf, -inf, 0.0], dtype=dtype, requires_grad=True)
    f(x).backward(fd.ones(3, dtype=dtype))
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f", [lambda x: F.leaky_relu(x, 0.2), F.selu, lambda x: F.celu(x, 2.0)])
def test_past_the_cache(f, dtype, past_cache):
    """The same bits, whatever the alignment, for value and gradient."""
    x = fd.tensor(np.random.default_rng(0).standard_normal(20_000).astype(dtype))
    for length in (*range(1, 40), 8191, 8193, 19_000):
        for offset in (0, 1, 7):
            both = []
            for on in (False, True):
                with past_cache(on):
                    part = x[offset : offset + length].detach().requires_grad_()
                    y = f(part)
                    y.backward(x[-length:])
                    both.append((y.detach().numpy().copy(), part.grad.numpy().copy()))
            np.testing.assert_array_equal(*both)


@pytest.mark.parametrize("f", [F.elu, F.selu, lambda x: F.celu(x, 2.0), F.leaky_relu])
def test_derivatives_up_to_the_third(f):
    """Of exp, below 0, each is known from the first."""
    x = fd.tensor([-2.0, -0.5, 1.0], dtype="float64", requires_grad=True)
    value, found = f(x), []
    for _ in range(3):
        if not value.requires_grad:
            break
        (value,) = fd.autograd.grad(value.sum(), x, create_graph=True)
        found.append(value.detach().numpy())
    if f is F.leaky_relu:
        assert len(found) == 1
        return
    first, second, third = found
    rate = second[0] / first[0]
    np.testing.assert_allclose(second, [first[0] * rate, first[1] * rate, 0], rtol=1e-14)
    np.testing.assert_allclose(third, [second[0] * rate, second[1] * rate, 0], rtol=1e-14)
    assert rate == pytest.approx(1 if f in (F.elu, F.selu) else 0.5)


def test_slopes_at_the_limits_of_hardtanh_are_0():
    x = fd.tensor([-2.0, -1.0, 0.5, 1.0, 2.0], requires_grad=True)
    F.hardtanh(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 1, 0, 0]


def test_an_infinite_input_does_not_spread_to_the_slopes_of_prelu():
    w = fd.tensor([0.5], requires_grad=True)
    F.prelu(fd.tensor([inf, -2.0]), w).sum().backward()
    assert w.grad.tolist() == [-2]


# ---- rrelu -----------------------------------------------------------------------------------


def test_slopes_are_drawn_evenly_and_given_to_the_gradient():
    x = fd.full((100_000,), -1.0).requires_grad_()
    y = F.rrelu(x, 0.1, 0.4, True, generator=fd.Generator(3))
    a = -y.detach().numpy()
    np.testing.assert_allclose(a, slopes((100_000,), dtype="float32"), atol=1e-6)
    assert a.min() >= 0.1 and a.max() < 0.4 + 1e-7 and abs(a.mean() - 0.25) < 0.002
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), a)


def test_every_call_draws():
    fd.manual_seed(0)
    x = fd.full((50,), -1.0)
    first, second = F.rrelu(x, training=True), F.rrelu(x, training=True)
    assert first.tolist() != second.tolist()
    fd.manual_seed(0)
    assert F.rrelu(x, training=True).tolist() == first.tolist()
    layer = nn.RReLU(0.2, 0.6).eval()
    np.testing.assert_allclose(layer(x).numpy(), -0.4, rtol=1e-6)


# ---- maxout ----------------------------------------------------------------------------------


def test_ties_of_maxout_share_the_gradient():
    x = fd.tensor([[1.0, 1.0, 0.0, 3.0]], requires_grad=True)
    y = F.maxout(x, 2)
    assert y.tolist() == [[1, 3]]
    y.sum().backward()
    assert x.grad.tolist() == [[0.5, 0.5, 0, 1]]


def test_maxout_layer():
    fd.manual_seed(0)
    layer, x = nn.Maxout(5, 4, 3), fd.randn(6, 5)
    maps = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    expected = maps.reshape(6, 4, 3).max(-1)
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert layer.weight.shape == (12, 5)
    assert repr(layer) == "Maxout(in_features=5, out_features=4, pieces=3, bias=True)"


# ---- in place, bad arguments -----------------------------------------------------------------

IN_PLACE = {
    "LeakyReLU": (0.2,), "RReLU": (0.1, 0.4), "ELU": (2.0,), "CELU": (2.0,), "SELU": (),
    "Mish": (), "SiLU": (), "ReLU6": (), "Hardsigmoid": (), "Hardswish": (),
    "Hardtanh": (-2.0, 2.0), "Threshold": (0.5, 7.0), "ReLU": (),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    """The same value and gradient as out of place; a leaf is refused."""
    found = []
    for inplace in (False, True):
        layer = getattr(nn, name)(*IN_PLACE[name], inplace=inplace)
        fd.manual_seed(0)
        x = fd.tensor([-4.0, -1.0, 0.25, 2.5, 7.0], requires_grad=True)
        h = x * 1
        y = layer(h)
        assert (y is h) is inplace
        y.sum().backward()
        found.append((y.tolist(), x.grad.tolist()))
        if inplace:
            with pytest.raises(RuntimeError, match="leaf"):
                layer(x)
    assert found[0] == found[1]


X = fd.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.leaky_relu(X.long()), TypeError, "leaky_relu: input: expected dtype float32"),
        (lambda: F.elu(1.0), TypeError, "elu: input: expected a Tensor"),
        (lambda: F.leaky_relu(X, "a"), TypeError, "leaky_relu: negative_slope: expected a number"),
        (lambda: F.celu(X, 0.0), ValueError, "celu: alpha: expected a number"),
        (lambda: F.celu(X, 1e-39), ValueError, "celu: alpha: expected a number"),
        (lambda: F.celu(X.double(), 1e-309), ValueError, "celu: alpha: expected a number"),
        (lambda: F.rrelu(X, 0.5, 0.2), ValueError, "rrelu: lower: expected a number"),
        (lambda: F.hardtanh(X, 2.0, 1.0), ValueError, "hardtanh: min_val: expected a number"),
        (lambda: F.hardshrink(X, -1.0), ValueError, "hardshrink: lambd: expected a number"),
        (lambda: F.softshrink(X, nan), ValueError, "softshrink: lambd: expected a number"),
        (lambda: F.glu(X), ValueError, "glu: input: expected an even size of dimension 1"),
        (lambda: F.glu(X, 2), IndexError, "glu: dim: expected"),
        (lambda: F.maxout(X, 2), ValueError, "maxout: input: expected a multiple of 2"),
        (lambda: F.maxout(X, 0), ValueError, "maxout: pieces: expected at least 1"),
        (lambda: F.prelu(X, fd.ones(2)), ValueError, "prelu: weight: expected 1 or 3 slopes"),
        (
            lambda: F.prelu(X, fd.ones(3).double()),
            TypeError,
            "prelu: weight: expected dtype float32",
        ),
        (lambda: nn.Maxout(3, 2, 0), ValueError, "Maxout: pieces: expected at least 1"),
        (lambda: nn.PReLU(0), ValueError, "PReLU: num_parameters: expected at least 1"),
        (lambda: nn.Hardtanh(2.0, 1.0), ValueError, "Hardtanh: min_val: expected a number"),
        (lambda: nn.Softshrink(-1.0), ValueError, "Softshrink: lambd: expected a number"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- parity with PyTorch ---------------------------------------------------------------------

LAYERS = [
    "SiLU(inplace=True)", "LeakyReLU(0.2)", "LeakyReLU(0.1, True)", "ELU()", "ELU(2.0, True)",
    "SELU()", "SELU(True)", "CELU(2.0)", "Hardtanh(-2.0, 0.5)", "Hardtanh(inplace=True)", "ReLU6()",
    "ReLU6(True)", "Threshold(0.1, 2.0)", "Threshold(0.1, 2.0, True)", "GLU()", "RReLU(0.2, 0.2)",
    "RReLU(inplace=True)", "PReLU()", "PReLU(4)", "Hardshrink()", "Softshrink(0.3)", "Softmin(1)",
    "Mish()", "Hardswish()", "Hardswish(True)", "Hardsigmoid()", "Softsign()", "Tanhshrink()",
    "LogSigmoid()",
]  # fmt: skip


@pytest.mark.parametrize("text", LAYERS)
def test_as_pytorch(text):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((6, 4)) * 3
    found, names = [], []
    for lib, layers in ((fd, nn), (torch, torch.nn)):
        layer = eval(f"n.{text}", {"n": layers})
        names.append((repr(layer), list(layer.state_dict())))
        layer = (layer.double() if lib is torch else layer.to(fd.float64)).eval()
        leaf = lib.tensor(x, requires_grad=True)
        y = layer(leaf * 1)
        (g,) = lib.autograd.grad((y * y).sum(), leaf)
        found.append([t.detach().numpy() for t in (y, g)])
    assert names[0] == names[1]
    rtol = 1e-7 if text == "Hardsigmoid()" else 1e-12  # PyTorch's sixth is a float
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)
