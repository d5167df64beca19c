"""cross_entropy of class indices (fused) and of class probabilities (composed)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fastdl as fd
from fastdl.ops.cross_entropy import cross_entropy, cross_entropy_backward
from fastdl.testing import Input, OpCase, integers, largest_ulp_error, parametrize, positive, randn

nan, inf = np.nan, np.inf


def class_losses(x):
    """-log softmax over dimension 1 (0 of a vector), moved last."""
    x = np.moveaxis(x, 1, -1) if x.ndim > 1 else x
    return np.logaddexp.reduce(x, axis=-1, keepdims=True, initial=-inf) - x


def reference(x, t, w=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    losses = class_losses(x)
    classes = losses.shape[-1]
    w = np.ones(classes, x.dtype) if w is None else w
    counted = t != ignore_index
    safe = np.where(counted, t, 0)
    hit = np.take_along_axis(losses, safe[..., None], -1)[..., 0]
    s = x.dtype.type(label_smoothing)
    rows = (1 - s) * w[safe] * hit + s / max(classes, 1) * (w * losses).sum(-1)
    rows = np.where(counted, rows, x.dtype.type(0))
    if reduction == "none":
        return rows
    return rows.sum() / (w[safe] * counted).sum() if reduction == "mean" else rows.sum()


def plain(x, t, w=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """The same in plain ops, for (rows, classes)."""
    classes = x.shape[1]
    one_hot = fd.tensor(np.eye(classes)[np.where(t.numpy() == ignore_index, 0, t.numpy())])
    counted = fd.tensor((t.numpy() != ignore_index) * 1.0)
    w = fd.ones(classes, dtype="float64") if w is None else w
    target_weight = (one_hot * w).sum(1) * counted
    losses = fd.logsumexp(x, 1, keepdim=True) - x
    rows = (1 - label_smoothing) * target_weight * (one_hot * losses).sum(1)
    rows = rows + label_smoothing / classes * (losses * w).sum(1) * counted
    if reduction == "none":
        return rows
    return rows.sum() / target_weight.sum() if reduction == "mean" else rows.sum()


def with_ignored(n, classes, ignore_index=-100):
    """Every third target, from the second on, is ignored."""

    def make(rng, shape):
        t = rng.integers(0, classes, shape)
        t[1::3] = ignore_index
        return t

    return Input((n,), make, False)


WEIGHT = positive(37).constant()
CASES = [
    OpCase(
        f"cross_entropy_{reduction}{'_weight' * weighted}{'_smooth' * bool(smoothing)}",
        cross_entropy,
        [randn(5, 37), with_ignored(5, 37), *[WEIGHT] * weighted],
        reference,
        plain,
        {"reduction": reduction, "label_smoothing": smoothing},
    )
    for reduction, weighted, smoothing in itertools.product(
        ("none", "mean", "sum"), (0, 1), (0.0, 0.2)
    )
] + [
    OpCase("cross_entropy_vector", cross_entropy, [randn(5), integers(low=0, high=5)], reference),
    OpCase("cross_entropy_int32", cross_entropy,
           [randn(3, 5), integers(3, low=0, high=5, dtype="int32")], reference),
    OpCase("cross_entropy_ignore_class", cross_entropy,
           [randn(7, 5), integers(7, low=0, high=5)], reference, plain, {"ignore_index": 2}),
    OpCase("cross_entropy_images", cross_entropy,
           [randn(3, 5, 4), integers(3, 4, low=0, high=5), positive(5).constant()], reference,
           kwargs={"label_smoothing": 0.1}),
    OpCase("cross_entropy_volumes", cross_entropy,
           [randn(2, 7, 3, 4), integers(2, 3, 4, low=0, high=7)], reference,
           kwargs={"reduction": "none"}),
]  # fmt: skip


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


def gradient_op(weight, smoothing):
    """The gradient as an op of its own: its second derivative is the loss's third."""

    def f(g, x, t, *w):
        w = w[0] if w else None
        _, stats, _ = fd._C.cross_entropy(x, t, w, -100, "none", smoothing)
        return cross_entropy_backward(g, x, t, w, stats, -100, smoothing)

    return OpCase(
        f"cross_entropy_backward_{weight}_{smoothing}",
        f,
        [randn(5), randn(5, 7), with_ignored(5, 7), *[positive(7).constant()] * weight],
        empty=False,
    )


@parametrize([gradient_op(0, 0.0), gradient_op(1, 0.3)])
def test_backward_op(case, mode, device):
    case.check(mode, device)


def probabilities(*shape):
    def make(rng, shape):
        p = rng.uniform(0.1, 1, shape)
        return p / p.sum(1, keepdims=True)

    return Input(shape, make)


