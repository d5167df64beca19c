"""Where other libraries have been wrong: values, gradients and second derivatives there."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import distributions as D
from fastdl.autograd import grad
from fastdl.nn import functional as F

nan, inf = np.nan, np.inf
LONG = np.longdouble
both = pytest.mark.parametrize("dtype", ["float32", "float64"])
rows_and_columns = pytest.mark.parametrize("dim", [1, 0], ids=["rows", "columns"])


def weights(t):
    """A cotangent of different numbers: a sum's gradient would hide errors."""
    return fd.tensor(np.linspace(1, 2, t.numel()).reshape(t.shape), dtype=t.dtype)


def derivatives(f, values, dtype):
    """f(x), its gradient and the gradient's gradient, with the cotangent `weights`."""
    x = fd.tensor(np.asarray(values), dtype=dtype, requires_grad=True)
    y = f(x)
    (g,) = grad(y, x, weights(y), create_graph=True)
    h = grad(g, x, weights(g), allow_unused=True)[0] if g.requires_grad else None
    second = np.zeros(x.shape) if h is None else h.numpy()
    return y.detach().numpy(), g.detach().numpy(), second


def close(got, exact, dtype, ulp=4):
    """Relative to each element; zeros, NaN and infinities exactly."""
    wide = np.asarray(exact).astype("float64")
    np.testing.assert_allclose(got, wide, rtol=ulp * np.finfo(dtype).eps, atol=0)


def laid(rows, dim):
    """The rows along dim, or back."""
    return np.asarray(rows, "float64") if dim else np.asarray(rows, "float64").T


# ---- softmax and logsumexp ---------------------------------------------------------------------


@both
@rows_and_columns
def test_logsumexp_of_minus_infinity_everywhere(dim, dtype):
    """-inf with derivatives of 0, where exp(x - max) / Σ is NaN; the row beside it has its own."""
    x = laid([[-inf] * 3, [0.5] * 3], dim)
    y, g, h = derivatives(lambda x: fd.logsumexp(x, dim), x, dtype)
    close(y, [-inf, 0.5 + math.log(3)], dtype)
    assert (laid(g, dim)[0] == 0).all() and (laid(h, dim)[0] == 0).all()
    close(laid(g, dim)[1], [2 / 3] * 3, dtype)
    assert np.isfinite(h).all() and (laid(h, dim)[1] != 0).any()


@both
@rows_and_columns
def test_logsumexp_with_plus_infinity(dim, dtype):
    """+inf, not the NaN of inf - inf; there is no gradient, and NaN says so, in that row alone."""
    x = laid([[inf, 0.0, -inf], [inf, inf, 1.0], [0.0, 0.0, 0.0]], dim)
    y, g, _ = derivatives(lambda x: fd.logsumexp(x, dim), x, dtype)
    close(y, [inf, inf, math.log(3)], dtype)
    assert np.isnan(laid(g, dim)[:2]).all() and np.isfinite(laid(g, dim)[2]).all()


@both
@rows_and_columns
@pytest.mark.parametrize("bad", [[-inf] * 3, [inf, 0.0, 0.0]], ids=["minus", "plus"])
def test_softmax_of_infinite_rows_is_nan_in_them_alone(bad, dim, dtype):
    x = laid([bad, [1.0, 2.0, 3.0]], dim)
    for f in (fd.softmax, fd.log_softmax):
        for t in derivatives(lambda x, f=f: f(x, dim), x, dtype):
            t = laid(t, dim)
            assert np.isnan(t[0]).all() and np.isfinite(t[1]).all()


