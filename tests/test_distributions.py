"""fastdl.distributions against SciPy, and divergences against Monte Carlo."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import distributions as D
from fastdl.autograd import gradcheck, gradgradcheck

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")


def t(*values):
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=fd.float64)


COVARIANCE = [[2.0, 0.6, 0.1], [0.6, 1.0, -0.3], [0.1, -0.3, 0.5]]
# ours, SciPy's with the same parameters, values to look at
UNIVARIATE = {
    "normal": (D.Normal(t(1.5), t(0.7)), stats.norm(1.5, 0.7), [-3.0, 0.2, 1.5, 9.0]),
    "uniform": (D.Uniform(t(-1.0), t(3.0)), stats.uniform(-1, 4), [-1.0, 0.3, 2.9]),
    "laplace": (D.Laplace(t(0.5), t(2.0)), stats.laplace(0.5, 2), [-9.0, 0.5, 1.0, 30.0]),
    "exponential": (D.Exponential(t(2.5)), stats.expon(scale=0.4), [0.0, 0.1, 7.0]),
    "gamma": (D.Gamma(t(2.5), t(3.0)), stats.gamma(2.5, scale=1 / 3), [1e-3, 0.4, 6.0]),
    "gamma small": (D.Gamma(t(0.3), t(1.0)), stats.gamma(0.3), [1e-9, 0.4, 6.0]),
    "beta": (D.Beta(t(2.0), t(0.5)), stats.beta(2, 0.5), [0.01, 0.5, 0.999]),
}
CDF = ["normal", "uniform", "laplace", "exponential"]


@pytest.mark.parametrize("name", UNIVARIATE)
def test_densities_entropies_and_moments(name):
    ours, theirs, values = UNIVARIATE[name]
    assert np.allclose(ours.log_prob(t(values)).numpy(), theirs.logpdf(values), rtol=1e-12)
    assert np.isclose(ours.entropy().item(), theirs.entropy(), rtol=1e-9)
    assert np.isclose(ours.mean.item(), theirs.mean(), rtol=1e-12)
    assert np.isclose(ours.variance.item(), theirs.var(), rtol=1e-12)
    assert np.isclose(ours.stddev.item(), theirs.std(), rtol=1e-12)


@pytest.mark.parametrize("name", CDF)
def test_cumulative_probabilities(name):
    ours, theirs, values = UNIVARIATE[name]
    assert np.allclose(ours.cdf(t(values)).numpy(), theirs.cdf(values), rtol=1e-12, atol=1e-16)
    p = [0.001, 0.3, 0.5, 0.9]
    assert np.allclose(ours.icdf(t(p)).numpy(), theirs.ppf(p), rtol=1e-12)


@pytest.mark.parametrize("name", UNIVARIATE)
def test_draws_have_the_distribution(name):
    ours, theirs, _ = UNIVARIATE[name]
    fd.manual_seed(0)
    draws = ours.sample((20_000,))
    assert draws.shape == (20_000,) and not draws.requires_grad
    assert stats.kstest(draws.numpy(), theirs.cdf).pvalue > 1e-3
    fd.manual_seed(0)
    assert ours.sample((20_000,)).tolist() == draws.tolist()


def test_draws_do_not_depend_on_threads():
    c = fd.rand(30_000) * 3 + 0.05
    found = []
    for threads in (1, 3):
        fd.set_num_threads(threads)
        fd.manual_seed(1)
        found.append(D.Gamma(c, 1.0).sample().tolist())
    fd.set_num_threads(2)
    assert found[0] == found[1]


def test_small_concentrations_give_no_nan():
    fd.manual_seed(0)
    draws = D.Beta(fd.full((10_000,), 1e-3), 1e-3).sample()
    assert bool(((draws >= 0) & (draws <= 1)).all())
    assert abs(draws.mean().item() - 0.5) < 0.03


def test_an_infinite_concentration_has_infinite_draws():
    infinite = fd.tensor([math.inf, 1e30])
    assert D.Gamma(infinite, fd.ones(2)).sample()[0].item() == math.inf


# ---- gradients -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: D.Normal(a, b), lambda a, b: D.Laplace(a, b), lambda a, b: D.Gamma(a, b),
        lambda a, b: D.Beta(a, b), lambda a, b: D.Uniform(a, a + b),
        lambda a, b: D.Bernoulli(logits=a - b), lambda a, b: D.Bernoulli(a / (a + b)),
    ],
)  # fmt: skip
def test_log_prob_and_entropy_are_differentiable_twice(make):
    a, b = t(1.3, 0.6).requires_grad_(), t(0.7, 2.0).requires_grad_()
    discrete = isinstance(make(a, b), D.Bernoulli)
    value = t(1.0, 0.0) if discrete else make(a, b).mean.detach() + 0.05

    def f(a, b):
        d = make(a, b)
        return d.log_prob(value), d.entropy()

    gradcheck(f, (a, b))
    gradgradcheck(f, (a, b), atol=1e-4)


@pytest.mark.parametrize("a", [0.05, 0.7, 1.0, 3.0, 40.0, 2000.0])
def test_slopes_of_gamma_draws(a):
    """At fixed P(a, x), by differences of SciPy's inverse in a."""
    p = np.array([1e-6, 0.01, 0.2, 0.5, 0.9, 0.999])
    x = special.gammaincinv(a, p)
    x, p = x[x > 1e-300], p[x > 1e-300]
    got = fd._C.standard_gamma_log_slope(t(np.log(x)), t(np.full(len(x), a))).numpy()
    h = 1e-4 * a
    around = [np.log(special.gammaincinv(a + k * h, p)) for k in (-2, -1, 1, 2)]
    want = (around[0] - 8 * around[1] + 8 * around[2] - around[3]) / (12 * h)
    assert np.allclose(got, want, rtol=2e-6)


