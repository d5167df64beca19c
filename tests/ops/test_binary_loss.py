"""Losses of two classes."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import Input, OpCase, parametrize, positive, randn, uniform

nan, inf = np.nan, np.inf
REDUCE = {"none": lambda x: x, "sum": np.sum, "mean": np.mean}


def softplus(x):
    return np.logaddexp(0, x)


def bce(p, t, w=1, reduction="mean"):
    return REDUCE[reduction](-(t * np.log(p) + (1 - t) * np.log1p(-p)) * w)


def bce_logits(x, t, w=1, reduction="mean", pos_weight=1):
    return REDUCE[reduction]((t * pos_weight * softplus(-x) + (1 - t) * softplus(x)) * w)


def multilabel(x, t, w=1, reduction="mean"):
    return REDUCE[reduction](bce_logits(x, t, w, "none").mean(-1))


def with_pos_weight(x, t, pos_weight):
    return F.binary_cross_entropy_with_logits(x, t, pos_weight=pos_weight)


def on_signs(f):
    return lambda x, t, reduction="mean": REDUCE[reduction](f(t.astype(x.dtype) * x))


def modified(z):
    return np.where(z >= -1, np.maximum(0, 1 - z) ** 2, -4 * z)


def labels(*shape, dtype="float64"):
    """−1 and 1."""
    return Input(shape, lambda rng, s: (rng.integers(0, 2, s) * 2 - 1).astype(dtype), False)


inside = uniform(3, 37, low=0.05, high=0.95)
SIGNED = {
    F.soft_margin_loss: lambda z: softplus(-z),
    F.hinge_loss: lambda z: np.maximum(0, 1 - z),
    F.squared_hinge_loss: lambda z: np.maximum(0, 1 - z) ** 2,
    F.modified_huber_loss: modified,
}
CASES = [
    *[OpCase(f"bce_{r}", F.binary_cross_entropy, [inside, inside], bce, kwargs={"reduction": r})
      for r in REDUCE],
    OpCase("bce_weight", F.binary_cross_entropy, [inside, inside, positive(37)], bce),
    *[OpCase(f"logits_{r}", F.binary_cross_entropy_with_logits, [randn(3, 37), inside], bce_logits,
             kwargs={"reduction": r}) for r in REDUCE],
    OpCase("logits_weight", F.binary_cross_entropy_with_logits,
           [randn(3, 37), inside, positive(3, 1)], bce_logits),
    OpCase("logits_pos_weight", with_pos_weight, [randn(3, 37), inside, positive(37)],
           lambda x, t, w: bce_logits(x, t, pos_weight=w)),
    OpCase("multilabel_soft_margin", F.multilabel_soft_margin_loss,
           [randn(3, 37), inside, positive(37)], multilabel),
    *[OpCase(f"{f.__name__}_{r}", f, [randn(3, 37), labels(3, 37)], on_signs(g),
             kwargs={"reduction": r}) for f, g in SIGNED.items() for r in REDUCE],
    OpCase("hinge_int_labels", F.hinge_loss, [randn(3, 37), labels(3, 37, dtype="int64")],
           on_signs(SIGNED[F.hinge_loss])),
]  # fmt: skip


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


def with_gradient(f, x, *args, dtype="float32"):
    x = fd.tensor(x, dtype=dtype, requires_grad=True)
    loss = f(x, *[fd.tensor(a, dtype=dtype) for a in args], reduction="none")
    loss.backward(fd.ones_like(loss))
    return loss.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_certain_probabilities(dtype):
    """Logarithms end at −100, gradients are finite, as PyTorch's."""
    p, t = [0.0, 0.0, 1.0, 1.0, 0.5, nan], [0.0, 1.0, 0.0, 1.0, 0.5, 0.5]
    loss, grad = with_gradient(F.binary_cross_entropy, p, t, dtype=dtype)
    np.testing.assert_allclose(loss, [0, 100, 100, 0, np.log(2), nan], rtol=1e-6)
    np.testing.assert_allclose(grad, [0, -1e12, 1e12, 0, 0, nan], rtol=1e-6)


@pytest.mark.parametrize("bad", [-1e-6, 1.000001, inf, -inf])
def test_no_probability(bad):
    good = fd.full((5,), 0.5)
    x = fd.tensor([0.5, 0.1, bad, 0.2, 0.3])
    message = r"binary_cross_entropy: {}: expected numbers in \[0, 1\], got .* \(element 2\)"
    with pytest.raises(ValueError, match=message.format("input")):
        F.binary_cross_entropy(x, good)
    with pytest.raises(ValueError, match=message.format("target")):
        F.binary_cross_entropy(good, x)