@both
@rows_and_columns
def test_rows_that_are_masked_out(dim, dtype):
    """Whole rows with masked=True, and parts of rows: zeros, with derivatives of exactly 0."""
    x = laid([[-inf] * 4, [-inf, 0.0, 1.0, -inf]], dim)
    kept = np.exp([0.0, 1.0]) / np.exp([0.0, 1.0]).sum()
    for options in ({"masked": True}, {}):
        rows = x if options else x[1:] if dim else x[:, 1:]
        y, g, h = [laid(t, dim) for t in derivatives(
            lambda x, o=options: fd.softmax(x, dim, **o), rows, dtype)]  # fmt: skip
        for t in (y, g, h):
            assert (t[:, [0, 3]] == 0).all() and (t[:-1] == 0).all()
            assert (t[-1, 1:3] != 0).all() and np.isfinite(t).all()
        close(y[-1, 1:3], kept, dtype)
    y, g, _ = derivatives(lambda x: fd.logsumexp(x, dim), x, dtype)
    close(laid(g, dim)[1], 2 * np.array([0, *kept, 0]), dtype)


@both
@rows_and_columns
@pytest.mark.parametrize("n", [*range(1, 36), 63, 64, 65, 127, 130, 1000, 1025])
def test_lanes_that_saw_no_element(n, dim, dtype):
    """One element among -inf: lanes of an online softmax that met nothing else have no maximum."""
    for at in sorted({0, n // 3, n // 2, n - 1}):
        row = np.full((2, n), -inf)
        row[0, at] = row[1, -1 - at] = 3.5
        only = (row == 3.5) * 1.0
        x = laid(row, dim)
        y, g, h = derivatives(lambda x: fd.softmax(x, dim), x, dtype)
        np.testing.assert_array_equal(laid(y, dim), only)
        assert (g == 0).all() and (h == 0).all()
        y, g, h = derivatives(lambda x: fd.logsumexp(x, dim), x, dtype)
        assert y.tolist() == [3.5, 3.5] and (h == 0).all()
        np.testing.assert_array_equal(laid(g, dim), only * [[1.0], [2.0]])


@both
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_with_all_targets_ignored(reduction, dtype):
    """The mean of none is NaN, as PyTorch says, but nothing goes back: a batch without targets does
    not destroy the weights."""
    x = np.random.default_rng(0).standard_normal((3, 5))
    t = fd.tensor([-100, -100, -100])
    for f in (F.cross_entropy, F.nll_loss):
        y, g, h = derivatives(lambda x, f=f: f(x, t, reduction=reduction), x, dtype)
        np.testing.assert_array_equal(y, nan if reduction == "mean" else np.zeros(y.shape))
        assert (g == 0).all() and (h == 0).all()


@both
def test_cross_entropy_of_a_masked_class(dtype):
    """A class that cannot be (-inf) counts for nothing, its gradient is 0."""
    y, g, h = derivatives(
        lambda x: F.cross_entropy(x, fd.tensor([1, 0])), [[-inf, 0.0, 1.0], [2.0, -inf, 2.0]], dtype
    )
    close(y, (np.log1p(np.e) + np.log(2)) / 2, dtype)
    assert g[0, 0] == g[1, 1] == 0 and np.isfinite(g).all() and np.isfinite(h).all()


# ---- logarithms and exponentials ---------------------------------------------------------------


@both
@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_softplus_around_its_threshold(beta, dtype):
    """From βx = 20 on PyTorch returns x: wrong by 2e-9, with a slope of 1 and no curvature."""
    x = np.array([19.0, 19.999999, 20.0, 20.000001, 21.0, 30.0, -20.0, -40.0]) / beta
    x = x.astype(dtype)
    y, g, h = derivatives(lambda t: F.softplus(t, beta), x, dtype)
    z = beta * x.astype(LONG)
    w = np.linspace(1, 2, len(x)).astype(dtype)
    small = np.exp(-abs(z))
    close(y, (np.maximum(z, 0) + np.log1p(small)) / beta, dtype)
    slope = np.where(z > 0, 1, small) / (1 + small)
    close(g, w * slope, dtype)
    # s (1 - s) of a slope that is 1 but for its last bits has an error of one such bit.
    exact = (w * w * beta * small / (1 + small) ** 2).astype("float64")
    np.testing.assert_allclose(h, exact, rtol=0, atol=8 * beta * np.finfo(dtype).eps)


def near(x, dtype, steps=(0, 1, 2, 7, 1000)):
    """Some numbers on either side of x."""
    x = np.array(x, dtype)
    spacing = np.spacing(np.abs(x))
    return [float(x + k * spacing) for s in steps for k in {s, -s}]


@both
def test_expm1_near_0(dtype):
    """exp(x) - 1 has lost all digits there."""
    sizes = [1e-30, 1e-16, 1e-10, 1e-8, 1e-5, 1e-3, 0.1]
    x = np.array([0.0, *sizes, *[-s for s in sizes]], dtype)
    y, g, h = derivatives(fd.expm1, x, dtype)
    w, wide = np.linspace(1, 2, len(x)).astype(dtype), x.astype(LONG)
    close(y, np.expm1(wide), dtype, 2)
    close(g, w * np.exp(wide), dtype)
    close(h, w * w * np.exp(wide), dtype)


@both
def test_log1mexp_near_0_and_log_2(dtype):
    """log(1 - exp(-x)) cancels near 0 in one of its two formulas, beyond log 2 in the other."""
    x = np.array([1e-30, 1e-15, 1e-8, 1e-4, 0.1, *near(math.log(2), dtype), 1.0, 5.0, 40.0], dtype)
    y, g, h = derivatives(fd.log1mexp, x, dtype)
    w, wide = np.linspace(1, 2, len(x)).astype(dtype), x.astype(LONG)
    far = wide > 1
    with np.errstate(divide="ignore"):  # of the form that is not taken
        value = np.where(far, np.log1p(-np.exp(-wide)), np.log(-np.expm1(-wide)))
    close(y, value, dtype, 2)
    close(g, w / np.expm1(wide), dtype, 6)
    exact = (-w * w * np.exp(wide) / np.expm1(wide) ** 2).astype("float64")
    with np.errstate(over="ignore"):
        close(h, exact.astype(dtype), dtype, 12)
    assert fd.log1mexp(fd.tensor(0.0, dtype=dtype)).item() == -inf


# ---- divergences -------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div_with_probabilities_of_zero(log_target, dtype):
    """0 · log 0 is 0, also against an input of -inf, with gradients of 0 for both arguments."""
    p = np.array([0.0, 0.0, 0.25, 0.75])
    with np.errstate(divide="ignore"):
        target = np.log(p) if log_target else p
    logs = np.array([-inf, -1.0, math.log(0.5), math.log(0.5)])
    t = fd.tensor(target, dtype=dtype, requires_grad=True)
    x = fd.tensor(logs, dtype=dtype, requires_grad=True)
    loss = F.kl_div(x, t, reduction="sum", log_target=log_target)
    gx, gt = grad(loss, (x, t), create_graph=True)
    exact = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    np.testing.assert_allclose(loss.item(), exact, rtol=8 * np.finfo(dtype).eps)
    close(gx.detach().numpy(), -p, dtype)
    assert gt.tolist()[:2] == [0, 0] and np.isfinite(gt.detach().numpy()).all()
    for second in grad(gx.sum() + (gt * gt).sum(), (x, t), allow_unused=True):
        assert second is None or np.isfinite(second.numpy()).all()


@both
def test_divergence_of_distributions_with_probabilities_of_zero(dtype):
    p = fd.tensor([0.0, 0.5, 0.5], dtype=dtype, requires_grad=True)
    q = fd.tensor([0.0, 0.25, 0.75], dtype=dtype, requires_grad=True)
    divergence = D.kl_divergence(D.Categorical(p), D.Categorical(q))
    exact = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    np.testing.assert_allclose(divergence.item(), exact, rtol=16 * np.finfo(dtype).eps)
    for g in grad(divergence, (p, q)):
        assert np.isfinite(g.numpy()).all()
    impossible = D.Categorical(fd.tensor([1.0, 0.0, 0.0], dtype=dtype))
    assert D.kl_divergence(D.Categorical(p), impossible).item() == inf
    a = fd.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype)
    b = fd.tensor([0.0, 1.0, 1.0, 0.5], dtype=dtype)
    bits = D.kl_divergence(D.Bernoulli(a), D.Bernoulli(b))
    close(bits.numpy(), [0, 0, inf, math.log(2)], dtype)


# ---- widths, tails and bits --------------------------------------------------------------------

ODD = [*range(513, 1024, 10), 1023]
AT_ODD_WIDTHS = {
    "sum": (lambda x: x.sum(1), lambda x: x.sum(1)),
    "mean": (lambda x: x.mean(1), lambda x: x.mean(1)),
    "var": (lambda x: x.var(1), lambda x: x.var(1, ddof=1)),
    "amax": (lambda x: x.amax(1), lambda x: x.max(1)),
    "softmax": (lambda x: fd.softmax(x, 1), lambda x: np.exp(x) / np.exp(x).sum(1)[:, None]),
    "logsumexp": (lambda x: fd.logsumexp(x, 1), lambda x: np.log(np.exp(x).sum(1))),
    "layer_norm": (
        lambda x: F.layer_norm(x, x.shape[1:]),
        lambda x: (x - x.mean(1)[:, None]) / np.sqrt(x.var(1) + 1e-5)[:, None],
    ),
    "batch_norm": (
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5),
    ),
    "cross_entropy": (
        lambda x: F.cross_entropy(x, fd.tensor([0, 500, 512, 7])),
        lambda x: np.mean(np.log(np.exp(x).sum(1)) - x[range(4), [0, 500, 512, 7]]),
    ),
    "cumsum": (lambda x: x.cumsum(1), lambda x: x.cumsum(1)),
}


