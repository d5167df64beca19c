"""nll_loss, kl_div, poisson_nll_loss, gaussian_nll_loss."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import Input, OpCase, integers, parametrize, positive, randn, uniform

nan, inf = np.nan, np.inf
REDUCE = {"none": lambda x: x, "sum": np.sum, "mean": np.mean}


def nll(x, t, w=None, ignore_index=-100, reduction="mean"):
    rows = np.moveaxis(x, 1, -1) if x.ndim > 1 else x
    w = np.ones(rows.shape[-1], x.dtype) if w is None else w
    counted = t != ignore_index
    safe = np.where(counted, t, 0)
    weights = np.where(counted, w[safe], 0).astype(x.dtype)
    picked = np.take_along_axis(rows, safe[..., None], -1)[..., 0]
    losses = np.where(counted, -weights * picked, 0).astype(x.dtype)
    return losses.sum() / weights.sum() if reduction == "mean" else REDUCE[reduction](losses)


def kl(x, t, reduction="mean", log_target=False):
    losses = np.exp(t) * (t - x) if log_target else t * (np.log(t) - x)
    return losses.sum() / x.shape[0] if reduction == "batchmean" else REDUCE[reduction](losses)


def poisson(x, t, log_input=True, full=False, eps=1e-8, reduction="mean"):
    losses = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        stirling = t * np.log(t) - t + 0.5 * np.log(2 * np.pi * t)
        losses = losses + np.where(t > 1, stirling, 0)
    return REDUCE[reduction](losses)


def gaussian(x, t, var, full=False, eps=1e-6, reduction="mean"):
    var = np.maximum(var[..., None] if var.ndim < x.ndim else var, eps)
    losses = (np.log(var) + (x - t) ** 2 / var) / 2
    return REDUCE[reduction](losses + 0.5 * math.log(2 * math.pi) * full)


def with_ignored(*shape, classes):
    """Every third target, from the second on, is ignored."""

    def make(rng, shape):
        t = rng.integers(0, classes, shape)
        t.reshape(-1)[1::3] = -100
        return t

    return Input(shape, make, False)


CLASSES = [randn(5, 37), with_ignored(5, classes=37)]
COUNTS = uniform(3, 37, low=0.2, high=6)
CASES = [
    *[OpCase(f"nll_{r}{'_weight' * w}", F.nll_loss, [*CLASSES, *[positive(37)] * w], nll,
             kwargs={"reduction": r}) for r in REDUCE for w in (0, 1)],
    OpCase("nll_vector", F.nll_loss, [randn(5), integers(low=0, high=5)], nll),
    OpCase("nll_int32", F.nll_loss, [randn(3, 5), integers(3, low=0, high=5, dtype="int32")], nll),
    OpCase("nll_ignored_class", F.nll_loss, [randn(7, 5), integers(7, low=0, high=5)], nll,
           kwargs={"ignore_index": 2}),
    OpCase("nll_images", F.nll_loss,
           [randn(2, 5, 3, 4), with_ignored(2, 3, 4, classes=5), positive(5)], nll),
    *[OpCase(f"kl_{r}", F.kl_div, [randn(3, 37), positive(3, 37)], kl, kwargs={"reduction": r})
      for r in (*REDUCE, "batchmean")],
    OpCase("kl_log_target", F.kl_div, [randn(3, 37), randn(3, 37)], kl,
           kwargs={"log_target": True, "reduction": "none"}),
    *[OpCase(f"poisson_{r}", F.poisson_nll_loss, [randn(3, 37), COUNTS], poisson,
             kwargs={"reduction": r}) for r in REDUCE],
    OpCase("poisson_full", F.poisson_nll_loss, [randn(3, 37), COUNTS], poisson,
           kwargs={"full": True}),
    OpCase("poisson_rates", F.poisson_nll_loss, [positive(3, 37), COUNTS], poisson,
           kwargs={"log_input": False}),
    *[OpCase(f"gaussian_{r}", F.gaussian_nll_loss,
             [randn(3, 37), randn(3, 37), positive(3, 37)], gaussian, kwargs={"reduction": r})
      for r in REDUCE],
    OpCase("gaussian_full", F.gaussian_nll_loss, [randn(3, 37), randn(3, 37), positive(3, 1)],
           gaussian, kwargs={"full": True}),
    OpCase("gaussian_rows", F.gaussian_nll_loss, [randn(3, 37), randn(3, 37), positive(3)],
           gaussian),
]  # fmt: skip


@parametrize(CASES)
@pytest.mark.filterwarnings(
    "ignore:Mean of empty slice", "ignore:invalid value", "ignore:divide by zero"
)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- nll_loss --------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("t", [[-100, -100], []])
def test_mean_of_nothing(t, weighted):
    """All targets ignored, or none there: NaN as in PyTorch, with a gradient of 0; the sum is 0."""
    weight = fd.ones(3) if weighted else None
    for reduction, expected in (("mean", nan), ("sum", 0.0)):
        x = fd.zeros(len(t), 3).requires_grad_()
        loss = F.nll_loss(x, fd.tensor(np.array(t, "int64")), weight, reduction=reduction)
        loss.backward()
        np.testing.assert_equal(loss.item(), expected)
        assert (x.grad.numpy() == 0).all()


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_what_is_no_target_does_not_spread(bad):
    x = fd.tensor([[bad] * 3, [0.0, bad, 2.0]], requires_grad=True)
    loss = F.nll_loss(x, fd.tensor([-100, 2]))
    loss.backward()
    assert loss.item() == -2
    assert x.grad.tolist() == [[0, 0, 0], [0, 0, -1]]


def test_a_weight_of_0_of_an_impossible_class():
    x = fd.tensor([[-inf, 0.0]])
    assert F.nll_loss(x, fd.tensor([0]), fd.tensor([0.0, 1.0]), reduction="sum").item() == 0
    assert F.nll_loss(x, fd.tensor([0])).item() == inf


def test_nll_of_log_softmax_is_cross_entropy():
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((8, 5, 3)), rng.integers(0, 5, (8, 3))
    t[2, 1] = -100
    x, t, w = fd.tensor(x), fd.tensor(t), fd.tensor(rng.uniform(0.5, 2, 5))
    for reduction in REDUCE:
        a = F.nll_loss(F.log_softmax(x, 1), t, w, reduction=reduction)
        b = F.cross_entropy(x, t, w, reduction=reduction)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-13)


def test_bad_classes():
    x = fd.zeros(4, 3)
    for value in (3, -1, 2**40):
        with pytest.raises(IndexError, match=rf"nll_loss: target: expected a class.*got {value}"):
            F.nll_loss(x, fd.tensor([0, -100, value, 1]))
    for shape in ((4, 1), (1,), (), (3,), (4, 3)):
        with pytest.raises(ValueError, match=r"nll_loss: target: expected classes of shape \(4,\)"):
            F.nll_loss(x, fd.zeros(shape, dtype="int64"))
    with pytest.raises(TypeError, match="nll_loss: target: expected dtype int64 or int32, got flo"):
        F.nll_loss(x, fd.zeros(4))
    with pytest.raises(ValueError, match=r"nll_loss: weight: expected shape \(3,\), got \(4,\)"):
        F.nll_loss(x, fd.zeros(4, dtype="int64"), fd.ones(4))
    with pytest.raises(ValueError, match="nll_loss: input: expected at least 1 dimension"):
        F.nll_loss(fd.tensor(1.0), fd.tensor(0))


# ---- kl_div ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_with_zero_probabilities(log_target, dtype):
    """0 · log 0 is 0, whatever the other distribution says, with finite gradients."""
    p = np.array([0.0, 0.0, 0.5, 0.5])
    q = np.array([-1.0, -inf, -2.0, -inf])
    with np.errstate(divide="ignore"):
        target = np.log(p) if log_target else p
    x = fd.tensor(q, dtype=dtype, requires_grad=True)
    t = fd.tensor(target, dtype=dtype, requires_grad=True)
    loss = F.kl_div(x, t, reduction="none", log_target=log_target)
    np.testing.assert_allclose(
        loss.detach().numpy(), [0, 0, 0.5 * (np.log(0.5) + 2), inf], rtol=1e-6
    )
    loss[:3].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 0, -0.5, 0], rtol=1e-6)
    slope = np.log(0.5) + 3
    np.testing.assert_allclose(t.grad.numpy()[:3], [0, 0, slope * (0.5 if log_target else 1)], 1e-6)


def test_kl_of_a_distribution_with_itself_is_0():
    p = F.softmax(fd.randn(5, 7, dtype="float64"), 1)
    assert abs(F.kl_div(p.log(), p, reduction="batchmean").item()) < 1e-15


def test_batchmean_needs_a_batch():
    with pytest.raises(ValueError, match="kl_div: reduction: expected a batch"):
        F.kl_div(fd.tensor(0.0), fd.tensor(0.5), reduction="batchmean")


# ---- counts and normal variables -------------------------------------------------------------


def test_a_rate_of_0():
    loss = F.poisson_nll_loss(fd.tensor([0.0, 0.0]), fd.tensor([0.0, 2.0]), log_input=False,
                              reduction="none")  # fmt: skip
    np.testing.assert_allclose(loss.numpy(), [0, -2 * np.log(1e-8)], rtol=1e-6)
    loss = F.poisson_nll_loss(fd.tensor([-inf, -inf]), fd.tensor([0.0, 2.0]), reduction="none")
    assert loss.tolist() == [0, inf]


def test_variances():
    x, t = fd.tensor([[1.0, 2.0]]), fd.zeros(1, 2)
    var = fd.tensor([[0.0, 4.0]], requires_grad=True)
    loss = F.gaussian_nll_loss(x, t, var, eps=0.5, reduction="none")
    loss.sum().backward()
    expected = [[np.log(0.5) / 2 + 1, np.log(2) + 0.5]]
    np.testing.assert_allclose(loss.detach().numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(var.grad.numpy(), [[1 - 2, 1 / 8 - 1 / 8]], atol=1e-7)  # kept
    number = F.gaussian_nll_loss(x, t, 4.0, reduction="none")
    np.testing.assert_allclose(number.numpy(), [[np.log(2) + 1 / 8, np.log(2) + 0.5]], rtol=1e-6)
    with pytest.raises(ValueError, match=r"gaussian_nll_loss: var: expected numbers in .* got -1"):
        F.gaussian_nll_loss(x, t, fd.tensor([[1.0, -1.0]]))
    with pytest.raises(ValueError, match="gaussian_nll_loss: var: expected a number in"):
        F.gaussian_nll_loss(x, t, -1.0)
    for shape in ((2,), (2, 1), (1, 3), ()):
        with pytest.raises(ValueError, match="gaussian_nll_loss: var: expected the shape"):
            F.gaussian_nll_loss(x, t, fd.ones(shape))


@pytest.mark.parametrize("f", [F.kl_div, F.poisson_nll_loss, F.gaussian_nll_loss])
def test_nothing_is_broadcast(f):
    for shape in ((3, 1), (3,), (1, 3), ()):
        args = [fd.zeros(2, 3), fd.zeros(shape), *([1.0] if f is F.gaussian_nll_loss else [])]
        with pytest.raises(ValueError, match=rf"{f.__name__}: target: expected the shape \(2, 3\)"):
            f(*args)
        with pytest.raises(ValueError, match=r"reduction: expected .* got 'average'"):
            f(args[0], args[0], *args[2:], reduction="average")


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    T = torch.nn.functional
    rng = np.random.default_rng(0)
    x, y, h = rng.standard_normal((3, 6, 5))
    p, var = rng.uniform(0.1, 1, (2, 6, 5))
    t = rng.integers(0, 5, 6)
    t[3] = -100
    for name, args, more in (
        ("nll_loss", (x, t, p[0]), {}),
        ("kl_div", (x, p), {"reduction": "batchmean"}),
        ("kl_div", (x, y), {"reduction": "sum", "log_target": True}),
        ("poisson_nll_loss", (x, 5 * p), {"full": True}),
        ("poisson_nll_loss", (p, 5 * var), {"log_input": False}),
        ("gaussian_nll_loss", (x, y, var), {"full": True}),
        ("gaussian_nll_loss", (x, y, var[:, :1] * 1e-6), {}),
    ):
        found = []
        for lib, f in ((fd, getattr(F, name)), (torch, getattr(T, name))):
            leaf = lib.tensor(args[0], requires_grad=True)
            loss = f(leaf, *map(lib.tensor, args[1:]), **more)
            (g,) = lib.autograd.grad(loss, leaf, create_graph=True)
            results = [loss, g]
            if name != "nll_loss" and g.requires_grad:
                results += lib.autograd.grad(g, leaf, lib.tensor(h))
            found.append([r.detach().numpy() for r in results])
        for a, b in zip(*found, strict=False):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13, err_msg=name)