def test_slopes_of_gamma_draws_far_out():
    a = t(0.5, 2.0, 2.0, 1e9)
    x = t(1e-200, 300.0, 600.0, 1e9)
    got = fd._C.standard_gamma_log_slope(x.log(), a).numpy()
    # P(a, x) ~ x^a / Γ(a + 1) near 0; x itself moves by log x - psi(a) + ... far out.
    assert np.isclose(got[0], -(np.log(1e-200) - special.digamma(1.5)) / 0.5, rtol=1e-12)
    for k in (1, 2):
        h = 1e-5
        logs = [np.log(float(x[k])), *[_log_q_inverse(2.0 + s * h, float(x[k])) for s in (1, -1)]]
        assert np.isclose(got[k], (logs[1] - logs[2]) / (2 * h), rtol=1e-6)
    assert np.isclose(got[3], 1e-9, rtol=1e-6)
    assert np.isnan(fd._C.standard_gamma_log_slope(t(0.0), t(-1.0)).item())


def _log_q_inverse(a, x):
    """log y with Q(a, y) = Q(2, x), by Newton on log Q(a, y), Q(a, y) in closed form near a = 2."""
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 40
    want = mpmath.log(mpmath.gammainc(2, x, regularized=True))
    y = mpmath.findroot(
        lambda y: mpmath.log(mpmath.gammainc(a, y, regularized=True)) - want, (x, x * 1.001)
    )
    return float(mpmath.log(y))


@pytest.mark.parametrize(
    ("make", "parameters", "moment"),
    [
        (D.Normal, (0.5, 1.5), lambda m, s: m * m + s * s),
        (D.Uniform, (-1.0, 2.0), lambda a, b: (a * a + a * b + b * b) / 3),
        (D.Laplace, (0.3, 0.8), lambda m, s: m * m + 2 * s * s),
        (D.Exponential, (1.7,), lambda r: 2 / (r * r)),
        (D.Gamma, (0.4, 1.5), lambda c, r: c * (c + 1) / (r * r)),
        (D.Gamma, (6.0, 2.0), lambda c, r: c * (c + 1) / (r * r)),
        (D.Beta, (0.6, 1.4), lambda a, b: a * (a + 1) / ((a + b) * (a + b + 1))),
    ],
)
def test_gradients_through_draws(make, parameters, moment):
    """Of E[x²], against its closed form; within 5 standard errors."""
    n = 40_000
    values = [t(np.full(n, p)).requires_grad_() for p in parameters]
    fd.manual_seed(0)
    draws = make(*values).rsample()
    (draws * draws).sum().backward()
    leaves = [t(p).requires_grad_() for p in parameters]
    moment(*leaves).backward()
    for value, leaf in zip(values, leaves, strict=True):
        each = value.grad.numpy()
        assert abs(each.mean() - leaf.grad.item()) < 5 * each.std() / math.sqrt(n)


