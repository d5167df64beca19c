"""Samples (SGLD), sparse weights (ProximalSGD) and averages of parameters (PolyakAverage)."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from steps import Training, batches

# ---- Langevin dynamics -------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_sgld_has_the_variance_of_its_closed_form(temperature):
    """Of p²/2 the step is p = (1 − lr) p + z, whose variance is T / (1 − lr / 2): 20,000 chains."""
    fd.manual_seed(0)
    lr, n = 0.4, 20_000
    p = fd.zeros(n, dtype=fd.float64, requires_grad=True)
    optimizer = optim.SGLD([p], lr=lr, temperature=temperature)
    for _ in range(30):  # (1 − lr)^60 of the beginning is left
        p.grad = p.detach().clone()
        optimizer.step()
    values, expected = p.detach().numpy(), temperature / (1 - lr / 2)
    assert abs(values.var() / expected - 1) < 4 * np.sqrt(2 / n)
    assert abs(values.mean()) < 4 * np.sqrt(expected / n)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(n)


def test_sgld_samples_a_posterior():
    """The mean of normal data, with a normal prior: mean and variance of the posterior."""
    fd.manual_seed(1)
    data = np.random.default_rng(0).standard_normal(50) + 2
    precision = len(data) + 4.0  # of the posterior: 50 data of variance 1, a prior of variance 1/4
    p = fd.zeros(4000, dtype=fd.float64, requires_grad=True)
    optimizer = optim.SGLD([p], lr=0.01 / precision, weight_decay=4.0)
    for _ in range(600):
        p.grad = p.detach() * len(data) - data.sum()
        optimizer.step()
    values = p.detach().numpy()
    assert values.mean() == pytest.approx(data.sum() / precision, abs=4 / np.sqrt(precision * 4000))
    assert values.var() == pytest.approx(1 / precision / (1 - 0.01 / 2), rel=4 * np.sqrt(2 / 4000))


def test_sgld_goes_on_with_its_own_generator():
    def run(optimizer, steps):
        for _ in range(steps):
            for p in optimizer.param_groups[0]["params"]:
                p.grad = fd.ones_like(p)
            optimizer.step()
        return [p.tolist() for p in optimizer.param_groups[0]["params"]]

    p = fd.zeros(5, requires_grad=True)
    first = optim.SGLD([p], 0.5, generator=fd.Generator(3))
    run(first, 2)
    saved, at = first.state_dict(), p.detach().clone().requires_grad_()
    second = optim.SGLD([at], 0.5, generator=fd.Generator(9))
    second.load_state_dict(saved)
    assert run(second, 2) == run(first, 2)
    assert "generator" not in second.param_groups[0]


def test_sgld_draws_are_a_function_of_the_seed():
    def run(seed, threads):
        fd.set_num_threads(threads)
        params = [fd.zeros(n, requires_grad=True) for n in (3, 50_000, 1)]
        optimizer = optim.SGLD(params, 0.5, generator=fd.Generator(seed))
        for _ in range(2):
            for p in params:
                p.grad = fd.ones_like(p)
            optimizer.step()
        return [p.tolist() for p in params]

    before = fd.get_num_threads()
    try:
        assert run(3, 1) == run(3, 2) != run(4, 1)
    finally:
        fd.set_num_threads(before)


def test_sgld_leaves_alone_what_has_no_gradient():
    p, q = fd.ones(2, requires_grad=True), fd.ones(2, requires_grad=True)
    optimizer = optim.SGLD([p, q])
    p.grad = fd.zeros(2)
    optimizer.step()
    assert q.tolist() == [1, 1] and 1 not in p.tolist()


# ---- proximal gradient descent -----------------------------------------------------------------


def test_l1_gives_exact_zeros_where_the_lasso_has_them():
    """With orthonormal features the lasso is the soft threshold of the least-squares solution."""
    rng = np.random.default_rng(0)
    x = np.linalg.qr(rng.standard_normal((60, 20)))[0]
    y = x @ np.where(np.arange(20) % 3 == 0, 3.0, 0.1) + 0.1 * rng.standard_normal(60)
    best = x.T @ y
    lasso = np.sign(best) * np.maximum(abs(best) - 0.5, 0)
    assert 5 < (lasso == 0).sum() < 15
    features, target = fd.tensor(x), fd.tensor(y)
    for momentum in (0.0, 0.5):
        w = fd.tensor(rng.standard_normal(20)).requires_grad_()
        optimizer = optim.ProximalSGD([w], lr=0.5, l1=0.5, momentum=momentum)
        for _ in range(200):
            optimizer.zero_grad()
            (((features @ w - target) ** 2).sum() / 2).backward()
            optimizer.step()
        found = w.detach().numpy()
        np.testing.assert_allclose(found, lasso, atol=1e-12)
        assert ((found == 0) == (lasso == 0)).all() and not np.signbit(found[found == 0]).any()


def test_l2_shrinks_and_gives_no_zeros():
    """The ridge: at the minimum of (p − 1)²/2 + l2/2 p², p = 1 / (1 + l2)."""
    p = fd.tensor([5.0, -2.0], dtype=fd.float64).requires_grad_()
    optimizer = optim.ProximalSGD([p], lr=0.3, l2=0.25)
    for _ in range(200):
        p.grad = p.detach() - 1
        optimizer.step()
    assert p.tolist() == pytest.approx([0.8, 0.8], rel=1e-12)


# ---- averages ----------------------------------------------------------------------------------


def wander(average, params, n=7):
    """n steps at random; the values of the parameters after each."""
    rng, seen = np.random.default_rng(0), []
    for _ in range(n):
        for p in params:
            p.data.copy_(fd.tensor(rng.standard_normal(p.shape)).to(p.dtype))
        average.update()
        seen.append([p.detach().numpy().copy() for p in params])
    return seen


def some_params():
    shapes = [(3, 4), (), (9000,), (0, 2)]
    params = [fd.zeros(s, dtype=t, requires_grad=True)
              for s, t in zip(shapes, [fd.float32, fd.float64] * 2, strict=True)]  # fmt: skip
    optim.SGD(params, 0.1)  # they lie in an arena
    return params


def test_plain_mean():
    params = some_params()
    average = optim.PolyakAverage(params)
    seen = wander(average, params)
    assert average.n_averaged == 7
    for i, found in enumerate(average.averages):
        expected = np.mean([values[i] for values in seen], axis=0)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-6)
        assert found.dtype is params[i].dtype and not found.requires_grad


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9])
def test_exponential_mean(decay):
    params = some_params()
    average = optim.PolyakAverage(params, decay)
    seen = wander(average, params)
    expected = seen[0]
    for values in seen[1:]:
        expected = [decay * e + (1 - decay) * v for e, v in zip(expected, values, strict=True)]
    for found, e in zip(average.averages, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), e, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("decay", [None, 0.8])
def test_averages_of_torch(decay):
    torch = pytest.importorskip("torch")
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    theirs, ours = torch.nn.Linear(5, 3), nn.Linear(5, 3)
    other = AveragedModel(theirs, multi_avg_fn=get_ema_multi_avg_fn(decay) if decay else None)
    average = optim.PolyakAverage(ours.parameters(), decay)
    for values in wander(average, list(ours.parameters())):
        for p, value in zip(theirs.parameters(), values, strict=True):
            p.data.copy_(torch.tensor(value))
        other.update_parameters(theirs)
    for found, expected in zip(average.averages, other.module.parameters(), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.detach().numpy(), rtol=2e-6, atol=1e-7)


def test_applied_and_put_back():
    params = some_params()
    average = optim.PolyakAverage(params)
    last = wander(average, params)[-1]
    means = [a.numpy().copy() for a in average.averages]
    with pytest.raises(KeyError), average.applied():
        for p, mean in zip(params, means, strict=True):
            np.testing.assert_array_equal(p.detach().numpy(), mean)
        with pytest.raises(RuntimeError, match="the averages stand in the parameters"):
            average.update()
        raise KeyError
    for p, value in zip(params, last, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), value)
    for a, mean in zip(average.averages, means, strict=True):
        np.testing.assert_array_equal(a.numpy(), mean)


def test_averaged_model():
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    average = optim.PolyakAverage(model.parameters(), decay=0.5)
    wander(average, list(model.parameters()))
    before = [p.tolist() for p in model.parameters()]
    averaged = average.averaged_model(model)
    assert [p.tolist() for p in averaged.parameters()] == [a.tolist() for a in average.averages]
    assert [p.tolist() for p in model.parameters()] == before
    assert not {*map(id, averaged.parameters())} & {*map(id, model.parameters())}
    with pytest.raises(TypeError, match="model: expected a Module, got 3"):
        average.averaged_model(3)
    with pytest.raises(ValueError, match=r"0\.weight is not among the averages"):
        average.averaged_model(copy.deepcopy(model))


def test_averages_in_a_compiled_step():
    def run(wrap, decay):
        training = Training("batchnorm", "momentum")
        average = optim.PolyakAverage(training.model.parameters(), decay)

        def step(x, y):
            loss = training.step(x, y)
            average.update()
            return loss

        step = wrap(step)
        for x, y in batches(8):
            step(x, y)
        assert average.n_averaged == 8
        return [a.tolist() for a in average.averages]

    for decay in (None, 0.7):
        assert run(fd.compile, decay) == run(lambda f: f, decay)


def test_averages_resume():
    params = some_params()
    average, again = optim.PolyakAverage(params, 0.9), optim.PolyakAverage(params, 0.9)
    wander(average, params)
    saved = average.state_dict()
    again.load_state_dict(saved)
    wander(average, params, 3)
    assert saved["n_averaged"] == 7
    wander(again, params, 3)
    assert again.n_averaged == 10
    for a, b in zip(average.averages, again.averages, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()
    with pytest.raises(ValueError, match="averages: expected shapes"):
        again.load_state_dict({"n_averaged": 1, "averages": saved["averages"][:2]})
    with pytest.raises(TypeError, match="expected a dict with"):
        again.load_state_dict({})
    assert again.n_averaged == 10


def test_a_copy_averages_by_itself():
    params = some_params()
    average = optim.PolyakAverage(params)
    wander(average, params, 3)
    before = [a.tolist() for a in average.averages]
    others, other = copy.deepcopy((params, average))
    assert other.params[0] is others[0]
    wander(other, others, 2)
    assert [a.tolist() for a in average.averages] == before and other.n_averaged == 5
    wander(average, params, 2)
    assert [a.tolist() for a in average.averages] == [a.tolist() for a in other.averages]
