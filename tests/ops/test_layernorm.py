"""Layer normalization, and normalization by the root mean square."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.autograd import grad
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf


def layer(x, weight=None, bias=None, ndim=1, eps=1e-5):
    return F.layer_norm(x, x.shape[x.ndim - ndim :], weight, bias, eps)


def reference(x, weight=None, bias=None, ndim=1, eps=1e-5):
    over = tuple(range(-ndim, 0))
    d = x - x.mean(over, keepdims=True)
    y = d / np.sqrt((d * d).mean(over, keepdims=True) + x.dtype.type(eps))
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def plain(x, weight=None, bias=None, ndim=1, eps=1e-5):
    over = tuple(range(-ndim, 0))
    d = x - x.mean(over, keepdim=True)
    y = d / ((d * d).mean(over, keepdim=True) + eps).sqrt()
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def bias_alone(x, bias):
    return layer(x, None, bias)


def rms(x, weight=None, ndim=1, eps=None):
    return F.rms_norm(x, x.shape[x.ndim - ndim :], weight, eps)


def rms_reference(x, weight=None, ndim=1, eps=None):
    over = tuple(range(-ndim, 0))
    eps = np.finfo("float32" if x.dtype == np.float64 else "float64").eps if eps is None else eps
    y = x / np.sqrt((x * x).mean(over, keepdims=True) + x.dtype.type(eps))
    return y if weight is None else y * weight


ROWS = [randn(5, 37), randn(37), randn(37)]  # full vectors and a tail
CASES = [
    OpCase("affine", layer, ROWS, reference, plain),
    OpCase("plain", layer, ROWS[:1], reference, plain),
    OpCase("weight", layer, ROWS[:2], reference, plain),
    OpCase("bias", bias_alone, ROWS[::2], lambda x, b: reference(x, None, b)),
    OpCase("eps", layer, ROWS, reference, plain, {"eps": 0.5}),
    OpCase("two_dims", layer, [randn(2, 3, 5), randn(3, 5), randn(3, 5)], reference, plain,
           {"ndim": 2}),
    OpCase("all_dims", layer, [randn(3, 5), randn(3, 5)], reference, plain, {"ndim": 2}),
    OpCase("blocks", layer, [randn(300, 3), randn(3), randn(3)], reference, plain),
    OpCase("data", layer, [ROWS[0].constant(), *ROWS[1:]], reference, plain),
    OpCase("bias_needs", layer, [ROWS[0].constant(), ROWS[1].constant(), ROWS[2]], reference),
    OpCase("rms", rms, ROWS[:2], rms_reference, kwargs={"eps": 1e-3}),
    OpCase("rms_two_dims", rms, [randn(2, 3, 5)], rms_reference, kwargs={"ndim": 2, "eps": 0.1}),
]  # fmt: skip


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 1), (7, 2), (70, 15), (9, 16), (5, 33), (300, 64), (3, 1000),
                                   (700, 31), (2, 20_001)])  # fmt: skip
def test_every_length(shape, dtype, past_cache):
    """Values and gradients, also written past the caches: the same bits."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s).astype(dtype) for s in (shape, shape[1], shape[1], shape)]
    arrays[0] += 3
    found = []
    for on in (False, True):
        with past_cache(on):
            x, w, b = (fd.tensor(a).requires_grad_() for a in arrays[:3])
            y = layer(x, w, b)
            y.backward(fd.tensor(arrays[3]))
            found.append([t.numpy().copy() for t in (y.detach(), x.grad, w.grad, b.grad)])
    for through, past in zip(*found, strict=True):
        np.testing.assert_array_equal(through, past)
    x, w, b, g = (a.astype("longdouble") for a in arrays)
    d = x - x.mean(1, keepdims=True)
    inverse = 1 / np.sqrt((d * d).mean(1, keepdims=True) + np.longdouble(1e-5))
    xhat, h = d * inverse, g * w
    dx = (h - h.mean(1, keepdims=True) - xhat * (h * xhat).mean(1, keepdims=True)) * inverse
    tolerance = 16 * np.finfo(dtype).eps
    for got, right in zip(found[0], (xhat * w + b, dx, (g * xhat).sum(0), g.sum(0)), strict=True):
        scale = float(np.abs(right).max()) + float(inverse.max()) * (shape[1] < 3)
        np.testing.assert_allclose(got, right.astype("float64"), atol=tolerance * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variance_far_from_zero(dtype):
    """A mean a million times the deviation; a constant row."""
    x = (np.random.default_rng(0).standard_normal((3, 1000)) + 1e6).astype(dtype)
    x[2] = 1e7 / 3
    y = layer(fd.tensor(x)).numpy()
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(y, reference(x.astype("longdouble")).astype("f8"), atol=tolerance)
    assert (y[2] == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_near_the_largest_number(dtype, past_cache):
    """Values and gradients, also of rows whose differences are no number of the dtype."""
    largest = np.finfo(dtype).max
    rng = np.random.default_rng(0)
    x = np.array(
        [
            rng.standard_normal(37) / 8,
            np.where(np.arange(37) < 36, 1, -1),
            np.arange(37) % 2 * 2 - 1,
            rng.uniform(0.5, 1, 37),
            np.arange(37) == 0,
        ]
    )
    x = (np.clip(x, -1, 1) * largest).astype(dtype)
    w, b, g = (rng.standard_normal(s).astype(dtype) for s in ((37,), (37,), x.shape))
    wide = x.astype("longdouble")
    d = wide - wide.mean(1, keepdims=True)
    inverse = 1 / np.sqrt((d * d).mean(1, keepdims=True))
    xhat, h = d * inverse, (g * w).astype("longdouble")
    dx = (h - h.mean(1, keepdims=True) - xhat * (h * xhat).mean(1, keepdims=True)) * inverse
    for on in (False, True):
        with past_cache(on):
            leaves = [fd.tensor(a).requires_grad_() for a in (x, w, b)]
            y = layer(*leaves)
            y.backward(fd.tensor(g))
        eps = 16 * np.finfo(dtype).eps
        np.testing.assert_allclose(y.detach().numpy(), xhat * w + b, atol=eps * 8)
        scale = float(1 / largest)
        got = leaves[0].grad.numpy().astype("longdouble") / scale
        np.testing.assert_allclose(got.astype("f8"), (dx / scale).astype("f8"), atol=1e-5)
        np.testing.assert_allclose(leaves[1].grad.numpy(), (g * xhat).sum(0), atol=eps * 8)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
@pytest.mark.parametrize("at", [0, 7, 36])
def test_bad_values_stay_in_their_row(bad, at):
    x = np.random.default_rng(0).standard_normal((6, 37))
    good = layer(fd.tensor(x)).numpy()
    x[3, at] = bad
    x = fd.tensor(x).requires_grad_()
    y = layer(x)
    y.backward(fd.ones_like(y) * 2)
    others = np.delete(np.arange(6), 3)
    for rows in (y.detach().numpy(), x.grad.numpy()):
        assert np.isnan(rows[3]).all()
        assert np.isfinite(rows[others]).all()
    np.testing.assert_array_equal(y.detach().numpy()[others], good[others])


def test_known_answer():
    x = fd.tensor([[1.0, 3.0]])
    y = F.layer_norm(x, (2,), fd.tensor([2.0, 3.0]), fd.tensor([0.5, -1.0]), eps=3.0)
    assert y.tolist() == [[-0.5, 0.5]]
    assert F.rms_norm(fd.tensor([[3.0, 4.0]]), (2,), eps=0.0).tolist() == [
        pytest.approx([3 / 12.5**0.5, 4 / 12.5**0.5])
    ]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_up_to_the_third(order):
    rng = np.random.default_rng(2)
    args = [rng.standard_normal(s) for s in [(4, 6), (6,), (6,)]]
    results = []
    for function in (layer, plain):
        leaves = [fd.tensor(a).requires_grad_() for a in args]
        weights = np.random.default_rng(5)
        values = [function(*leaves)]
        for _ in range(order):
            terms = [
                (y * y * y * fd.tensor(weights.standard_normal(y.shape))).sum()
                for y in values
                if y.requires_grad
            ]
            found = grad(sum(terms[1:], terms[0]), leaves, create_graph=True, allow_unused=True)
            values = [g for g in found if g is not None]
        results.append([g.detach().numpy() for g in values])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


def test_nothing_to_normalize():
    assert layer(fd.zeros(0, 3)).shape == (0, 3)
    x, w = fd.zeros(0, 3).requires_grad_(), fd.ones(3).requires_grad_()
    layer(x, w).sum().backward()
    assert x.grad.shape == (0, 3) and w.grad.tolist() == [0, 0, 0]
    assert layer(fd.zeros(3, 0)).shape == (3, 0)


X = fd.ones(4, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ((X, (4,)), ValueError, r"input: expected a shape that ends with normalized_shape \(4\), "),
        ((X, ()), ValueError, "input: expected a shape that ends with normalized_shape"),
        ((X, (2, 4, 3)), ValueError, "input: expected a shape that ends with"),
        ((X, 3), TypeError, "normalized_shape: expected a tuple of ints, got 3"),
        ((X, (3.0,)), TypeError, "normalized_shape: expected a tuple of ints"),
        ((X.long(), (3,)), TypeError, "input: expected dtype float32 or float64, got int64"),
        ((X, (3,), fd.ones(4)), ValueError, r"weight: expected shape \(3,?\), got \(4,?\)"),
        ((X, (3,), fd.ones(3).double()), TypeError, "weight: expected dtype float32"),
    ],
)
def test_bad_arguments(call, error, message):
    for f in (F.layer_norm, F.rms_norm):
        with pytest.raises(error, match=f.__name__ + ": " + message.replace(r"\)", r",?\)")):
            f(*call)


def test_more_bad_arguments():
    with pytest.raises(ValueError, match="layer_norm: bias: expected shape"):
        F.layer_norm(X, (3,), None, fd.ones(1, 3))
    with pytest.raises(ValueError, match="layer_norm: eps: expected"):
        F.layer_norm(X, (3,), eps=-1.0)
    with pytest.raises(ValueError, match="rms_norm: eps: expected"):
        F.rms_norm(X, (3,), eps=-1.0)


# ---- the layers ------------------------------------------------------------------------------


def test_layers():
    x = fd.randn(2, 4, 3)
    for module, shape in ((nn.LayerNorm(3), (3,)), (nn.LayerNorm([4, 3], 0.1), (4, 3))):
        expected = F.layer_norm(x, shape, eps=module.eps)
        np.testing.assert_array_equal(module(x).detach().numpy(), expected.numpy())
        assert list(module.state_dict()) == ["weight", "bias"]
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(3, elementwise_affine=False).state_dict()) == []
    module = nn.RMSNorm(3, dtype=fd.float64)
    np.testing.assert_array_equal(
        module(x.double()).detach().numpy(), F.rms_norm(x.double(), (3,)).numpy()
    )
    with fd.no_grad():
        module.weight.fill_(7.0)
    module.reset_parameters()
    assert module.weight.tolist() == [1, 1, 1]
    assert repr(nn.LayerNorm(3)) == "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.RMSNorm([2, 3])) == "RMSNorm((2, 3), eps=None, elementwise_affine=True)"


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (2.0, TypeError), ((), ValueError)])
def test_bad_sizes(size, error):
    for kind in (nn.LayerNorm, nn.RMSNorm):
        with pytest.raises(error, match=f"{kind.__name__}: normalized_shape: expected"):
            kind(size)


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    x, w, b, g = rng.standard_normal((4, 5, 3, 7))
    for name, args in (("layer_norm", (x, w[0], b[0])), ("rms_norm", (x, w[0]))):
        found = []
        for lib, f in ((fd, getattr(F, name)), (torch, getattr(torch.nn.functional, name))):
            leaves = [lib.tensor(a, requires_grad=True) for a in args]
            y = f(leaves[0], (3, 7), *leaves[1:])
            y.backward(lib.tensor(g))
            found.append([t.detach().numpy() for t in (y, *[leaf.grad for leaf in leaves])])
        for p, q in zip(*found, strict=True):
            np.testing.assert_allclose(p, q, atol=1e-12)
    for make in (lambda n: n.LayerNorm((2, 3), bias=False), lambda n: n.RMSNorm(4, 1e-3)):
        assert repr(make(nn)) == repr(make(torch.nn))
