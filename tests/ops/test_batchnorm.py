"""Batch normalization."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import grad
from fastdl.ops.batchnorm import batch_norm
from fastdl.testing import OpCase, parametrize, positive, randn

nan, inf = np.nan, np.inf


def reference(x, weight=None, bias=None, relu=False, eps=1e-5, mean=None, var=None):
    mean = x.mean(0) if mean is None else mean
    var = ((x - mean) ** 2).mean(0) if var is None else var
    y = (x - mean) / np.sqrt(var + x.dtype.type(eps))
    y = y if weight is None else y * weight
    y = y if bias is None else y + bias
    return np.maximum(y, 0) if relu else y


def train(x, weight=None, bias=None, relu=False, eps=1e-5):
    return batch_norm(x, None, None, weight, bias, True, 0.1, eps, relu=relu)


def evaluate(x, mean, var, weight=None, bias=None, relu=False):
    return batch_norm(x, mean, var, weight, bias, relu=relu)


def evaluated(x, mean, var, weight=None, bias=None, relu=False):
    return reference(x, weight, bias, relu, mean=mean, var=var)


def plain(x, weight=None, bias=None, relu=False, eps=1e-5):
    d = x - x.mean(0)
    y = d / ((d * d).mean(0) + eps).sqrt()
    y = y if weight is None else y * weight
    y = y if bias is None else y + bias
    return y.relu() if relu else y


ROWS = [randn(7, 19), randn(19), randn(19)]  # full vectors and a tail
GIVEN = [randn(7, 19), randn(19).constant(), positive(19).constant()]
CASES = [
    OpCase("train", train, ROWS, reference, plain, empty=False),
    OpCase("train_plain", train, ROWS[:1], reference, plain, empty=False),
    OpCase("train_weight", train, ROWS[:2], reference, plain, empty=False),
    OpCase("train_relu", train, ROWS, reference, plain, {"relu": True}, empty=False),
    OpCase("train_eps", train, ROWS, reference, plain, {"eps": 0.5}, empty=False),
    OpCase("train_blocks", train, [randn(300, 2), randn(2)], reference, plain, empty=False),
    OpCase("train_tiles", train, [randn(3, 300), randn(300)], reference, plain, empty=False),
    OpCase("train_joined", train, [randn(75, 5), randn(5)], reference, plain, empty=False),
    OpCase("train_data", train, [ROWS[0].constant(), *ROWS[1:]], reference, plain, empty=False),
    OpCase("train_bias", train, [ROWS[0].constant(), ROWS[1].constant(), ROWS[2]], empty=False),
    OpCase("eval", evaluate, [*GIVEN, *ROWS[1:]], evaluated),
    OpCase("eval_plain", evaluate, GIVEN, evaluated),
    OpCase("eval_relu", evaluate, [*GIVEN, *ROWS[1:]], evaluated, kwargs={"relu": True}),
]


# Of two rows nothing but rounding errors is left of the gradient; ReLU has a kink.
CASES = [replace(c, fixed="relu" in c.name or c.inputs[0].shape[:1]) for c in CASES]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def tensors(*arrays):
    return [fd.tensor(np.asarray(a)) for a in arrays]


def gradients(g, x, weight):
    """Of batch normalization, in longdouble."""
    d = x - x.mean(0)
    inverse = 1 / np.sqrt((d * d).mean(0) + np.longdouble(1e-5))
    xhat = d * inverse
    dx = (g - g.mean(0) - xhat * (g * xhat).mean(0)) * inverse * weight
    return dx, (g * xhat).sum(0), g.sum(0)


# One line and many, rows joined to lines and not, whole blocks and parts, several tiles.
CUTS = [(5, 1), (5, 3), (33, 16), (1300, 10), (5000, 1), (70, 63), (1100, 63), (131, 64), (90, 65),
        (300, 255), (257, 256), (129, 1000), (1030, 130), (3, 1025), (140, 2050)]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", CUTS)
def test_every_way_to_cut_the_matrix(shape, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s).astype(dtype) for s in (shape, shape[1], shape[1], shape)]
    arrays[0] += 3
    x, weight, bias = (fd.tensor(a).requires_grad_() for a in arrays[:3])
    y = train(x, weight, bias, relu=True)
    y.backward(fd.tensor(arrays[3]))
    wide = [a.astype("longdouble") for a in arrays]
    g = np.where(y.detach().numpy() > 0, wide[3], 0)  # y near 0 may be on either side
    expected = [reference(*wide[:3], relu=True), *gradients(g, *wide[:2])]
    tolerance = 16 * np.finfo(dtype).eps
    for got, right in zip((y.detach(), x.grad, weight.grad, bias.grad), expected, strict=True):
        right = right.astype("float64")
        np.testing.assert_allclose(got.numpy(), right, atol=tolerance * np.abs(right).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_running_statistics(dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (300, 5)).astype(dtype)
    mean, var = tensors(np.full(5, 10, dtype), np.full(5, 20, dtype))
    versions = mean._version, var._version
    batch_norm(fd.tensor(x), mean, var, training=True, momentum=0.25)
    wide = x.astype("float64")
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(mean.numpy(), 7.5 + 0.25 * wide.mean(0), rtol=2 * eps)
    np.testing.assert_allclose(var.numpy(), 15 + 0.25 * wide.var(0, ddof=1), rtol=2 * eps)
    assert mean._version > versions[0] and var._version > versions[1]
    before = mean.tolist(), var.tolist()
    batch_norm(fd.tensor(x), mean, var, training=False)
    assert (mean.tolist(), var.tolist()) == before


def test_running_statistics_with_strides():
    x = fd.tensor(np.arange(12.0).reshape(4, 3))
    memory = fd.zeros(2, 3, 2, dtype=fd.float64)
    mean, var = memory[0, :, 0], memory[1, :, 0]
    batch_norm(x, mean, var, training=True, momentum=1.0)
    assert memory[0].tolist() == [[4.5, 0], [5.5, 0], [6.5, 0]]
    assert memory[1].tolist() == [[15, 0]] * 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variance_far_from_zero(dtype):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((1000, 3)) + 1e6).astype(dtype)
    x[:, 2] = 1e7 / 3
    mean, var = tensors(np.zeros(3, dtype), np.zeros(3, dtype))
    y = batch_norm(fd.tensor(x), mean, var, training=True, momentum=1.0).numpy()
    wide, eps = x.astype("longdouble"), np.finfo(dtype).eps
    exact = wide.var(0, ddof=1).astype("float64")
    np.testing.assert_allclose(var.numpy()[:2], exact[:2], rtol=max(eps, 1e-12))
    assert var.numpy()[2] == 0 and (y[:, 2] == 0).all()
    np.testing.assert_allclose(mean.numpy(), wide.mean(0).astype(dtype), rtol=eps)
    tolerance = 1e-6 if dtype == "float32" else 1e-9  # 1e-10: the rounding of the mean itself
    np.testing.assert_allclose(y, reference(wide).astype("float64"), atol=tolerance)


def test_known_answer():
    x = fd.tensor([[1.0, 10.0], [3.0, 10.0]], dtype=fd.float64)
    weight, bias = fd.tensor([2.0, 5.0]).double(), fd.tensor([0.5, -1.0]).double()
    y = batch_norm(x, None, None, weight, bias, True, eps=3.0)
    assert y.tolist() == [[-0.5, -1.0], [1.5, -1.0]]
    y = batch_norm(x, None, None, weight, bias, True, eps=3.0, relu=True)
    assert y.tolist() == [[0.0, 0.0], [1.5, 0.0]]


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_bad_values_stay_in_their_column(bad):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 20))
    good = train(fd.tensor(x)).numpy()
    x[150, 3] = bad
    x = fd.tensor(x).requires_grad_()
    y = train(x, relu=True)
    values = y.detach().numpy()
    assert np.isnan(values[:, 3]).all()
    others = np.delete(np.arange(20), 3)
    np.testing.assert_array_equal(values[:, others], np.maximum(good, 0)[:, others])
    y.backward(fd.ones_like(y))
    assert np.isnan(x.grad.numpy()[:, 3]).all()
    assert np.isfinite(x.grad.numpy()[:, others]).all()


def test_relu_passes_nothing_at_zero():
    x = fd.tensor([[1.0], [1.0], [1.0]]).requires_grad_()
    weight = fd.tensor([2.0]).requires_grad_()
    bias = fd.tensor([0.0]).requires_grad_()
    train(x, weight, bias, relu=True).backward(fd.ones(3, 1))
    assert bias.grad.tolist() == [0.0] and x.grad.tolist() == [[0.0]] * 3


def derivatives(function, x, weight, bias, order):
    """Mixed derivatives of one order: contracted with fixed weights, gradient after gradient."""
    rng = np.random.default_rng(5)
    leaves = [fd.tensor(a).requires_grad_() for a in (x, weight, bias)]
    values = [function(*leaves)]
    for _ in range(order):
        total = None
        for y in values:
            if y.requires_grad:
                weights = fd.tensor(rng.standard_normal(y.shape))
                term = y * y * y * weights  # nonlinear: cotangents are differentiated as well
                total = term.sum() if total is None else total + term.sum()
        values = [
            g for g in grad(total, leaves, create_graph=True, allow_unused=True) if g is not None
        ]
    return [g.detach().numpy() for g in values]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_up_to_the_third(order, relu):
    rng = np.random.default_rng(2)
    args = [rng.standard_normal(s) for s in [(6, 3), (3,), (3,)]]
    got = derivatives(lambda *a: train(*a, relu=relu), *args, order)
    expected = derivatives(lambda *a: plain(*a, relu=relu), *args, order)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


def test_higher_derivatives_leave_running_statistics_alone():
    x = fd.tensor(np.random.default_rng(0).standard_normal((5, 2))).requires_grad_()
    mean, var = tensors(np.zeros(2), np.ones(2))
    y = batch_norm(x, mean, var, training=True)
    after = mean.tolist(), var.tolist()
    (g,) = grad((y * y * y).sum(), x, create_graph=True)
    (g,) = grad((g * g).sum(), x, create_graph=True)
    g.sum().backward()
    assert (mean.tolist(), var.tolist()) == after


def test_evaluation_keeps_the_statistics_it_used():
    x = fd.tensor([[1.0, 2.0], [3.0, 5.0]]).requires_grad_()
    mean, var = fd.zeros(2), fd.ones(2)
    y = batch_norm(x, mean, var, eps=0.0)
    var.fill_(100.0)
    y.backward(fd.ones(2, 2))
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_torch(device):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal(s) for s in [(40, 6), (6,), (6,), (6,)]]
    arrays.append(rng.uniform(0.5, 2, 6))
    for training in (True, False):
        mine = [fd.tensor(a) for a in arrays]
        theirs = [torch.tensor(a) for a in arrays]
        for ts in (mine, theirs):
            for t in ts[:3]:
                t.requires_grad_()
        y = batch_norm(mine[0], *mine[3:], *mine[1:3], training, 0.3)
        e = torch.nn.functional.batch_norm(theirs[0], *theirs[3:], *theirs[1:3], training, 0.3)
        g = rng.standard_normal((40, 6))
        y.backward(fd.tensor(g))
        e.backward(torch.tensor(g))
        for a, b in [(y, e), *zip(mine[3:], theirs[3:], strict=True)]:
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-12)
        for a, b in zip(mine[:3], theirs[:3], strict=True):
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), atol=1e-12)


def columns(n):
    return fd.ones(n)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"input": fd.ones(1, 3)}, ValueError, r"at least 2 rows in training, got shape \(1, 3\)"),
        ({"input": fd.ones(0, 3)}, ValueError, "at least 2 rows in training"),
        ({"input": fd.ones(3)}, ValueError, r"expected shape \(rows, columns\), got \(3,\)"),
        ({"input": fd.ones(4, 3).long()}, TypeError, "input: expected dtype float32 or float64"),
        ({"weight": columns(4)}, ValueError, r"weight: expected shape \(3,\), got \(4,\)"),
        ({"weight": columns(3).double()}, TypeError, "weight: expected dtype float32"),
        ({"bias": fd.ones(3, 1)}, ValueError, "bias: expected shape"),
        ({"running_var": columns(2)}, ValueError, "running_var: expected shape"),
        ({"running_var": None, "training": False}, ValueError, "expected both outside training"),
        ({"eps": -1.0}, ValueError, "eps: expected"),
    ],
)
def test_bad_arguments_change_nothing(call, error, message):
    mean, var = fd.full((3,), 7.0), fd.full((3,), 8.0)
    good = {"input": fd.ones(4, 3), "running_mean": mean, "running_var": var, "training": True}
    with pytest.raises(error, match=message):
        batch_norm(**{**good, **call})
    assert mean.tolist() == [7.0] * 3 and var.tolist() == [8.0] * 3


def test_no_columns_and_no_rows():
    assert train(fd.ones(4, 0)).shape == (4, 0)
    assert batch_norm(fd.ones(0, 3), fd.zeros(3), fd.ones(3)).shape == (0, 3)


@pytest.mark.parametrize("row", [0, 1, 200, 399])
def test_running_statistics_of_a_column_with_inf_are_nan(row):
    x = np.random.default_rng(0).standard_normal((400, 3)).astype("float32")
    x[row, 1] = np.inf
    mean, var = fd.zeros(3), fd.ones(3)
    fd.nn.functional.batch_norm(fd.tensor(x), mean, var, training=True)
    for statistic in (mean.numpy(), var.numpy()):
        assert np.isnan(statistic).tolist() == [False, True, False]
