"""Batch normalization of three to five dimensions."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.autograd import grad
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, positive, randn

nan = np.nan


def per_channel(a, ndim):
    return a.reshape((-1,) + (1,) * (ndim - 2))


def reference(x, weight=None, bias=None, relu=False, eps=1e-5, mean=None, var=None):
    over = (0, *range(2, x.ndim))
    mean = x.mean(over) if mean is None else mean
    d = x - per_channel(mean, x.ndim)
    var = (d * d).mean(over) if var is None else var
    y = d / per_channel(np.sqrt(var + x.dtype.type(eps)), x.ndim)
    y = y if weight is None else y * per_channel(weight, x.ndim)
    y = y if bias is None else y + per_channel(bias, x.ndim)
    return np.maximum(y, 0) if relu else y


def train(x, weight=None, bias=None, relu=False, eps=1e-5):
    return F.batch_norm(x, None, None, weight, bias, True, 0.1, eps, relu=relu)


def evaluate(x, mean, var, weight=None, bias=None):
    return F.batch_norm(x, mean, var, weight, bias)


def plain(x, weight=None, bias=None, relu=False, eps=1e-5):
    over = (0, *range(2, x.ndim))
    shape = (-1,) + (1,) * (x.ndim - 2)
    d = x - x.mean(over, keepdim=True)
    y = d / ((d * d).mean(over, keepdim=True) + eps).sqrt()
    y = y if weight is None else y * weight.reshape(shape)
    y = y if bias is None else y + bias.reshape(shape)
    return y.relu() if relu else y


def of(*shape):
    return [randn(*shape), randn(shape[1]), randn(shape[1])]


CASES = [
    OpCase("lines", train, of(4, 5, 7), reference, plain, empty=False),
    OpCase("images", train, of(3, 5, 4, 7), reference, plain, empty=False),
    OpCase("images_relu", train, of(3, 5, 4, 7), reference, plain, {"relu": True}, empty=False,
           fixed=True),
    OpCase("images_plain", train, of(3, 5, 4, 7)[:1], reference, plain, empty=False),
    OpCase("volumes", train, of(2, 5, 3, 4, 6), reference, plain, empty=False),
    OpCase("eval", evaluate, [randn(3, 5, 4, 7), randn(5).constant(), positive(5).constant(),
                              randn(5), randn(5)],
           lambda x, mean, var, w, b: reference(x, w, b, mean=mean, var=var)),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


SHAPES = [(6, 3, 5), (4, 3, 2, 5), (2, 3, 4, 2, 5)]


@pytest.mark.parametrize("shape", SHAPES)
def test_channels_last_in_memory(shape):
    """The same values and gradients; the result lies as the input does."""
    rng = np.random.default_rng(0)
    a, g = rng.standard_normal((2, *shape))
    last = (0, *range(2, len(shape)), 1)
    first = (0, len(shape) - 1, *range(1, len(shape) - 1))
    found = []
    for strided in (False, True):
        x = fd.tensor(np.ascontiguousarray(a.transpose(last)) if strided else a).requires_grad_()
        w = fd.tensor([1.0, 2.0, 3.0], dtype="float64", requires_grad=True)
        y = train(x.permute(first) if strided else x, w)
        assert y.is_contiguous() is not strided
        assert y.permute(last).is_contiguous() is strided
        y.backward(fd.tensor(g))
        dx = x.grad.numpy().transpose(first) if strided else x.grad.numpy()
        found.append([y.detach().numpy(), dx, w.grad.numpy()])
    for p, q in zip(*found, strict=True):
        np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variance_far_from_zero(dtype):
    """A mean a million times the deviation, where E[x²] − E[x]² gives NaN; a constant channel."""
    x = (np.random.default_rng(0).standard_normal((10, 3, 10, 10)) + 1e6).astype(dtype)
    x[:, 2] = 1e7 / 3
    with np.errstate(invalid="ignore"):
        squares = (x * x).mean((0, 2, 3)) - x.mean((0, 2, 3)) ** 2
    assert dtype == "float64" or (np.abs(squares[:2] - 1) > 0.5).all()  # no digit is right
    mean, var = fd.zeros(3, dtype=dtype), fd.zeros(3, dtype=dtype)
    y = F.batch_norm(fd.tensor(x), mean, var, training=True, momentum=1.0).numpy()
    wide = x.astype("longdouble")
    exact = wide.var((0, 2, 3), ddof=1).astype("float64")
    np.testing.assert_allclose(var.numpy()[:2], exact[:2], rtol=max(np.finfo(dtype).eps, 1e-12))
    assert var.numpy()[2] == 0 and (y[:, 2] == 0).all()
    tolerance = 1e-6 if dtype == "float32" else 1e-9
    np.testing.assert_allclose(y, reference(wide).astype("float64"), atol=tolerance)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_up_to_the_third(order, relu):
    """Mixed ones, each against the composition in plain ops."""
    rng = np.random.default_rng(2)
    args = [rng.standard_normal(s) for s in [(3, 2, 3, 2), (2,), (2,)]]
    results = []
    for function in (train, plain):
        leaves = [fd.tensor(a).requires_grad_() for a in args]
        weights = np.random.default_rng(5)
        values = [function(*leaves, relu=relu)]
        for _ in range(order):
            terms = [
                (y * y * y * fd.tensor(weights.standard_normal(y.shape))).sum()
                for y in values
                if y.requires_grad
            ]
            found = grad(sum(terms[1:], terms[0]), leaves, create_graph=True, allow_unused=True)
            values = [g for g in found if g is not None]
        results.append([g.detach().numpy() for g in values])
    assert len(results[0]) == len(results[1]) == 3
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


def test_a_bad_value_stays_in_its_channel():
    x = np.random.default_rng(0).standard_normal((4, 3, 5, 5))
    good = train(fd.tensor(x)).numpy()
    x[2, 1, 3, 3] = nan
    y = train(fd.tensor(x)).numpy()
    assert np.isnan(y[:, 1]).all()
    np.testing.assert_array_equal(y[:, [0, 2]], good[:, [0, 2]])


@pytest.mark.parametrize(("layer", "shape"), [(nn.BatchNorm1d, (4, 3)), (nn.BatchNorm1d, (4, 3, 5)),
                                              (nn.BatchNorm2d, (4, 3, 5, 2)),
                                              (nn.BatchNorm3d, (4, 3, 5, 2, 2))])  # fmt: skip
def test_layers(layer, shape):
    x = np.random.default_rng(0).standard_normal(shape).astype("float32") * 4 + 2
    module = layer(3)
    np.testing.assert_allclose(module(fd.tensor(x)).detach().numpy(), reference(x), atol=1e-5)
    over = (0, *range(2, x.ndim))
    np.testing.assert_allclose(module.running_mean.numpy(), 0.1 * x.mean(over), rtol=1e-5)
    np.testing.assert_allclose(
        module.running_var.numpy(), 0.9 + 0.1 * x.var(over, ddof=1), rtol=1e-5
    )
    assert module.num_batches_tracked.item() == 1
    mean, var = module.running_mean.numpy(), module.running_var.numpy()
    np.testing.assert_allclose(
        module.eval()(fd.tensor(x)).detach().numpy(), reference(x, mean=mean, var=var), atol=1e-5
    )
    assert layer(3, bias=False).bias is None
    name = layer.__name__
    for bad in ((3, 4, *shape[2:]), (4, 3, 2, 2, 2, 2), (3,)):
        with pytest.raises(ValueError, match=rf"{name}: input: expected shape \(batch, 3"):
            module(fd.ones(bad))
    with pytest.raises(ValueError, match=f"{name}: num_features: expected at least 1"):
        layer(0)


def test_one_value_of_a_channel():
    mean = fd.zeros(3)
    for shape in ((1, 3, 1), (1, 3, 1, 1), (0, 3, 2), (2, 3, 0)):
        with pytest.raises(ValueError, match="batch_norm: input: expected at least 2 values"):
            F.batch_norm(fd.ones(shape), mean, fd.ones(3), training=True)
    assert mean.tolist() == [0, 0, 0]
    assert F.batch_norm(fd.ones(1, 3, 1), mean, fd.ones(3)).shape == (1, 3, 1)
    assert F.batch_norm(fd.ones(0, 3, 2), mean, fd.ones(3)).shape == (0, 3, 2)
    assert train(fd.ones(2, 0, 2)).shape == (2, 0, 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_torch(shape, training):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    x, g = rng.standard_normal((2, *shape))
    statistics = [rng.standard_normal(3), rng.uniform(0.5, 2, 3)]
    affine = rng.standard_normal((2, 3))
    found = []
    for lib, f in ((fd, F.batch_norm), (torch, torch.nn.functional.batch_norm)):
        leaves = [lib.tensor(a, requires_grad=True) for a in (x, *affine)]
        running = [lib.tensor(a) for a in statistics]
        y = f(leaves[0], *running, *leaves[1:], training, 0.3)
        y.backward(lib.tensor(g))
        found.append([t.detach().numpy() for t in (y, *running, *[leaf.grad for leaf in leaves])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_names_and_repr_are_those_of_torch():
    torch = pytest.importorskip("torch")
    for make in (lambda n: n.BatchNorm1d(3), lambda n: n.BatchNorm2d(3, affine=False),
                 lambda n: n.BatchNorm3d(3, 1e-3, None, bias=False)):  # fmt: skip
        ours, theirs = make(nn), make(torch.nn)
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
