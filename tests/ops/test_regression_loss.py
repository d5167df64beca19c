"""l1_loss, huber_loss, smooth_l1_loss."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf
REDUCE = {"none": lambda x: x, "sum": np.sum, "mean": np.mean}


def l1(x, t, reduction="mean"):
    return REDUCE[reduction](abs(x - t))


def huber(x, t, reduction="mean", delta=1.0):
    d, delta = abs(x - t), x.dtype.type(delta)
    return REDUCE[reduction](np.where(d <= delta, d * d / 2, delta * (d - delta / 2)))


def smooth(x, t, reduction="mean", beta=1.0):
    return huber(x, t, reduction, beta) / x.dtype.type(beta)


PAIR = [randn(3, 37), randn(3, 37)]
CASES = [
    OpCase(f"{f.__name__}_{reduction}", f, PAIR, reference, kwargs={"reduction": reduction, **more})
    for f, reference, more in (
        (F.l1_loss, l1, {}),
        (F.huber_loss, huber, {"delta": 0.7}),
        (F.smooth_l1_loss, smooth, {"beta": 1.3}),
    )
    for reduction in REDUCE
]


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_edges_of_huber(dtype):
    """Its value and slope at 0, at the knot, far away, at infinity, at NaN."""
    x = fd.tensor([0.0, 2.0, -2.0, 3.0, -1e30, inf, -inf, nan], dtype=dtype, requires_grad=True)
    loss = F.huber_loss(x, fd.zeros_like(x), "none", 2.0)
    loss.sum().backward()
    np.testing.assert_allclose(loss.detach().numpy(), [0, 2, 2, 4, 2e30, inf, inf, nan], rtol=1e-6)
    np.testing.assert_array_equal(x.grad.numpy(), [0, 2, -2, 2, -2, 2, -2, nan])


def test_beta_0_is_the_absolute_error():
    x = fd.tensor([0.0, 0.5, -3.0], requires_grad=True)
    loss = F.smooth_l1_loss(x, fd.zeros(3), "none", beta=0.0)
    loss.sum().backward()
    assert loss.tolist() == [0, 0.5, 3]
    assert x.grad.tolist() == [0, 1, -1]


@pytest.mark.parametrize("f", [F.l1_loss, F.huber_loss, F.smooth_l1_loss])
def test_nothing_is_broadcast(f):
    for shape in ((3, 1), (3,), (1, 3), ()):
        with pytest.raises(ValueError, match=rf"{f.__name__}: target: expected the shape \(2, 3\)"):
            f(fd.zeros(2, 3), fd.zeros(shape))
    with pytest.raises(ValueError, match=r"reduction: expected .* got 'average'"):
        f(fd.zeros(2), fd.zeros(2), reduction="average")
    with pytest.raises(TypeError, match="target: expected dtype float32 or float64, got bool"):
        f(fd.zeros(2), fd.zeros(2, dtype="bool"))
    with pytest.raises(TypeError, match="input: expected dtype float32 or float64, got int64"):
        f(fd.zeros(2, dtype="int64"), fd.zeros(2, dtype="int64"))


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize(
    ("f", "loss", "gradient"),
    [
        (F.mse_loss, 0.625, [-0.5, -1.0]),
        (F.l1_loss, 0.75, [-0.5, -0.5]),
        (F.smooth_l1_loss, 0.3125, [-0.25, -0.5]),
        (F.huber_loss, 0.3125, [-0.25, -0.5]),
        (F.poisson_nll_loss, 1.2688887, [0.3243606, 2.1945281]),
    ],
)
def test_targets_may_be_integers(f, loss, gradient, dtype):
    x = fd.tensor([0.5, 2.0], requires_grad=True)
    found = f(x, fd.tensor([1, 3]).to(dtype))
    found.backward()
    assert found.dtype is fd.float32 and found.item() == pytest.approx(loss, rel=1e-6)
    assert x.grad.tolist() == pytest.approx(gradient, rel=1e-6)


def test_bad_options():
    x = fd.zeros(2)
    for delta in (0.0, -1.0, nan):
        with pytest.raises(ValueError, match="huber_loss: delta: expected a number"):
            F.huber_loss(x, x, delta=delta)
    with pytest.raises(ValueError, match="smooth_l1_loss: beta: expected a number"):
        F.smooth_l1_loss(x, x, beta=-1.0)


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((2, 5, 4)) * 2
    for name, more in (
        ("l1_loss", {}),
        ("huber_loss", {"delta": 0.5}),
        ("smooth_l1_loss", {"beta": 0.5}),
    ):
        found = []
        for lib, f in ((fd, getattr(F, name)), (torch, getattr(torch.nn.functional, name))):
            leaf = lib.tensor(x, requires_grad=True)
            loss = f(leaf, lib.tensor(t), **more)
            loss.backward()
            found.append((loss.item(), leaf.grad.numpy()))
        np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-14)
        np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-14)