@both
@pytest.mark.parametrize("name", AT_ODD_WIDTHS)
def test_odd_widths_from_513_to_1023(name, dtype):
    """What does not fill a block of 512 or 1024: the value, and the gradient in random directions
    (numerically, by the reference in long double)."""
    f, reference = AT_ODD_WIDTHS[name]
    rng = np.random.default_rng(0)
    eps = np.finfo(dtype).eps
    for n in ODD:
        x = rng.standard_normal((4, n)).astype(dtype)
        wide, v = x.astype(LONG), rng.standard_normal((4, n))
        y, g, _ = derivatives(f, x, dtype)
        exact = np.asarray(reference(wide))
        scale = np.abs(exact).max() * (8 if name == "cumsum" else 1)
        np.testing.assert_allclose(y, exact.astype("float64"), rtol=0, atol=float(32 * eps * scale))
        w = np.linspace(1, 2, exact.size).reshape(exact.shape).astype(dtype)
        step = 1e-6
        up, down = [(w * reference(wide + s * v)).sum() for s in (step, -step)]
        numeric, found = float(up - down) / (2 * step), float((g * v).sum())
        size = float(np.abs(g * v).sum())
        assert abs(numeric - found) <= 64 * eps * size + 1e-9 * (1 + size), (n, numeric, found)