def test_a_compiled_step_checks_too():
    step = fd.compile(lambda p, t: F.binary_cross_entropy(p, t))
    t = fd.tensor([0.0, 1.0])
    for _ in range(3):
        assert step(fd.tensor([0.5, 0.5]), t).item() == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match=r"binary_cross_entropy: input: .* got 1.5 \(element 1\)"):
        step(fd.tensor([0.5, 1.5]), t)
    assert step(fd.tensor([0.5, 0.5]), t).item() == pytest.approx(np.log(2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_of_any_size(dtype):
    """The tails keep their digits; an infinite logit that is right costs nothing."""
    x = [-30.0, 30.0, -1e30, 1e30, inf, -inf, inf, -inf, nan]
    t = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    loss, grad = with_gradient(F.binary_cross_entropy_with_logits, x, t, dtype=dtype)
    small = np.exp(-30.0)
    np.testing.assert_allclose(loss, [small, small, 0, 1e30, 0, 0, inf, inf, nan], rtol=1e-6)
    np.testing.assert_allclose(grad, [small, -small, 0, 1, 0, 0, 1, -1, nan], rtol=1e-6)


def test_gradient_of_a_target_of_0_or_1():
    t = fd.tensor([0.0, 1.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(fd.tensor([2.0, 3.0]), t, reduction="sum").backward()
    np.testing.assert_allclose(t.grad.numpy(), [-2, -3], rtol=1e-6)


@pytest.mark.parametrize("f", SIGNED)
def test_margins(f):
    """At the kinks, at infinity and at NaN."""
    z = np.array([1.0, -1.0, 0.0, 2.0, -2.0, inf, -inf, nan])
    losses = {
        F.soft_margin_loss: [np.log1p(np.exp(-1.0)), np.log1p(np.exp(1.0)), np.log(2),
                             np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0)), 0, inf, nan],
        F.hinge_loss: [0, 2, 1, 0, 3, 0, inf, nan],
        F.squared_hinge_loss: [0, 4, 1, 0, 9, 0, inf, nan],
        F.modified_huber_loss: [0, 4, 1, 0, 8, 0, inf, nan],
    }[f]  # fmt: skip
    s = 1 / (1 + np.exp(np.array([1.0, -1.0, 0.0, 2.0, -2.0])))
    slopes = {
        F.soft_margin_loss: [*-s, 0, -1, nan],
        F.hinge_loss: [0, -1, -1, 0, -1, 0, -1, nan],
        F.squared_hinge_loss: [0, -4, -2, 0, -6, 0, -inf, nan],
        F.modified_huber_loss: [0, -4, -2, 0, -4, 0, -4, nan],
    }[f]
    for sign in (1.0, -1.0):
        loss, grad = with_gradient(f, sign * z, np.full(8, sign), dtype="float64")
        np.testing.assert_allclose(loss, losses, rtol=1e-12)
        np.testing.assert_allclose(grad[:-1], sign * np.array(slopes[:-1]), rtol=1e-12)


@pytest.mark.parametrize("f", SIGNED)
def test_labels_are_minus_1_and_1(f):
    x = fd.zeros(3)
    for bad in (0.0, 2.0, 0.5, inf):
        with pytest.raises(
            ValueError, match=rf"{f.__name__}: target: expected -1 or 1, got .* \(element 1\)"
        ):
            f(x, fd.tensor([1.0, bad, -1.0]))
    with pytest.raises(ValueError, match="expected -1 or 1, got 0"):
        f(x, fd.tensor([0, 1, 1]))


ALL = [F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.multilabel_soft_margin_loss,
       *SIGNED]  # fmt: skip


@pytest.mark.parametrize("f", ALL)
def test_nothing_is_broadcast(f):
    for shape in ((3, 1), (3,), (1, 3), ()):
        with pytest.raises(ValueError, match=rf"{f.__name__}: target: expected the shape \(2, 3\)"):
            f(fd.ones(2, 3), fd.ones(shape))
    with pytest.raises(ValueError, match=r"reduction: expected .* got 'average'"):
        f(fd.ones(2), fd.ones(2), reduction="average")
    with pytest.raises(TypeError, match="input: expected dtype float32 or float64, got int64"):
        f(fd.ones(2, dtype="int64"), fd.ones(2))


def test_weights_do_not_enlarge():
    x = fd.full((2, 3), 0.5)
    for name in ("weight", "pos_weight"):
        for shape in ((2,), (4, 2, 3), (2, 2)):
            with pytest.raises(ValueError, match=rf"{name}: expected a shape that fits \(2, 3\)"):
                F.binary_cross_entropy_with_logits(x, x, **{name: fd.ones(shape)})
    with pytest.raises(ValueError, match="binary_cross_entropy: weight"):
        F.binary_cross_entropy(x, x, fd.ones(2))


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    T = torch.nn.functional
    rng = np.random.default_rng(0)
    x, h = rng.standard_normal((2, 6, 5)) * 3
    p, t, w = rng.uniform(0, 1, (3, 6, 5))
    y = rng.choice([-1.0, 1.0], (6, 5))
    for name, args, more in (
        ("binary_cross_entropy", (p, t, w), {}),
        ("binary_cross_entropy_with_logits", (x, t, w), {"pos_weight": w[0]}),
        ("multilabel_soft_margin_loss", (x, t, w[0]), {}),
        ("soft_margin_loss", (x, y), {}),
    ):
        found = []
        for lib, f in ((fd, getattr(F, name)), (torch, getattr(T, name))):
            leaf = lib.tensor(args[0], requires_grad=True)
            options = {k: lib.tensor(v) for k, v in more.items()}
            loss = f(leaf, *map(lib.tensor, args[1:]), **options)
            (g,) = lib.autograd.grad(loss, leaf, create_graph=True)
            (second,) = lib.autograd.grad(g, leaf, lib.tensor(h))
            found.append([r.detach().numpy() for r in (loss, g, second)])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13, err_msg=name)


def test_the_weight_of_labels_is_refused_by_name():
    x = fd.zeros(2, 3)
    with pytest.raises(ValueError, match="multilabel_soft_margin_loss: weight: expected a shape"):
        F.multilabel_soft_margin_loss(x, x, fd.ones(4))
    with pytest.raises(TypeError, match="multilabel_soft_margin_loss: weight: expected a Tensor"):
        F.multilabel_soft_margin_loss(x, x, 2.0)