def probability_reference(x, p, w=None, reduction="mean", label_smoothing=0.0):
    losses = class_losses(x)
    s = x.dtype.type(label_smoothing)
    p = np.moveaxis(p, 1, -1) * (1 - s) + s / x.shape[1]
    rows = (p * losses * (1 if w is None else w)).sum(-1)
    return {"none": lambda: rows, "mean": rows.mean, "sum": rows.sum}[reduction]()


@parametrize(
    [
        OpCase(
            f"cross_entropy_probabilities_{reduction}_{smoothing}",
            cross_entropy,
            [randn(3, 5, 4), probabilities(3, 5, 4), *[positive(5).constant()] * bool(smoothing)],
            probability_reference,
            kwargs={"reduction": reduction, "label_smoothing": smoothing},
            empty=False,
        )
        for reduction, smoothing in (("none", 0.0), ("mean", 0.1), ("sum", 0.0))
    ]
)
def test_probabilities(case, mode, device):
    case.check(mode, device)


def test_probability_zero_of_an_impossible_class_counts_nothing():
    x = fd.tensor([[-inf, 0.0, 0.0]], requires_grad=True)
    loss = cross_entropy(x, fd.tensor([[0.0, 0.5, 0.5]]))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2))
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0, 0]], atol=1e-7)


def test_gradient_at_targets_of_zero():
    t = fd.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]], requires_grad=True)
    cross_entropy(fd.tensor([[1.0, 2.0, 3.0]] * 2), t).backward()
    want = [[1.2038030, 0.7038030, 0.2038030]] * 2
    np.testing.assert_allclose(t.grad.numpy(), want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("classes", "spread"), [(10, 1), (10, 30), (1000, 3)])
def test_error_of_a_row_in_ulp(dtype, classes, spread):
    rng = np.random.default_rng(3)
    x = (rng.standard_normal((200, classes)) * spread + 100).astype(dtype)
    t = rng.integers(0, classes, 200)
    got = cross_entropy(fd.tensor(x), fd.tensor(t), reduction="none").numpy()
    wide = x.astype(np.longdouble)
    top = wide.max(1, keepdims=True)
    rest = np.where(wide == top, 0, np.exp(wide - top)).sum(1) + ((wide == top).sum(1) - 1)
    assert largest_ulp_error(got, np.log1p(rest) + (top[:, 0] - wide[np.arange(200), t])) <= 2.2


def both(x, t, **more):
    x = fd.tensor(x, requires_grad=True)
    loss = cross_entropy(x, fd.tensor(t), **more)
    loss.backward(fd.ones_like(loss))
    return loss.detach().numpy(), x.grad.numpy()


def test_infinite_logits():
    rows = [[-inf, 1.0, 1.0], [-inf, 1.0, 1.0], [-inf] * 3, [inf, 0.0, 1.0], [0.0, 1.0, 2.0]]
    loss, grad = both(rows, [1, 0, 1, 1, 2], reduction="none")
    np.testing.assert_allclose(loss[:2], [np.log(2), inf], rtol=1e-6)
    assert np.isnan(loss[2:4]).all()
    np.testing.assert_allclose(grad[:2], [[0, -0.5, 0.5], [-1, 0.5, 0.5]], rtol=1e-6)
    assert np.isnan(grad[2:4]).all()
    assert np.isfinite(loss[4])
    assert np.isfinite(grad[4]).all()


def test_smoothing_meets_an_impossible_class():
    x = [[-inf, 0.0, 0.0]]
    assert both(x, [1], label_smoothing=0.1)[0] == inf
    loss, _ = both(x, [1], label_smoothing=0.1, weight=fd.tensor([0.0, 1.0, 1.0]))
    assert np.isfinite(loss)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignored_rows_do_not_spread(bad, smoothing):
    x = fd.tensor([[bad] * 3, [0.0, 1.0, 2.0]], requires_grad=True)
    t = fd.tensor([-100, 2])
    loss = cross_entropy(x, t, label_smoothing=smoothing)
    alone = cross_entropy(x[1:].detach(), t[1:], label_smoothing=smoothing)
    assert loss.item() == alone.item()
    (g,) = fd.autograd.grad(loss, x, create_graph=True)
    (h,) = fd.autograd.grad((g * g).sum(), x)
    for rows in (g.detach().numpy(), h.numpy()):
        np.testing.assert_array_equal(rows[0], [0, 0, 0])
        assert np.isfinite(rows[1]).all()
        assert (rows[1] != 0).all()


@pytest.mark.parametrize("t", [[-100, -100], []])
def test_mean_of_nothing(t):
    """NaN as in PyTorch, with a gradient of 0; the sum is 0."""
    x, t = np.zeros((len(t), 3), "float32"), np.array(t, "int64")
    loss, grad = both(x, t)
    assert np.isnan(loss)
    assert (grad == 0).all()
    assert both(x, t, reduction="sum")[0] == 0


