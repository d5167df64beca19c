"""Dropout of channels, by Gaussian noise, and for self-normalizing networks."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf
LIMIT = -1.7580993408473766


def seeded(f):
    def call(x, p=0.5):
        return f(x, p, True, generator=fd.Generator(7))

    return call


def kept(shape, p=0.5):
    return F.dropout(fd.ones(shape), p, generator=fd.Generator(7)).numpy() != 0


def of_channels(leading):
    def reference(x, p=0.5):
        mask = kept(x.shape[:leading] + (1,) * (x.ndim - leading), p)
        return np.where(mask, x / x.dtype.type(1 - p), 0)

    return reference


def alpha(leading):
    def reference(x, p=0.5):
        shape = x.shape if leading is None else x.shape[:leading] + (1,) * (x.ndim - leading)
        a = 1 / np.sqrt((1 - p) * (1 + p * LIMIT**2))
        y = np.where(kept(shape, p), x, x.dtype.type(LIMIT))
        return y * x.dtype.type(a) + x.dtype.type(-a * p * LIMIT)

    return reference


def gaussian(x, p=0.5):
    noise = fd.randn(x.shape, generator=fd.Generator(7), dtype="float64").numpy()
    return x * (1 + math.sqrt(p / (1 - p)) * noise)


CASES = [
    OpCase("1d", seeded(F.dropout1d), [randn(5, 7, 3)], of_channels(2)),
    OpCase("1d_single", seeded(F.dropout1d), [randn(7, 3)], of_channels(1), kwargs={"p": 0.3}),
    OpCase("2d", seeded(F.dropout2d), [randn(4, 7, 2, 3)], of_channels(2), kwargs={"p": 0.3}),
    OpCase("2d_lines", seeded(F.dropout2d), [randn(4, 7, 3)], of_channels(2)),
    OpCase("3d", seeded(F.dropout3d), [randn(4, 7, 2, 3, 5)], of_channels(2)),
    OpCase("3d_single", seeded(F.dropout3d), [randn(7, 2, 3, 5)], of_channels(1)),
    OpCase("alpha", seeded(F.alpha_dropout), [randn(3, 37)], alpha(None), kwargs={"p": 0.3}),
    OpCase("feature_alpha", seeded(F.feature_alpha_dropout), [randn(5, 7, 3)], alpha(2)),
    OpCase("gaussian", seeded(F.gaussian_dropout), [randn(3, 37)], gaussian, kwargs={"p": 0.3},
           dtypes=["float64"]),  # floats and doubles draw differently
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


ALL = {
    F.dropout1d: fd.ones(4, 5, 3), F.dropout2d: fd.ones(4, 5, 3, 2),
    F.dropout3d: fd.ones(4, 5, 3, 2, 2), F.gaussian_dropout: fd.ones(60),
    F.alpha_dropout: fd.ones(60), F.feature_alpha_dropout: fd.ones(4, 5, 3),
}  # fmt: skip
LAYERS = {
    F.dropout1d: nn.Dropout1d, F.dropout2d: nn.Dropout2d, F.dropout3d: nn.Dropout3d,
    F.gaussian_dropout: nn.GaussianDropout, F.alpha_dropout: nn.AlphaDropout,
    F.feature_alpha_dropout: nn.FeatureAlphaDropout,
}  # fmt: skip


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_noise_has_mean_1_and_the_variance_of_dropout(p):
    n = 200_000
    noise = F.gaussian_dropout(fd.ones(n), p, generator=fd.Generator(0)).numpy()
    variance = p / (1 - p)
    assert abs(noise.mean() - 1) < 5 * math.sqrt(variance / n)
    assert abs(noise.var() / variance - 1) < 5 * math.sqrt(2 / n)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p):
    n = 400_000
    x = fd.randn(n, generator=fd.Generator(1))
    y = F.alpha_dropout(x, p, True, generator=fd.Generator(0)).numpy()
    assert abs(y.mean()) < 5 / math.sqrt(n)
    assert abs(y.var() - 1) < 10 / math.sqrt(n)


def test_float32_noise_is_that_of_the_draw():
    got = F.gaussian_dropout(fd.ones(1000), 0.5, generator=fd.Generator(7)).numpy()
    expected = 1 + fd.randn(1000, generator=fd.Generator(7)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bad", [nan, inf])
def test_a_dropped_channel_does_not_spread(bad):
    x = fd.full((50, 4, 3), bad).requires_grad_()
    y = F.dropout1d(x, generator=fd.Generator(7))
    stays = np.broadcast_to(kept((50, 4, 1)), (50, 4, 3))
    assert (y.detach().numpy()[~stays] == 0).all()
    y.backward(fd.ones_like(y))
    np.testing.assert_array_equal(x.grad.numpy(), np.where(stays, 2, 0))


@pytest.mark.parametrize("f", ALL)
def test_p_is_0_or_1(f):
    x = ALL[f].detach().requires_grad_()
    np.testing.assert_allclose(f(x, 0.0, True).detach().numpy(), ALL[f].numpy(), rtol=1e-6)
    if f is F.gaussian_dropout:
        with pytest.raises(ValueError, match=r"gaussian_dropout: p: expected a number in \[0, 1\)"):
            f(x, 1.0)
        return
    y = f(x, 1.0, True)
    y.backward(fd.ones_like(y))
    assert (y.detach().numpy() == 0).all() and (x.grad.numpy() == 0).all()


@pytest.mark.parametrize("f", ALL)
def test_evaluation_returns_the_input_and_draws_nothing(f):
    x, state = ALL[f], fd.get_rng_state()
    assert f(x, 0.5, training=False) is x
    assert LAYERS[f]().eval()(x) is x
    assert fd.get_rng_state() == state


@pytest.mark.parametrize("f", ALL)
def test_layer_and_in_place(f):
    """A layer draws from the default generator; in place is the same value and gradient."""
    found = []
    for inplace in (False, True):
        layer = LAYERS[f](0.3, inplace)
        assert repr(layer) == f"{LAYERS[f].__name__}(p=0.3, inplace={inplace})"
        fd.manual_seed(4)
        x = ALL[f].detach().requires_grad_()
        h = x * 1
        y = layer(h)
        assert (y is h) is inplace
        y.sum().backward()
        found.append((y.tolist(), x.grad.tolist()))
        if inplace:
            with pytest.raises(RuntimeError, match="leaf"):
                layer(x)
    fd.manual_seed(4)
    assert found[0] == found[1]
    assert f(ALL[f], 0.3, True).tolist() == found[0][0]


@pytest.mark.parametrize("f", ALL)
def test_bad_arguments(f):
    name, state = f.__name__, fd.get_rng_state()
    for p in (-0.1, 1.1, nan):
        with pytest.raises(ValueError, match=rf"{name}: p: expected a number in \[0, 1\]"):
            f(ALL[f], p)
        with pytest.raises(ValueError, match=rf"{LAYERS[f].__name__}: p: expected a number"):
            LAYERS[f](p)
    with pytest.raises(TypeError, match=f"{name}: input: expected float32 or float64, got int64"):
        f(ALL[f].long(), 0.5, True)
    if "dropout1d" in name or "2d" in name or "3d" in name or "feature" in name:
        with pytest.raises(ValueError, match=rf"{name}: input: expected .* dimensions, got shape"):
            f(fd.ones(4), 0.5)
    assert fd.get_rng_state() == state
