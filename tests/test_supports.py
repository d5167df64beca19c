"""Values outside the support of a distribution, the checks in compiled steps, and modes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import distributions as D


def t(*values):
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=fd.float64)


def test_support_of_the_uniform():
    assert D.Uniform(0.0, 1.0).log_prob(fd.tensor([0.0, 0.5, 1.0])).tolist() == [0, 0, -math.inf]
    unchecked = D.Uniform(0.0, 1.0, validate_args=False)
    x = fd.tensor([-0.1, 2.0])
    assert unchecked.log_prob(x).tolist() == [-math.inf, -math.inf]
    assert unchecked.cdf(x).tolist() == [0, 1]


OUTSIDE = {
    "normal": (D.Normal(0.0, 1.0), math.nan, "numbers, got nan"),
    "laplace": (D.Laplace(0.0, 1.0), math.nan, "numbers, got nan"),
    "uniform": (D.Uniform(0.0, 1.0), 1.5, r"numbers in \[low, high\], got 1.5"),
    "exponential": (D.Exponential(1.0), -2.0, "numbers of at least 0, got -2"),
    "gamma": (D.Gamma(1.0, 1.0), -2.0, "numbers of at least 0, got -2"),
    "beta": (D.Beta(1.0, 1.0), 1.5, r"numbers in \[0, 1\], got 1.5"),
    "bernoulli": (D.Bernoulli(0.5), 0.25, "0 or 1, got 0.25"),
    "categorical": (D.Categorical(t(0.5, 0.5)), 2, "0 … 1, got 2"),
    "one-hot": (D.OneHotCategorical(t(0.5, 0.5)), [1.0, 1.0], "zeros but for a one, got 1"),
    "relaxed": (D.RelaxedOneHotCategorical(1.0, t(0.5, 0.5)), [0.5, 0.75], "sum up to 1, got 0.5"),
    "multivariate": (D.MultivariateNormal(t(0.0, 0.0), t(np.eye(2))), [1.0, math.nan],
                     r"numbers, got nan \(element 1\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_values_outside_the_support_raise(name):
    d, value, text = OUTSIDE[name]
    value = fd.tensor(value) if isinstance(value, int) else t(value)
    with pytest.raises(ValueError, match=f"{type(d).__name__}: value: expected .*{text}"):
        d.log_prob(value)
    if name in ("normal", "laplace", "uniform", "exponential"):
        with pytest.raises(ValueError, match=f"value: expected .*{text}"):
            d.cdf(value)
    inside = d.sample((7,))
    assert bool((d.log_prob(inside) > -math.inf).all())


def test_checks_are_part_of_a_compiled_step():
    """Each time it runs, with the value."""

    @fd.compile
    def step(scale, x):
        return D.Normal(0.0, scale).log_prob(x).sum()

    one, x = fd.ones(3), fd.zeros(3)
    assert step(one, x).item() == step(one, x).item() == pytest.approx(-1.5 * math.log(2 * math.pi))
    with pytest.raises(ValueError, match="Normal: scale: expected numbers above 0, got -2"):
        step(fd.tensor([1.0, -2.0, 1.0]), x)
    with pytest.raises(ValueError, match=r"Normal: value: expected numbers, got nan \(element 2\)"):
        step(one, fd.tensor([0.0, 1.0, math.nan]))
    free = fd.compile(lambda x: D.Normal(0.0, 1.0, validate_args=False).log_prob(x))
    assert np.isnan(free(fd.tensor([math.nan])).item())


def test_modes_are_densest():
    """Of the beta distribution NaN where there are two or all are."""
    a = [2.0, 0.5, 2.0, 1.0, 1.0, 0.5, 1.0, 0.5]
    b = [3.0, 2.0, 1.0, 2.0, 0.5, 1.0, 1.0, 0.5]
    modes = D.Beta(t(a), t(b)).mode.tolist()
    assert modes[:6] == [pytest.approx(1 / 3), 0, 1, 0, 1, 0] and np.isnan(modes[6:]).all()
    assert np.isnan(D.Uniform(t(0.0, 1.0), t(2.0, 3.0)).mode.tolist()).all()
    leaf = t(2.0, 1.0).requires_grad_()
    D.Beta(leaf, t(3.0, 1.0)).mode[0].backward()
    assert leaf.grad.tolist() == [pytest.approx(2 / 9), 0]
