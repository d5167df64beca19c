"""Clipping of gradients, and parameters as one vector."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import utils
from steps import Training, batches

SHAPES = [(7, 5), (20_000,), (), (0, 3), (3, 1, 9)]
NORMS = [2.0, 1, math.inf, "inf", 3, 0.5]


def parameters(dtype="float32", scale=1.0):
    """Parameters with gradients, and one without."""
    rng = np.random.default_rng(0)
    params = [fd.zeros(s, dtype=getattr(fd, dtype), requires_grad=True) for s in SHAPES]
    for p in params:
        p.grad = fd.tensor(np.asarray(scale * rng.standard_normal(p.shape)).astype(dtype))
    return [*params, fd.ones(3, requires_grad=True)]


def gradients(params):
    return [p.grad.numpy().copy() for p in params if p.grad is not None]


def norm_of(arrays, p):
    flat = np.abs(np.concatenate([a.astype("float64").reshape(-1) for a in arrays]))
    return flat.max() if math.isinf(float(p)) else (flat ** float(p)).sum() ** (1 / float(p))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", NORMS)
def test_norm_and_scale(p, dtype):
    params = parameters(dtype)
    before = gradients(params)
    expected = norm_of(before, p)
    norm = utils.clip_grad_norm_(params, 2.5, norm_type=p)
    assert norm.dtype is fd.float64 and norm.shape == ()
    assert norm.item() == pytest.approx(expected, rel=1e-14)
    assert utils.get_total_norm([fd.tensor(g) for g in before], p).item() == norm.item()
    for after, g in zip(gradients(params), before, strict=True):
        np.testing.assert_allclose(after, g * (2.5 / (expected + 1e-6)), rtol=1e-6)
    assert params[-1].grad is None


def test_small_gradients_stay():
    params = parameters()
    before = gradients(params)
    utils.clip_grad_norm_(params, 1e9)
    for after, g in zip(gradients(params), before, strict=True):
        assert after.tobytes() == g.tobytes()


@pytest.mark.parametrize("p", NORMS)
def test_huge_and_tiny_gradients(p):
    """Squares of float32 overflow from 2e19 on, and vanish below 1e-23."""
    for scale in (1e30, 1e-30):
        params = parameters(scale=scale)
        expected = norm_of(gradients(params), p)
        assert utils.clip_grad_norm_(params, 1.0, p).item() == pytest.approx(expected, rel=1e-13)
        assert norm_of(gradients(params), p) == pytest.approx(min(1, expected), rel=1e-5)


def test_dtypes_and_strides_together():
    p, q, r = (fd.zeros(3, 2, requires_grad=True) for _ in range(3))
    s = fd.zeros(2, dtype=fd.float64, requires_grad=True)
    p.grad, q.grad = fd.ones(2, 3).T, fd.ones(1, 1).expand(3, 2)
    s.grad = fd.tensor([1.0, 1.0], dtype=fd.float64)
    with pytest.raises(ValueError, match="share memory"):
        utils.clip_grad_norm_([p, q, r, s], 1.0)
    q.grad = fd.ones(3, 2)
    assert utils.clip_grad_norm_([p, q, r, s], 1.0).item() == pytest.approx(math.sqrt(14))
    for x in (p, q, s):
        np.testing.assert_allclose(x.grad.numpy(), 1 / math.sqrt(14), rtol=1e-6)


def test_nothing_to_clip():
    assert utils.clip_grad_norm_([], 1.0).item() == 0
    assert utils.clip_grad_norm_(fd.ones(2, requires_grad=True), 1.0).item() == 0
    utils.clip_grad_value_([], 1.0)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_not_finite(p, bad):
    params = parameters()
    params[1].grad[1234] = bad
    before = gradients(params)
    with pytest.raises(RuntimeError, match=f"clip_grad_norm_: expected a finite .* got {bad}"):
        utils.clip_grad_norm_(params, 1.0, p, error_if_nonfinite=True)
    for after, g in zip(gradients(params), before, strict=True):
        assert after.tobytes() == g.tobytes()
    norm = utils.clip_grad_norm_(params, 1.0, p).item()
    assert norm == bad or (norm != norm and bad != bad)
    with np.errstate(invalid="ignore"):
        expected = [g * np.float32(1 / (bad + 1e-6)) for g in before]
    for after, e in zip(gradients(params), expected, strict=True):
        np.testing.assert_array_equal(after, e)


def test_value():
    p = fd.zeros(5, requires_grad=True)
    p.grad = fd.tensor([-3.0, 0.5, 2.0, math.nan, -math.inf])
    utils.clip_grad_value_(p, 1)
    np.testing.assert_array_equal(p.grad.numpy(), [-1, 0.5, 1, math.nan, -1])


def test_a_norm_that_is_known():
    params = parameters()
    before = gradients(params)
    utils.clip_grads_with_norm_(params, 3.0, fd.tensor(6.0))
    np.testing.assert_allclose(gradients(params)[0], before[0] / 2, rtol=1e-6)


@pytest.mark.parametrize("p", [2.0, 1.0, math.inf, 3.0])
def test_torch(p):
    torch = pytest.importorskip("torch")
    params = [x for x in parameters() if x.numel()]  # there is no largest of nothing in PyTorch
    theirs = [torch.zeros(x.shape, requires_grad=True) for x in params[:-1]]
    for q, g in zip(theirs, gradients(params), strict=True):
        q.grad = torch.tensor(g)
    expected = torch.nn.utils.clip_grad_norm_(theirs, 1.5, p)
    assert utils.clip_grad_norm_(params, 1.5, p).item() == pytest.approx(expected.item(), rel=1e-5)
    for g, q in zip(gradients(params), theirs, strict=True):
        np.testing.assert_allclose(g, q.grad.numpy(), rtol=1e-5)


@pytest.mark.parametrize("p", [2.0, 1.0, math.inf, 3.0, None])
def test_in_a_compiled_step(p):
    def run(wrap):
        training, norms = Training("batchnorm", "adam"), []

        def step(x, y):
            training.optimizer.zero_grad()
            training.loss(training.model(x), y).backward()
            params = training.model.parameters()
            if p is None:
                utils.clip_grad_value_(params, 1e-2)
            else:
                norm = utils.clip_grad_norm_(params, 0.1, p)
            training.optimizer.step()
            return norm if p else None

        step = wrap(step)
        for x, y in batches(8):
            norm = step(x, y)
            norms.append(norm.item() if p else 0)
        return norms, training.state()

    assert run(fd.compile) == run(lambda f: f)


def test_asking_for_a_finite_norm_in_a_compiled_step():
    p = fd.ones(2, requires_grad=True)
    p.grad = fd.ones(2)
    with pytest.raises(fd.CaptureError):
        fd.compile(lambda: utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True))()


def test_the_same_bits_on_any_number_of_threads():
    def run(threads):
        fd.set_num_threads(threads)
        fd.manual_seed(0)
        p = fd.zeros(1_000_003, requires_grad=True)
        p.grad = fd.randn(1_000_003)
        return utils.clip_grad_norm_(p, 1.0).item(), p.grad.numpy().tobytes()

    before = fd.get_num_threads()
    try:
        assert run(1) == run(2) == run(3) == run(8)
    finally:
        fd.set_num_threads(before)


def test_a_recurrent_net_trains_with_clipping_only():
    """The sign of the first input, remembered for 30 steps by a unit whose gradient explodes."""
    x = np.random.default_rng(0).standard_normal((64, 30)).astype("float32")
    y = fd.tensor(np.sign(x[:, 0]))
    inputs = [fd.tensor(x[:, t]) for t in range(30)]

    def train(clip):
        w, u = fd.tensor(1.6).requires_grad_(), fd.tensor(0.5).requires_grad_()
        optimizer = optim.SGD([w, u], lr=0.01)

        @fd.compile
        def step():
            optimizer.zero_grad()
            h = u * inputs[0]
            for t in range(1, 30):  # linear: it grows as w^t
                h = w * h + 0.01 * inputs[t]
            loss = ((h - y) ** 2).mean()
            loss.backward()
            if clip:
                utils.clip_grad_norm_([w, u], 1.0)
            optimizer.step()
            return loss

        return [step().item() for _ in range(300)]

    assert not np.isfinite(train(False)).all()
    losses = train(True)
    assert losses[0] > 1e6 and losses[-1] < 0.5  # 1 − 2/π is the least for a linear net


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: utils.clip_grad_norm_(p, -1), ValueError, "max_norm: .* got -1"),
        (lambda p: utils.clip_grad_norm_(p, "a"), TypeError, "max_norm: expected a number"),
        (lambda p: utils.clip_grad_norm_(p, 1, 0), ValueError, "norm_type: .*above 0, got 0"),
        (lambda p: utils.clip_grad_norm_([3], 1), TypeError, "parameters: expected a Tensor"),
        (lambda p: utils.clip_grad_value_(p, -0.5), ValueError, "clip_value: .* got -0.5"),
        (lambda p: utils.get_total_norm(3), TypeError, "tensors: expected a Tensor"),
        (lambda p: utils.get_total_norm([fd.tensor([1])]), TypeError, "float"),
        (lambda p: utils.clip_grads_with_norm_(p, 1, 2.0), TypeError, "total_norm: expected a Ten"),
        (lambda p: utils.clip_grads_with_norm_(p, 1, fd.ones(2)), ValueError, "one number"),
        (lambda p: utils.parameters_to_vector([]), ValueError, "at least one"),
        (
            lambda p: utils.parameters_to_vector([p, fd.ones(1, dtype=fd.float64)]),
            ValueError,
            "one dtype, got float64 beside float32",
        ),
        (
            lambda p: utils.vector_to_parameters(fd.ones(3), [p]),
            ValueError,
            r"vec: expected shape \(2,\), got \(3,\)",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    p = fd.ones(2, requires_grad=True)
    p.grad = fd.full((2,), 5.0)
    with pytest.raises(error, match=message):
        call(p)
    assert p.grad.tolist() == [5, 5] and p.tolist() == [1, 1]


# ---- vectors -----------------------------------------------------------------------------------


def test_to_a_vector_and_back():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optim.SGD(model.parameters(), 0.1)
    pointers = [p.data_ptr() for p in model.parameters()]
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.shape == (26,)
    vector.backward(fd.arange(26.0))
    assert model[1].bias.grad.tolist() == [24, 25]
    utils.vector_to_parameters(vector.detach() * 2, model.parameters())
    np.testing.assert_array_equal(
        utils.parameters_to_vector(model.parameters()).detach().numpy(), vector.detach().numpy() * 2
    )
    assert [p.data_ptr() for p in model.parameters()] == pointers


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_gradient_that_is_given_twice_is_scaled_twice(threads):
    before = fd.get_num_threads()
    fd.set_num_threads(threads)
    try:
        g = fd.ones(400_000)
        a, b = nn.Parameter(fd.ones(400_000)), nn.Parameter(fd.ones(400_000))
        a.grad = b.grad = g
        for _ in range(20):
            g.fill_(1.0)
            norm = nn.utils.clip_grad_norm_([a, b], 1.0)
            (scaled,) = np.unique(g.numpy())
            assert scaled == pytest.approx(1 / norm.item() ** 2, rel=1e-6)
    finally:
        fd.set_num_threads(before)