UNARY = [
    name
    for name, op in fd._C.op_table().items()
    if op["stem"] == "unary" and op["kind"] != "inner" and "float32" in op["dtypes"]
    and getattr(fd, name)(fd.ones(1)).is_floating_point()
]  # fmt: skip


@both
@pytest.mark.parametrize("name", UNARY)
def test_tails_have_the_bits_of_whole_vectors(name, dtype):
    """An element's value and derivatives do not depend on how many follow it."""
    f = getattr(fd, name)
    x = np.random.default_rng(1).uniform(0.05, 0.95, 67).astype(dtype)
    cotangent = np.random.default_rng(2).standard_normal(67).astype(dtype)

    def results(n):
        t = fd.tensor(x[:n], requires_grad=True)
        y = f(t)
        (g,) = grad(y, t, fd.tensor(cotangent[:n]), create_graph=True)
        h = grad(g, t, fd.tensor(cotangent[:n]), allow_unused=True)[0] if g.requires_grad else None
        return [r.detach().numpy() for r in (y, g, h) if r is not None]

    whole = results(67)
    for n in (*range(1, 20), 31, 33, 63, 65):
        for got, expected in zip(results(n), whole, strict=True):
            np.testing.assert_array_equal(got, expected[:n])


# ---- variances and normalization ---------------------------------------------------------------