def test_second_derivatives_of_gamma_draws_are_refused():
    c = t(2.0).requires_grad_()
    (g,) = fd.autograd.grad(D.Gamma(c, 1.0).rsample(), c, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        fd.autograd.grad(g, c)


# ---- discrete --------------------------------------------------------------------------------


def test_bernoulli_at_the_ends():
    p = t(0.0, 0.3, 1.0).requires_grad_()
    d = D.Bernoulli(p)
    assert np.allclose(d.log_prob(t(0.0, 1.0, 1.0)).detach().numpy(), [0, math.log(0.3), 0])
    assert d.log_prob(t(1.0, 1.0, 0.0))[0].item() == -math.inf
    assert d.entropy().detach().numpy()[[0, 2]].tolist() == [0, 0]
    d.log_prob(t(0.0, 1.0, 1.0)).sum().backward()
    assert np.isfinite(p.grad.numpy()).all()
    fd.manual_seed(0)
    draws = d.sample((1000,)).numpy().mean(0)
    assert draws[0] == 0 and draws[2] == 1 and abs(draws[1] - 0.3) < 0.05


def test_bernoulli_by_logits():
    d = D.Bernoulli(logits=t(-800.0, 0.4, 800.0))
    assert np.allclose(d.log_prob(t(1.0, 1.0, 1.0)).numpy(), [-800, -math.log1p(math.exp(-0.4)), 0])
    assert np.allclose(d.probs.numpy(), [0, 1 / (1 + math.exp(-0.4)), 1])
    assert np.isclose(D.Bernoulli(t(0.3)).logits.item(), math.log(0.3 / 0.7))


def test_categorical():
    probs = [[0.1, 0.0, 0.9], [2.0, 1.0, 1.0]]
    d = D.Categorical(t(probs))
    assert d.batch_shape == (2,) and d.event_shape == ()
    assert d.log_prob(fd.tensor([2, 0])).tolist() == pytest.approx([math.log(0.9), math.log(0.5)])
    assert d.log_prob(fd.tensor(1)).tolist() == pytest.approx([-math.inf, math.log(0.25)])
    want = [stats.entropy(p) for p in probs]
    assert np.allclose(d.entropy().numpy(), want)
    fd.manual_seed(0)
    draws = d.sample((20_000,))
    assert draws.shape == (20_000, 2) and draws.dtype is fd.int64
    counts = np.stack([np.bincount(column, minlength=3) for column in draws.numpy().T]) / 20_000
    assert counts[0, 1] == 0
    assert np.allclose(counts, np.array(probs) / np.sum(probs, 1, keepdims=True), atol=0.02)
    assert d.mode.tolist() == [2, 0]


def test_one_hot_categorical():
    d = D.OneHotCategorical(logits=t(0.0, 1.0, 2.0))
    fd.manual_seed(0)
    draws = d.sample((5,))
    assert draws.shape == (5, 3) and draws.sum(-1).tolist() == [1] * 5
    classes = D.Categorical(logits=t(0.0, 1.0, 2.0))
    assert d.log_prob(draws).tolist() == classes.log_prob(draws.argmax(-1)).tolist()
    assert d.event_shape == (3,) and d.mode.tolist() == [0, 0, 1]


def test_relaxed_categorical():
    probs = t(0.2, 0.5, 0.3)
    cold = D.RelaxedOneHotCategorical(0.05, probs)
    fd.manual_seed(0)
    draws = cold.rsample((20_000,))
    assert np.allclose(draws.sum(-1).numpy(), 1)
    counts = np.bincount(draws.argmax(-1).numpy()) / 20_000
    assert np.allclose(counts, probs.numpy(), atol=0.02)

    # The density of two classes, y in (0, 1), integrates to 1.
    d = D.RelaxedOneHotCategorical(0.7, t(0.3, 0.7))
    y = (np.arange(200_000) + 0.5) / 200_000
    density = d.log_prob(t(np.stack([y, 1 - y], 1))).exp()
    assert abs(density.mean().item() - 1) < 1e-3
    logits = t(0.1, 0.2, 0.3).requires_grad_()
    D.RelaxedOneHotCategorical(0.5, logits=logits).rsample()[0].backward()
    assert logits.grad.abs().sum().item() > 0


# ---- multivariate ----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_multivariate_normal(by):
    loc, covariance = t(1.0, -1.0, 0.5), np.array(COVARIANCE)
    matrix = {
        "covariance_matrix": covariance,
        "precision_matrix": np.linalg.inv(covariance),
        "scale_tril": np.linalg.cholesky(covariance),
    }[by]
    d = D.MultivariateNormal(loc, **{by: t(matrix)})
    theirs = stats.multivariate_normal(loc.numpy(), covariance)
    values = t([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    assert np.allclose(d.log_prob(values).numpy(), theirs.logpdf(values.numpy()))
    assert np.isclose(d.entropy().item(), theirs.entropy())
    assert np.allclose(d.covariance_matrix.numpy(), covariance)
    assert np.allclose(d.precision_matrix.numpy(), np.linalg.inv(covariance))
    assert np.allclose(d.variance.numpy(), np.diag(covariance))
    fd.manual_seed(0)
    draws = d.sample((50_000,)).numpy()
    assert draws.shape == (50_000, 3)
    assert np.allclose(np.cov(draws.T), covariance, atol=0.04)


def test_multivariate_normal_gradients():
    def f(loc, matrix):
        d = D.MultivariateNormal(loc, matrix @ matrix.mT + t(np.eye(3)))
        return d.log_prob(t(0.3, 0.2, 0.1)), d.entropy()

    loc, matrix = t(1.0, -1.0, 0.5).requires_grad_(), t(COVARIANCE).requires_grad_()
    gradcheck(f, (loc, matrix))
    gradgradcheck(f, (loc, matrix), atol=1e-4)


# ---- divergences -----------------------------------------------------------------------------

PAIRS = {
    "bernoulli": (D.Bernoulli(t(0.3)), D.Bernoulli(logits=t(1.0))),
    "categorical": (D.Categorical(t(0.2, 0.5, 0.3)), D.Categorical(t(0.6, 0.2, 0.2))),
    "one-hot": (D.OneHotCategorical(t(0.2, 0.5, 0.3)), D.OneHotCategorical(t(0.6, 0.2, 0.2))),
    "normal": (D.Normal(t(0.0), t(1.0)), D.Normal(t(1.0), t(2.0))),
    "multivariate normal": (
        D.MultivariateNormal(t(0.0, 0.0, 0.0), t(COVARIANCE)),
        D.MultivariateNormal(t(0.5, 0.0, -0.5), t(np.eye(3) * 2)),
    ),
    "uniform": (D.Uniform(t(0.0), t(1.0)), D.Uniform(t(-1.0), t(2.0))),
    "beta": (D.Beta(t(2.0), t(3.0)), D.Beta(t(1.0), t(1.5))),
    "gamma": (D.Gamma(t(2.0), t(3.0)), D.Gamma(t(1.0), t(1.5))),
    "exponential": (D.Exponential(t(2.0)), D.Exponential(t(0.7))),
    "laplace": (D.Laplace(t(0.0), t(1.0)), D.Laplace(t(1.0), t(2.0))),
    "exponential, gamma": (D.Exponential(t(2.0)), D.Gamma(t(2.0), t(3.0))),
    "gamma, exponential": (D.Gamma(t(2.0), t(3.0)), D.Exponential(t(0.7))),
    "normal, laplace": (D.Normal(t(0.5), t(2.0)), D.Laplace(t(-1.0), t(0.7))),
    "uniform, normal": (D.Uniform(t(-1.0), t(2.0)), D.Normal(t(0.3), t(1.5))),
    "beta, uniform": (D.Beta(t(2.0), t(3.0)), D.Uniform(t(-1.0), t(2.0))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_divergences_against_monte_carlo(name):
    p, q = PAIRS[name]
    fd.manual_seed(0)
    draws = p.sample((40_000,))
    ratios = (p.log_prob(draws) - q.log_prob(draws)).numpy()
    got = D.kl_divergence(p, q).item()
    assert abs(got - ratios.mean()) < 5 * ratios.std() / 200 + 1e-12
    assert D.kl_divergence(p, p).item() == pytest.approx(0, abs=1e-12)


def test_divergences_of_the_textbook():
    p, q = D.Categorical(t(0.5, 0.5)), D.Categorical(t(0.9, 0.1))
    assert D.kl_divergence(p, q).item() == pytest.approx(0.5108, abs=5e-5)  # nats
    assert D.kl_divergence(q, p).item() == pytest.approx(0.3681, abs=5e-5)  # not symmetric


def test_a_divergence_is_infinite_where_the_support_is_left():
    q = D.Uniform(t(0.0, 0.2), t(1.0, 1.0))
    assert D.kl_divergence(D.Beta(t(2.0), t(3.0)), q).isinf().numpy().tolist() == [False, True]


def test_divergences_with_zeros():
    p = D.Categorical(t([[0.0, 1.0], [0.5, 0.5]]))
    assert D.kl_divergence(p, D.Categorical(t(0.5, 0.5))).tolist() == pytest.approx(
        [math.log(2), 0]
    )
    assert D.kl_divergence(p, D.Categorical(t(0.0, 1.0))).tolist() == [0, math.inf]
    assert D.kl_divergence(D.Uniform(0.0, 2.0), D.Uniform(0.0, 1.0)).item() == math.inf
    zero, half = D.Bernoulli(t(0.0)), D.Bernoulli(t(0.5))
    assert D.kl_divergence(zero, half).item() == pytest.approx(math.log(2))
    assert D.kl_divergence(half, zero).item() == math.inf


def test_divergences_of_your_own():
    class Point(D.Distribution):
        pass

    with pytest.raises(NotImplementedError, match="no closed form for Point and Normal"):
        D.kl_divergence(Point(), D.Normal(0.0, 1.0))

    @D.register_kl(Point, D.Normal)
    def point(p, q):
        return -q.log_prob(fd.tensor(0.0))

    assert D.kl_divergence(Point(), D.Normal(0.0, 1.0)).item() == pytest.approx(0.9189385)


# ---- shapes, types, refusals -----------------------------------------------------------------


def test_shapes_and_dtypes():
    d = D.Normal(fd.zeros(3, 1), fd.ones(4))
    assert d.batch_shape == (3, 4) and d.sample((2, 5)).shape == (2, 5, 3, 4)
    assert d.sample().dtype is fd.float32 and D.Normal(0.0, 1.0).sample().shape == ()
    assert D.Normal(t(0.0), 1.0).sample().dtype is fd.float64
    assert repr(d) == "Normal(batch_shape=(3, 4), event_shape=())"


def test_compiled():
    mean = fd.zeros(4, requires_grad=True)

    @fd.compile
    def elbo(x):
        mean.grad = None
        d = D.Normal(mean, 1.0)
        z = d.rsample()
        loss = D.kl_divergence(d, D.Normal(0.0, 2.0)).sum() - D.Normal(z, 1.0).log_prob(x).sum()
        loss.backward()
        return loss

    x = fd.ones(4)
    fd.manual_seed(0)
    compiled = [elbo(x).item() for _ in range(3)]
    fd.manual_seed(0)
    assert [elbo.fn(x).item() for _ in range(3)] == compiled and len(set(compiled)) == 3


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: D.Normal(0.0, 0.0), ValueError, "Normal: scale: expected numbers above 0"),
        (lambda: D.Uniform(1.0, 1.0), ValueError, "Uniform: high: .* above low, got 1 .element 0"),
        (lambda: D.Gamma(-1.0, 1.0), ValueError, "Gamma: concentration: expected numbers above"),
        (lambda: D.Bernoulli(1.5), ValueError, r"Bernoulli: probs: expected numbers in \[0, 1\]"),
        (lambda: D.Bernoulli(), ValueError, "Bernoulli: expected one of probs and logits"),
        (lambda: D.Bernoulli(0.5).log_prob(fd.tensor(2.0)), ValueError, "value: expected 0 or 1"),
        (lambda: D.Categorical(t(-1.0, 2.0)), ValueError, "Categorical: probs: expected numbers"),
        (lambda: D.Categorical(t(math.inf, 1.0)), ValueError, "probs: .* of a finite sum, got inf"),
        (lambda: D.Categorical(t(1e308, 1e308)), ValueError, "Categorical: probs: .* finite sum"),
        (lambda: D.Categorical(logits=t(math.inf, 0.0)), ValueError, "logits: .* below inf"),
        (lambda: D.Categorical(logits=t(-math.inf, -math.inf)), ValueError, "not all -inf"),
        (lambda: D.Categorical(t(0.5, 0.5)).log_prob(fd.tensor(2)), ValueError, "value: expected"),
        (lambda: D.Categorical(t(0.5, 0.5)).log_prob(2), ValueError, "value: expected"),
        (lambda: D.Categorical(t(0.5, 0.5)).log_prob(t(1.0)), TypeError, "expected integers"),
        (lambda: D.Bernoulli(0.5).log_prob(0.5), ValueError, "value: expected 0 or 1"),
        (lambda: D.Normal(0.0, 1.0).icdf(1.5), ValueError, "Normal: value: expected probabilities"),
        (lambda: D.Uniform(0.0, 1.0).icdf(-0.5), ValueError, "Uniform: value: expected prob"),
        (lambda: D.Laplace(0.0, 1.0).icdf(t(2.0)), ValueError, "Laplace: value: expected prob"),
        (lambda: D.Exponential(1.0).icdf(2.0), ValueError, "Exponential: value: expected prob"),
        (lambda: D.Normal(fd.zeros(2), fd.ones(3)), ValueError, "expected shapes that broadcast"),
        (lambda: D.Normal(fd.zeros(2), t(1.0)), TypeError, "Normal: scale: expected dtype float32"),
        (lambda: D.Normal(fd.zeros(2).long(), 1.0), TypeError, "loc: expected a float dtype"),
        (lambda: D.MultivariateNormal(t(0.0)), ValueError, "expected one of covariance_matrix"),
        (lambda: D.Categorical(t(0.5, 0.5)).rsample(), NotImplementedError, "have no gradient"),
        (lambda: D.Beta(1.0, 1.0).cdf(0.5), NotImplementedError, "Beta: cdf is not known"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_values_may_be_numbers():
    assert D.Categorical(t(0.25, 0.75)).log_prob(1).item() == math.log(0.75)
    assert D.Categorical(t(0.25, 0.75)).sample(3).shape == (3,)
    assert D.Bernoulli(t(0.25)).log_prob(1).item() == math.log(0.25)
    assert D.Normal(t(1.0), t(2.0)).icdf(0.5).item() == 1.0


def test_validation_can_be_left_out():
    assert math.isnan(D.Normal(0.0, -1.0, validate_args=False).entropy().item())


@pytest.mark.parametrize(("dtype", "step"), [(fd.float32, 2.0**-24), (fd.float64, 2.0**-53)])
def test_laplace_draws_at_both_ends_of_rand_are_finite(monkeypatch, dtype, step):
    from fastdl.distributions import laplace

    ends = fd.tensor([0.0, 1 - step], dtype=dtype)
    monkeypatch.setattr(laplace, "rand", lambda *_, **__: ends)
    draws = D.Laplace(fd.zeros(2, dtype=dtype), fd.ones(2, dtype=dtype)).sample().numpy()
    assert np.isfinite(draws).all() and draws[0] == -draws[1] != 0


@pytest.mark.parametrize(
    ("make", "value", "expected"),
    [
        (lambda: D.Beta(t(1.0), t(2.0)), 0.0, math.log(2)),
        (lambda: D.Beta(t(2.0), t(1.0)), 1.0, math.log(2)),
        (lambda: D.Beta(t(1.0), t(1.0)), 0.0, 0.0),
        (lambda: D.Beta(t(1.0), t(1.0)), 1.0, 0.0),
        (lambda: D.Beta(t(1.0), t(2.0)), 1.0, -math.inf),
        (lambda: D.Gamma(t(1.0), t(1.0)), 0.0, 0.0),
    ],
)
def test_densities_at_the_ends_of_the_support(make, value, expected):
    assert np.isclose(make().log_prob(t(value)).item(), expected, atol=1e-12)
    assert np.isclose(make().log_prob(value).item(), expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["log_prob", "cdf"])
def test_exponential_outside_its_support(kind):
    for value in (-1.0, t(0.5, -3.0)):
        with pytest.raises(ValueError, match="Exponential: value: expected numbers of at least 0"):
            getattr(D.Exponential(t(1.0)), kind)(value)


def test_gamma_and_beta_outside_their_support():
    with pytest.raises(ValueError, match="Gamma: value"):
        D.Gamma(t(2.0), t(1.0)).log_prob(-1.0)
    for value in (-0.5, 1.5):
        with pytest.raises(ValueError, match="Beta: value"):
            D.Beta(t(2.0), t(3.0)).log_prob(t(value))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scale_tril", "lower triangular"),
        ("covariance_matrix", "symmetric"),
        ("precision_matrix", "symmetric"),
    ],
)
def test_multivariate_normal_refuses_a_wrong_matrix(name, expected):
    with pytest.raises(ValueError, match=f"MultivariateNormal: {name}: expected a {expected}"):
        D.MultivariateNormal(t(0.0, 0.0), **{name: t([[1.0, 0.5], [0.0, 1.0]])})
