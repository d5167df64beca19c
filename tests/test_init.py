"""nn.init: bounds, moments, sources of randomness, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl
from fastdl.nn import Parameter, init

SHAPE = (200, 300)  # fan_in 300, fan_out 200


def filled(fill, *args, **kwargs):
    """The values after `fill`, which must return the parameter it was given."""
    parameter = Parameter(fastdl.zeros(*SHAPE))
    assert fill(parameter, *args, **kwargs) is parameter
    assert parameter.is_leaf and parameter.requires_grad
    return parameter.detach().numpy()


@pytest.fixture(autouse=True)
def seed():
    fastdl.manual_seed(0)


UNIFORM = [
    (lambda p: init.uniform_(p, -2.0, 2.0), 2.0),
    (init.xavier_uniform_, math.sqrt(6 / 500)),
    (lambda p: init.xavier_uniform_(p, gain=3.0), 3 * math.sqrt(6 / 500)),
    (lambda p: init.kaiming_uniform_(p, nonlinearity="relu"), math.sqrt(6 / 300)),
    (lambda p: init.kaiming_uniform_(p, mode="fan_out"), math.sqrt(6 / 200)),
    (lambda p: init.kaiming_uniform_(p, a=math.sqrt(5)), 1 / math.sqrt(300)),
]


@pytest.mark.parametrize("fill, bound", UNIFORM)
def test_uniform_ones_fill_their_interval(fill, bound):
    values = filled(fill)
    assert np.abs(values).max() <= bound * (1 + 1e-6)
    assert values.max() > 0.999 * bound and values.min() < -0.999 * bound
    assert abs(values.mean()) < 4 * bound / math.sqrt(3 * values.size)
    assert abs(values.std() / (bound / math.sqrt(3)) - 1) < 0.01


NORMAL = [
    (lambda p: init.normal_(p, 0.0, 0.5), 0.5),
    (init.xavier_normal_, math.sqrt(2 / 500)),
    (lambda p: init.kaiming_normal_(p, nonlinearity="relu"), math.sqrt(2 / 300)),
    (lambda p: init.kaiming_normal_(p, mode="fan_out"), math.sqrt(2 / 200)),
    (lambda p: init.kaiming_normal_(p, nonlinearity="linear"), math.sqrt(1 / 300)),
    (lambda p: init.kaiming_normal_(p, nonlinearity="tanh"), 5 / 3 / math.sqrt(300)),
]


@pytest.mark.parametrize("fill, std", NORMAL)
def test_normal_ones_have_their_moments(fill, std):
    values = filled(fill) / std
    assert abs(values.mean()) < 4 / math.sqrt(values.size)
    assert abs(values.std() - 1) < 4 / math.sqrt(2 * values.size)
    assert abs((np.abs(values) > 1).mean() - 0.3173) < 0.01  # the normal's share beyond one sigma


def test_normal_mean():
    assert abs(filled(init.normal_, 3.0, 0.1).mean() - 3.0) < 0.01


def test_constants():
    assert np.all(filled(init.constant_, 2.5) == 2.5)
    assert np.all(filled(init.ones_) == 1.0)
    assert np.all(filled(init.zeros_) == 0.0)


def test_manual_seed_repeats_the_draws():
    first, second = filled(init.normal_).copy(), filled(init.normal_).copy()
    fastdl.manual_seed(0)
    np.testing.assert_array_equal(filled(init.normal_), first)
    assert np.any(first != second)


def test_gains():
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("selu") == 0.75
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2 / 1.04)
    with pytest.raises(ValueError, match=r"nonlinearity: expected one of .* got 'step'"):
        init.calculate_gain("step")


def test_fans():
    assert init._calculate_fan_in_and_fan_out(fastdl.zeros(3, 5)) == (5, 3)
    assert init._calculate_fan_in_and_fan_out(fastdl.zeros(3, 5, 2, 4)) == (40, 24)


@pytest.mark.parametrize(
    "fill",
    [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_],
)
def test_vectors_have_no_fans(fill):
    vector = fastdl.ones(4)
    expected = rf"{fill.__name__}: tensor: expected at least 2 dimensions, got shape \(4,\)"
    with pytest.raises(ValueError, match=expected):
        fill(vector)
    assert vector.numpy().tolist() == [1, 1, 1, 1]


def test_unknown_mode():
    with pytest.raises(ValueError, match="kaiming_normal_: mode: expected one of 'fan_in'"):
        init.kaiming_normal_(fastdl.zeros(2, 2), mode="fan")