@both
@pytest.mark.parametrize("value", [1e7, 1e7 / 3, -0.1])
@pytest.mark.parametrize("n", [2, 3, 100, 1000, 4097])
def test_variance_of_a_constant_channel(n, value, dtype):
    """0, not what E[x²] - E[x]² leaves of 10¹⁴; the normalized channel is the bias."""
    x = np.full((n, 3), value)
    x[:, 1] = np.random.default_rng(0).standard_normal(n)
    for f in (fd.var, fd.std):
        y, g, h = derivatives(lambda x, f=f: f(x, 0), x, dtype)
        assert y[0] == y[2] == 0 and y[1] > 0
        # x - mean is as good as the mean.
        assert np.abs(g[:, [0, 2]]).max() <= 4 * np.finfo(dtype).eps * abs(value)
        assert np.isfinite(g).all() and np.isfinite(h).all()
    bias = fd.tensor([0.5, 0.0, -2.0], dtype=dtype)
    y, g, h = derivatives(
        lambda x: F.batch_norm(x, None, None, None, bias, training=True), x, dtype
    )
    assert (y[:, 0] == 0.5).all() and (y[:, 2] == -2).all()
    assert np.isfinite(g).all() and np.isfinite(h).all()
    y, g, h = derivatives(lambda x: F.layer_norm(x, (n,)), x.T, dtype)
    assert (y[[0, 2]] == 0).all() and np.isfinite(g).all() and np.isfinite(h).all()


@both
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("training", [True, False])
def test_third_derivative_of_batch_norm(training, relu, dtype):
    """Against the same in plain ops: right, or it would be an error, never silently another."""
    rng = np.random.default_rng(4)
    x, w, b = [fd.tensor(rng.standard_normal(s), dtype=dtype) for s in [(7, 3), (3,), (3,)]]
    mean, var = fd.tensor([0.1, -0.2, 0.3], dtype=dtype), fd.tensor([0.5, 1.0, 2.0], dtype=dtype)

    def fused(x, w, b):
        return F.batch_norm(x, None if training else mean, None if training else var, w, b,
                            training=training, relu=relu)  # fmt: skip

    def plain(x, w, b):
        m, v = (x.mean(0), x.var(0, correction=0)) if training else (mean, var)
        y = (x - m) / (v + 1e-5).sqrt() * w + b
        return y.relu() if relu else y

    found = []
    for f in (fused, plain):
        leaves = [t.detach().clone().requires_grad_() for t in (x, w, b)]
        y = f(*leaves)
        total = (y * y * y * weights(y)).sum()
        for _ in range(3):
            gradients = grad(total, leaves, create_graph=True)
            total = sum((g * weights(g)).sum() for g in gradients)
        found.append([g.detach().numpy().astype("float64") for g in gradients])
    for got, expected in zip(*found, strict=True):
        atol = 512 * np.finfo(dtype).eps * np.abs(expected).max()
        np.testing.assert_allclose(got, expected, rtol=0, atol=atol)


# ---- kinks and poles ---------------------------------------------------------------------------


