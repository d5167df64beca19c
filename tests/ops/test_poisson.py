"""Poisson draws."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats

import fastdl as fd

RATES = [0.0, 1e-3, 0.3, 1.0, 5.5, 9.999, 10.0, 12.3, 70.0, 1e3, 1e5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", RATES)
def test_law(rate, dtype):
    """Each count as often as it should be: Pearson's test over cells of at least 20."""
    fd.manual_seed(round(rate * 1000))
    n = 40_000
    x = fd.poisson(fd.full((n,), rate, dtype=dtype))
    assert x.dtype is getattr(fd, dtype)
    counts = x.numpy().astype("float64")
    assert (counts == np.floor(counts)).all() and counts.min() >= 0
    if rate == 0:
        assert counts.max() == 0
        return
    cuts = np.unique(scipy.stats.poisson(rate).ppf(np.linspace(1e-3, 1 - 1e-3, 60)))
    cdf = np.concatenate([[0], scipy.special.pdtr(cuts, rate), [1]])
    expected = n * np.diff(cdf)
    found = np.bincount(np.searchsorted(cuts, counts, side="left"), minlength=len(cuts) + 1)
    large = expected >= 20
    expected = [*expected[large], expected[~large].sum() + 1e-9]
    found = [*found[large], found[~large].sum()]
    chi = sum((a - b) ** 2 / b for a, b in zip(found, expected, strict=True) if b > 1)
    assert scipy.stats.chi2(len(expected)).sf(chi) > 1e-4
    assert abs(counts.mean() - rate) <= 5 * (rate / n) ** 0.5


@pytest.mark.parametrize("rate", [1e8, 1e12, 1e15, 1e18, 1e30])
def test_moments_of_large_rates(rate):
    """Where k log λ - λ - log k! has lost its digits."""
    fd.manual_seed(3)
    x = fd.poisson(fd.full((20_000,), rate, dtype=fd.float64)).numpy()
    z = (x - rate) / rate**0.5
    if rate > 1e16:  # the spacing of doubles
        assert np.abs(z).max() < 1e3
    else:
        assert abs(z.mean()) < 0.036 and abs(z.std() - 1) < 0.025
        assert abs((z**3).mean()) < 0.1 and abs((z**4).mean() - 3) < 0.3


def test_an_element_depends_on_its_place_and_rate_alone():
    rates = np.random.default_rng(0).uniform(0, 30, 5000)
    fd.manual_seed(1)
    whole = fd.poisson(fd.tensor(rates)).numpy()
    for n in (1, 7, 4096):
        fd.manual_seed(1)
        np.testing.assert_array_equal(fd.poisson(fd.tensor(rates[:n])).numpy(), whole[:n])
    fd.manual_seed(1)
    strided = fd.tensor(rates.reshape(50, 100).T.copy()).T
    np.testing.assert_array_equal(fd.poisson(strided).numpy(), whole.reshape(50, 100))


def test_generator_shapes_and_no_gradient():
    x = fd.full((2, 3), 4.0, requires_grad=True)
    a, b = [fd.poisson(x, generator=fd.Generator(7)) for _ in range(2)]
    assert a.tolist() == b.tolist() and not a.requires_grad and a.shape == (2, 3)
    assert fd.poisson(fd.zeros(0, 3)).shape == (0, 3)
    assert fd.poisson(fd.tensor(0.0)).item() == 0


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_rates(bad):
    with pytest.raises(ValueError, match=r"poisson: input: expected finite rates .* at element 1"):
        fd.poisson(fd.tensor([1.0, bad]))
    with pytest.raises(TypeError, match=r"poisson: input: .*int64"):
        fd.poisson(fd.tensor([1]))