def test_classes_out_of_range():
    x = fd.zeros(4, 3)
    for value in (3, -1, 2**40):
        with pytest.raises(
            IndexError, match=rf"target: expected a class in \[0, 2\].*{value} at .*\(2,"
        ):
            cross_entropy(x, fd.tensor([0, -100, value, 1]))
    with pytest.raises(IndexError, match=r"got 7 at position \(1, 0\)"):
        cross_entropy(fd.zeros(2, 3, 2), fd.tensor([[0, 1], [7, 1]]))
    assert cross_entropy(x, fd.tensor([9, 9, 9, 0]), ignore_index=9).item() > 0


def test_a_target_is_never_broadcast():
    x = fd.zeros(4, 3)
    for shape in ((4, 1), (1,), (), (3,), (4, 3)):
        with pytest.raises(ValueError, match=r"target: expected classes of shape \(4,\)"):
            cross_entropy(x, fd.zeros(shape, dtype="int64"))
    for shape in ((4,), (4, 1), (1, 3)):
        with pytest.raises(ValueError, match=r"target: expected probabilities of shape \(4, 3\)"):
            cross_entropy(x, fd.zeros(shape))


def test_bad_input():
    x, t = fd.zeros(4, 3), fd.zeros(4, dtype="int64")
    with pytest.raises(TypeError, match="input: expected dtype float32 or float64, got int64"):
        cross_entropy(fd.zeros(4, 3, dtype="int64"), t)
    with pytest.raises(TypeError, match=r"target: expected dtype int64 or int32.*got uint8"):
        cross_entropy(x, fd.zeros(4, dtype="uint8"))
    with pytest.raises(TypeError, match="target: expected probabilities of dtype float32"):
        cross_entropy(x, fd.zeros(4, 3, dtype="float64"))
    with pytest.raises(ValueError, match=r"weight: expected shape \(3,\), got \(4,\)"):
        cross_entropy(x, t, fd.ones(4))
    with pytest.raises(TypeError, match="weight: expected dtype float32, got float64"):
        cross_entropy(x, t, fd.ones(3, dtype="float64"))
    with pytest.raises(ValueError, match="weight: expected no gradient"):
        cross_entropy(x, t, fd.ones(3, requires_grad=True))
    with pytest.raises(ValueError, match=r"reduction: expected .* got 'average'"):
        cross_entropy(x, t, reduction="average")
    for smoothing in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match="label_smoothing: expected a number in"):
            cross_entropy(x, t, label_smoothing=smoothing)
    with pytest.raises(ValueError, match="ignore_index: expected none"):
        cross_entropy(x, fd.ones(4, 3), ignore_index=1)
    with pytest.raises(ValueError, match="input: expected at least 1 dimension"):
        cross_entropy(fd.tensor(1.0), fd.tensor(0))


@pytest.mark.parametrize("shape", [(6, 10), (4, 5, 3), (7,)])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_as_pytorch(shape, reduction, smoothing):
    """Loss, gradient and gradient of the gradient, with class weights."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    classes = shape[1] if len(shape) > 1 else shape[0]
    x = rng.standard_normal(shape)
    t = np.asarray(rng.integers(0, classes, shape[:1] + shape[2:] if len(shape) > 1 else ()))
    if t.ndim:
        t.reshape(-1)[1] = -100
    w, h = rng.uniform(0.1, 2, classes), rng.standard_normal(shape)
    results = []
    for lib, f in ((fd, cross_entropy), (torch, torch.nn.functional.cross_entropy)):
        leaf = lib.tensor(x, requires_grad=True)
        loss = f(leaf, lib.tensor(t), lib.tensor(w), reduction=reduction, label_smoothing=smoothing)
        g = np.random.default_rng(2).standard_normal(tuple(loss.shape))
        g = lib.tensor(np.asarray(g), requires_grad=True)
        (first,) = lib.autograd.grad(loss, leaf, g, create_graph=True)
        second = lib.autograd.grad(first, (leaf, g), lib.tensor(h))
        results.append([r.detach().numpy() for r in (loss, first, *second)])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(9, 10), (5, 1001), (3, 20_001)])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_past_the_cache(shape, dtype, smoothing, past_cache):
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal(shape).astype(dtype), rng.integers(0, shape[1], shape[0])
    t[1] = -100
    results = []
    for on in (False, True):
        with past_cache(on):
            results.append(both(x, t, label_smoothing=smoothing))
    for through, past in zip(*results, strict=True):
        np.testing.assert_array_equal(through, past)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_weight_of_a_class_that_is_no_target_does_not_spread(bad):
    x = fd.randn(5, 4, requires_grad=True)
    y = fd.tensor([0, 1, 3, 1, 0])
    weight = fd.tensor([1.0, 2.0, bad, 0.5])
    cross_entropy(x, y, weight=weight, reduction="sum").backward()
    got = x.grad.numpy().copy()
    x.grad = None
    cross_entropy(x, y, weight=fd.tensor([1.0, 2.0, 1.0, 0.5]), reduction="sum").backward()
    assert (got == x.grad.numpy()).all()