@both
def test_maxima_at_ties(dtype):
    """Equal ones share the gradient; where an index is given, its element has it all."""
    x = [[2.0, 5.0, 5.0, 5.0], [0.0, 0.0, -1.0, 0.0]]
    for f, sign in ((fd.amax, 1.0), (fd.amin, -1.0)):
        y, g, h = derivatives(lambda x, f=f, s=sign: f(x * s, 1), x, dtype)
        close(y, [5 * sign, 0], dtype)
        close(g, sign * np.array([[0, 1, 1, 1], [2, 2, 0, 2]]) / 3, dtype)
        assert (h == 0).all()
    _, g, h = derivatives(lambda x: x.max(1).values, x, dtype)
    assert g.tolist() == [[0, 1, 0, 0], [2, 0, 0, 0]] and (h == 0).all()
    _, g, _ = derivatives(lambda x: x.sort(1).values[:, -1], x, dtype)
    assert (g.sum(1) == [1, 2]).all() and ((g != 0).sum(1) == 1).all()
    _, g, _ = derivatives(lambda x: x.max(), x, dtype)
    close(g, [[0, 1 / 3, 1 / 3, 1 / 3], [0] * 4], dtype)
    _, g, h = derivatives(lambda x: fd.maximum(x, fd.zeros_like(x)), [-1.0, 0.0, -0.0, 1.0], dtype)
    close(g, np.array([0, 0.5, 0.5, 1]) * np.linspace(1, 2, 4), dtype)
    assert (h == 0).all()
    _, g, h = derivatives(lambda x: fd.norm(x, inf, 1), [[3.0, -3.0, 1.0]], dtype)
    assert g.tolist() == [[0.5, -0.5, 0]] and (h == 0).all()


@both
def test_powers_of_zero(dtype):
    """0⁰ is 1 with derivatives of 0; those of x, x², x³ at 0 are exact, not 0 · inf."""
    x = [0.0, -0.0, 2.0]
    w = np.linspace(1, 2, 3)
    for p, first, second in (
        (0, [0, 0, 0], [0, 0, 0]),
        (1, [1, 1, 1], [0, 0, 0]),
        (2, [0, 0, 4], [2, 2, 2]),
        (3, [0, 0, 12], [0, 0, 12]),
    ):
        for exponent in (p, float(p), fd.full((3,), p, dtype=dtype)):
            y, g, h = derivatives(lambda x, e=exponent: fd.pow(x, e), x, dtype)
            close(y, np.power(x, p), dtype)
            close(g, w * first, dtype)
            close(h, w * w * second, dtype)
    _, g, h = derivatives(lambda x: x**0.5, [0.0, 4.0], dtype)
    assert g[0] == inf and g[1] == 0.5 and h[0] == -inf
    assert derivatives(lambda x: x**-1, [0.0], dtype)[0] == inf
    exponents = fd.tensor([0.0, 1.0, 2.5], dtype=dtype, requires_grad=True)
    base = fd.zeros(3, dtype=dtype, requires_grad=True)
    y = fd.pow(base, exponents)
    gradients = grad(y, (base, exponents), weights(y), create_graph=True)
    assert gradients[0].tolist() == [0, 1.5, 0] and gradients[1].tolist() == [0, 0, 0]
    for t in grad(gradients[1].sum(), (base, exponents), allow_unused=True):
        assert t is None or np.isfinite(t.numpy()).all()
    close(derivatives(lambda x: fd.xlogy(x, x), [1.0], dtype)[0], [0], dtype)


ZERO_VECTORS = {
    "norm": lambda x: fd.norm(x, 2, 1),
    "norm_1": lambda x: fd.norm(x, 1, 1),
    "norm_3": lambda x: fd.norm(x, 3, 1),
    "norm_1.5": lambda x: fd.norm(x, 1.5, 1),
    "norm_inf": lambda x: fd.norm(x, inf, 1),
    "hypot": lambda x: fd.hypot(x[:, 0], x[:, 1]),
    "atan2": lambda x: fd.atan2(x[:, 0], x[:, 1]),
    "std": lambda x: x.std(1),
    "pairwise_distance": lambda x: F.pairwise_distance(x, x * 0, eps=0),
}


@both
@pytest.mark.parametrize("name", ZERO_VECTORS)
def test_norms_at_zero(name, dtype):
    """The subgradient 0 there, and second derivatives that are finite, never 0 / 0."""
    y, g, h = derivatives(ZERO_VECTORS[name], [[0.0, 0.0, 0.0], [3.0, 4.0, 1.0]], dtype)
    assert y[0] == 0 and (g[0] == 0).all() and (h[0] == 0).all() and (g[1] != 0).any()
    assert np.isfinite(y).all() and np.isfinite(g).all() and np.isfinite(h).all()
