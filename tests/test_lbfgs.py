"""L-BFGS: directions against the dense formula, its line search, PyTorch, state, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import functional as F
from fastdl.optim.line_search import CURVATURE, SUFFICIENT, Point, strong_wolfe

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 6))
Y = (X @ RNG.standard_normal(6) + RNG.standard_normal(60) > 0).astype("float64")


def logistic(module, w, b):
    """A penalized logistic regression: strictly convex, not quadratic."""
    x, y = module.tensor(X), module.tensor(Y)
    z = x @ w + b
    return (
        module.log(1 + module.exp(-abs(z))) + module.maximum(z, 0 * z) - y * z
    ).mean() + 0.01 * ((w * w).sum() + b * b)


def make(module=fd, **options):
    w, b = module.tensor(np.zeros(6)).requires_grad_(), module.tensor(0.1 + 0 * Y[0])
    params = [w, b.requires_grad_()]
    optimizer = module.optim.LBFGS(params, **options)

    def closure():
        optimizer.zero_grad()
        loss = logistic(module, *params)
        loss.backward()
        return loss

    return params, optimizer, closure


def vector(params):
    return np.concatenate([p.detach().numpy().reshape(-1) for p in params])


def dense_bfgs(gradient, p, lr, steps, history):
    """The inverse Hessian as a matrix, made anew from the pairs that are kept."""
    pairs, seen, g, before = [], [], gradient(p), None
    for k in range(steps):
        if k:
            s, y = p - before[0], g - before[1]
            if s @ y > 1e-10:  # PyTorch's bound: else rounding decides
                pairs = [*pairs, (s, y)][-history:]
        h = np.eye(len(p)) * (
            pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if k else 1
        )
        for s, y in pairs:
            rho = 1 / (s @ y)
            v = np.eye(len(p)) - rho * np.outer(y, s)
            h = v.T @ h @ v + rho * np.outer(s, s)
        t = lr if k else lr * min(1, 1 / abs(g).sum())
        before = p, g
        p = p - t * h @ g
        g = gradient(p)
        seen.append(p)
    return seen


@pytest.mark.parametrize("history", [1, 3, 100])
def test_directions_are_those_of_the_dense_formula(history):
    def gradient(p):
        z = X @ p[:6] + p[6]
        r = (1 / (1 + np.exp(-z)) - Y) / len(Y)
        return np.concatenate([X.T @ r, [r.sum()]]) + 0.02 * p

    params, optimizer, closure = make(
        lr=0.5, max_iter=1, tolerance_change=0, tolerance_grad=0, history_size=history
    )
    for expected in dense_bfgs(gradient, vector(params), 0.5, 25, history):
        optimizer.step(closure)
        np.testing.assert_allclose(vector(params), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.3, "max_iter": 4, "history_size": 3},
        {"max_iter": 20},
        {"lr": 0.8, "max_iter": 7, "max_eval": 3},
        {"lr": 0.05, "max_iter": 1},
    ],
)
def test_torch(options):
    torch = pytest.importorskip("torch")
    theirs, other, their_closure = make(torch, **options)
    params, optimizer, closure = make(**options)
    for step in range(100):
        loss, expected = optimizer.step(closure), other.step(their_closure)
        assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(vector(params), vector(theirs), rtol=1e-9, atol=1e-11)
        if step == 1:  # on from PyTorch's state

            def converted(x):
                if isinstance(x, list):
                    return [converted(v) for v in x]
                return fd.tensor(x.numpy()) if isinstance(x, torch.Tensor) else x

            saved = other.state_dict()
            state = {k: converted(v) for k, v in saved["state"][0].items()}
            assert state.keys() - {"al"} == optimizer.state_dict()["state"][0].keys()
            groups = [
                {k: v for k, v in g.items() if k in optimizer.param_groups[0]}
                for g in saved["param_groups"]
            ]
            optimizer.load_state_dict({"state": {0: state}, "param_groups": groups})


def test_torch_with_a_line_search():
    """Another line search, the same minimum."""
    torch = pytest.importorskip("torch")
    options = {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-14, "tolerance_grad": 1e-10}
    theirs, other, their_closure = make(torch, **options)
    params, optimizer, closure = make(**options)
    for _ in range(5):
        optimizer.step(closure)
        other.step(their_closure)
    np.testing.assert_allclose(vector(params), vector(theirs), atol=1e-8)


def rosenbrock(p):
    return ((1 - p[:-1]) ** 2 + 100 * (p[1:] - p[:-1] ** 2) ** 2).sum()


@pytest.mark.parametrize("n", [2, 10])
def test_rosenbrock(n):
    p = fd.full((n,), -1.2, dtype=fd.float64).requires_grad_()
    optimizer = optim.LBFGS(
        [p], max_iter=200, max_eval=400, line_search_fn="strong_wolfe", tolerance_change=0
    )
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        losses.append(loss.item())
        return loss

    assert optimizer.step(closure).item() == losses[0]
    np.testing.assert_allclose(p.detach().numpy(), 1, atol=1e-6)
    assert len(losses) < (80 if n == 2 else 200)
    assert optimizer.state[p]["func_evals"] == len(losses)


def test_a_network():
    """The whole of a small regression, in float32 and a few steps."""
    fd.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
    x = fd.randn(100, 3)
    y = (x[:, :1] * x[:, 1:2] - x[:, 2:]).detach()
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe", max_iter=50)

    @fd.compile
    def evaluate(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    losses = [optimizer.step(lambda: evaluate(x, y)).item() for _ in range(6)]
    assert losses[-1] < 0.01 * losses[0]


def test_a_compiled_closure_gives_the_same_bits():
    def run(wrap):
        params, optimizer, closure = make(line_search_fn="strong_wolfe", max_iter=3)
        closure = wrap(closure)
        for _ in range(4):
            optimizer.step(closure)
        return vector(params).tobytes()

    assert run(fd.compile) == run(lambda f: f)


def test_not_in_a_compiled_step():
    params, optimizer, closure = make()
    before = vector(params)
    with pytest.raises(fd.CaptureError, match="compile the closure"):
        fd.compile(lambda: optimizer.step(closure))()
    np.testing.assert_array_equal(vector(params), before)


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_resume_is_bit_equal(stop):
    options = {"max_iter": 2, "history_size": 3, "lr": 0.7}
    params, optimizer, closure = make(**options)
    again, resumed, other_closure = make(**options)
    for _ in range(stop):
        optimizer.step(closure)
    saved = optimizer.state_dict()
    for p, q in zip(again, params, strict=True):
        q_value = q.detach().clone()
        p.data.copy_(q_value)
    resumed.load_state_dict(saved)
    for _ in range(4):
        optimizer.step(closure)
        resumed.step(other_closure)
    assert vector(params).tobytes() == vector(again).tobytes()


def test_parameters_without_gradient_stay():
    p, q = fd.ones(2, requires_grad=True), fd.full((1,), 5.0, requires_grad=True)
    optimizer = optim.LBFGS([q, p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert q.tolist() == [5] and max(map(abs, p.tolist())) < 1e-4


def test_at_the_minimum_nothing_moves():
    p = fd.zeros(2, requires_grad=True)
    optimizer = optim.LBFGS([p])

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0 and p.tolist() == [0, 0]
    optim.LBFGS([p]).load_state_dict(optimizer.state_dict())


def test_a_gradient_of_nan_ends_the_step():
    p = fd.ones(2, requires_grad=True)
    calls = []

    def closure():
        calls.append(1)
        p.grad = fd.tensor([1.0, math.nan])
        return (p * 1).sum()

    optim.LBFGS([p]).step(closure)
    assert len(calls) == 1 and p.tolist() == [1, 1]


# ---- the line search by itself -----------------------------------------------------------------

LINES = {
    "quadratic": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "steep": (lambda t: math.exp(5 * t) - 50 * t, lambda t: 5 * math.exp(5 * t) - 50),
    "flat": (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
    "wavy": (
        lambda t: (t - 4) ** 2 / 10 - math.sin(5 * t) / 4,
        lambda t: (t - 4) / 5 - 1.25 * math.cos(5 * t),
    ),
    "a wall": (
        lambda t: -math.log(1 - t) - 9 * t if t < 1 else math.nan,
        lambda t: 1 / (1 - t) - 9 if t < 1 else math.nan,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 30.0])
def test_the_wolfe_conditions_hold(name, first):
    value, slope = LINES[name]
    calls = []

    def at(t):
        calls.append(t)
        return Point(t, value(t), slope(t), None)

    start = Point(0.0, value(0.0), slope(0.0), None)
    end = strong_wolfe(at, start, first, 1e-12)
    assert end.loss <= start.loss + SUFFICIENT * end.t * start.slope
    assert abs(end.slope) <= CURVATURE * abs(start.slope)
    assert len(calls) <= 15


def test_a_line_that_only_rises():
    """The slope lied: the start is taken."""
    start = Point(0.0, 0.0, -1.0, None)
    assert strong_wolfe(lambda t: Point(t, t, 1.0, None), start, 1.0, 1e-9) is start


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: optim.LBFGS([{"params": [x]} for x in (p, fd.ones(1))]), ValueError, "one gr"),
        (lambda p: optim.LBFGS([p]).add_param_group({"params": fd.ones(1)}), ValueError, "one gr"),
        (lambda p: optim.LBFGS([p], lr=-1), ValueError, "LBFGS: lr"),
        (lambda p: optim.LBFGS([p], max_iter=0), ValueError, "LBFGS: max_iter: .*1, got 0"),
        (lambda p: optim.LBFGS([p], max_iter=1.5), TypeError, "LBFGS: max_"),
        (lambda p: optim.LBFGS([p], history_size=0), ValueError, "LBFGS: history_size"),
        (lambda p: optim.LBFGS([p], tolerance_grad=-1), ValueError, "LBFGS: tolerance_grad"),
        (lambda p: optim.LBFGS([p], line_search_fn="w"), ValueError, "line_search_fn: .* got 'w'"),
        (lambda p: optim.LBFGS([p]).step(), TypeError, "LBFGS.step: closure: expected a function"),
        (
            lambda p: optim.LBFGS([p]).load_state_dict(
                {"state": {0: {"n_iter": 3}}, "param_groups": [{"params": [0]}]}
            ),
            ValueError,
            r"LBFGS.load_state_dict: state: expected \['H_diag'.* got \['n_iter'\]",
        ),
        (lambda p: optim.LBFGS([p]).load_state_dict(3), TypeError, "expected a dict"),
    ],
)  # fmt: skip
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.ones(2, requires_grad=True))


def test_a_cleared_state_is_forgotten():
    p = fd.tensor([3.0, -2.0]).requires_grad_()
    optimizer = optim.LBFGS([p], max_iter=2)

    def closure():
        optimizer.zero_grad()
        loss = (p**4).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    first = optimizer.state[p]["n_iter"]
    optimizer.step(closure)
    assert optimizer.state[p]["n_iter"] > first
    optimizer.state.clear()
    assert not optimizer.state
    optimizer.step(closure)
    assert optimizer.state[p]["n_iter"] == first
