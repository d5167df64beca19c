"""nn.init: bounds, moments, sources of randomness, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl
from fastdl import nn, optim
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


# ---- drawn with a condition --------------------------------------------------------------------


def normal_cdf(x):
    return np.vectorize(lambda t: (1 + math.erf(t / math.sqrt(2))) / 2)(x)


@pytest.mark.parametrize(
    "mean, std, a, b",
    [
        (0, 1, -2, 2),
        (1, 0.5, 0.5, 5),
        (0, 0.02, -2, 2),
        (0, 1, 1, 1.5),
        (3, 1, -8, -1),
        (0, 2, 1, 99),
    ],
)
def test_truncated_normal(mean, std, a, b):
    """Against the distribution itself, by Kolmogorov's statistic: above 2 once in 1500 times."""
    values = np.sort(filled(init.trunc_normal_, mean, std, a, b), axis=None).astype("float64")
    assert a <= values[0] and values[-1] <= b
    sign = 1 if a >= mean else -1  # the tail below is the precise one
    low, high = normal_cdf(-(a - mean) / std * sign), normal_cdf(-(b - mean) / std * sign)
    share = (normal_cdf(-(values - mean) / std * sign) - low) / (high - low)
    steps = np.arange(values.size) / values.size
    assert abs(share - steps).max() * math.sqrt(values.size) < 2


def test_truncated_normal_far_out():
    values = filled(init.trunc_normal_, 0.0, 1.0, 10.0, 11.0)
    # The density falls as exp(-10 x) and faster: the mean excess is 1/10 - 1/1000 + 2/10^5 ...
    assert values.min() >= 10 and abs(values.mean() - 10.0981) < 4 * 0.098 / math.sqrt(values.size)


@pytest.mark.parametrize("mean", [1e5, -1e200, 1e-200])
def test_truncated_normal_beyond_what_rounding_resolves(mean):
    values = filled(init.trunc_normal_, mean, 1.0, -2.0, 2.0)
    assert ((values >= -2) & (values <= 2)).all()
    if abs(mean) > 1:
        np.testing.assert_allclose(values, math.copysign(2, mean), atol=1e-3)


def test_draws_follow_the_generator():
    def drawn(fill, seed):
        generator = fastdl.Generator(seed)
        return fill(fastdl.zeros(6, 8), generator=generator).tolist()

    fills = [
        init.uniform_, init.normal_, init.trunc_normal_, init.xavier_uniform_, init.xavier_normal_,
        init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_,
        lambda x, generator: init.sparse_(x, 0.5, generator=generator),
    ]  # fmt: skip
    for fill in fills:
        before = fastdl.get_rng_state()
        assert drawn(fill, 1) == drawn(fill, 1) != drawn(fill, 2)
        assert fastdl.get_rng_state() == before


# ---- matrices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(20, 20), (30, 7), (7, 30), (6, 3, 2, 4), (1, 5), (4, 0)])
@pytest.mark.parametrize("gain", [1.0, 1.7])
def test_orthogonal(shape, gain):
    x = Parameter(fastdl.zeros(*shape, dtype=fastdl.float64))
    assert init.orthogonal_(x, gain) is x
    m = x.detach().numpy().reshape(shape[0], -1)
    if m.size:
        product = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
        np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-13)


def test_orthogonal_is_uniform():
    """The first element of a random unit vector in n dimensions: mean 0, variance 1/n."""
    n, firsts = 4, []
    for _ in range(1500):
        firsts.append(init.orthogonal_(fastdl.zeros(n, n))[0, 0].item())
    assert abs(np.mean(firsts)) < 4 / math.sqrt(n * 1500)
    assert abs(np.var(firsts) * n - 1) < 0.15


def test_sparse():
    x = init.sparse_(Parameter(fastdl.zeros(50, 300)), 0.43, std=0.5)
    values = x.detach().numpy()
    assert ((values == 0).sum(0) == 22).all()  # 0.43 of 50, rounded up
    rows = (values == 0).sum(1)
    assert abs(rows - 132).max() < 5 * math.sqrt(300 * 0.44 * 0.56)
    kept = values[values != 0]
    assert abs(kept.std() / 0.5 - 1) < 4 / math.sqrt(2 * kept.size)


def test_eye_and_dirac():
    assert init.eye_(fastdl.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    for groups, shape in ((1, (3, 3, 3, 3)), (1, (5, 3, 3, 2)), (3, (6, 1, 1, 3))):
        weight = init.dirac_(fastdl.ones(*shape), groups).numpy()
        per = shape[0] // groups
        for out in range(shape[0]):
            i = out % per
            expected = np.zeros(shape[1:])
            if i < shape[1]:
                expected[i, shape[2] // 2, shape[3] // 2] = 1
            np.testing.assert_array_equal(weight[out], expected)
    assert init.dirac_(fastdl.ones(2, 2, 3))[1].tolist() == [[0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda x: init.trunc_normal_(x, std=0),
            ValueError,
            "trunc_normal_: std: .*above 0, got 0",
        ),
        (
            lambda x: init.trunc_normal_(x, a=2, b=2),
            ValueError,
            "a, b: expected a < b, got 2 and 2",
        ),
        (lambda x: init.trunc_normal_(x, math.nan), ValueError, "trunc_normal_: mean: .* got nan"),
        (lambda x: init.trunc_normal_(x, math.inf), ValueError, "mean: expected a finite number"),
        (lambda x: init.trunc_normal_(x, "a"), TypeError, "trunc_normal_: mean: expected a number"),
        (lambda x: init.orthogonal_(x, "a"), TypeError, "orthogonal_: gain: expected a number"),
        (lambda x: init.eye_(x[0]), ValueError, r"eye_: tensor: .*2 dimensions, got shape \(3,\)"),
        (lambda x: init.dirac_(x), ValueError, r"dirac_: tensor: expected 3 to 5 dimensions"),
        (lambda x: init.dirac_(x.reshape(2, 3, 1), 3), ValueError, "groups: .*divisor of 2, got 3"),
        (lambda x: init.orthogonal_(x[0]), ValueError, "orthogonal_: tensor: expected at least 2"),
        (lambda x: init.sparse_(x, 1.5), ValueError, "sparse_: sparsity: .* got 1.5"),
        (lambda x: init.sparse_(x[0], 0.5), ValueError, "sparse_: tensor: expected 2 dimensions"),
        (lambda x: init.orthogonal_([1.0]), TypeError, "orthogonal_: tensor: expected a Tensor"),
    ],
)
def test_bad_arguments(call, error, message):
    x = fastdl.ones(2, 3)
    with pytest.raises(error, match=message):
        call(x)
    assert x.tolist() == [[1, 1, 1]] * 2


# ---- what they are for -------------------------------------------------------------------------

DEEP = {
    "kaiming, relu": (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), fastdl.relu),
    "kaiming, leaky": (
        lambda w: init.kaiming_uniform_(w, a=0.2), lambda x: fastdl.maximum(x, 0.2 * x),
    ),
    "xavier, linear": (init.xavier_uniform_, lambda x: x),
    "orthogonal, linear": (init.orthogonal_, lambda x: x),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_the_variance_is_kept_through_30_layers(name):
    fill, activation = DEEP[name]
    x = x0 = fastdl.randn(64, 256)
    weights = [fill(Parameter(fastdl.zeros(256, 256))) for _ in range(30)]
    for w in weights:
        x = activation(x @ w.T)
    assert 0.3 < (x**2).mean().item() / (x0**2).mean().item() < 3
    x.backward(fastdl.randn(64, 256))
    sizes = [(w.grad**2).mean().item() for w in weights]
    assert 0.1 < sizes[0] / sizes[-1] < 10


def test_small_weights_lose_the_variance():
    x = fastdl.randn(64, 256)
    for _ in range(30):
        x = fastdl.relu(x @ init.normal_(fastdl.zeros(256, 256), std=0.02).T)
    assert (x**2).mean().item() < 1e-10


def test_equal_units_stay_equal_and_random_ones_do_not():
    def train(fill):
        model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
        fill(model[0].weight)
        init.constant_(model[0].bias, 0.1)
        init.constant_(model[2].weight, 0.3)
        optimizer = optim.Adam(model.parameters(), 0.05)
        x = fastdl.randn(40, 5)
        for _ in range(50):
            optimizer.zero_grad()
            ((model(x) - (x * x).sum(1, keepdim=True)) ** 2).mean().backward()
            optimizer.step()
        return np.unique(model[0].weight.detach().numpy().round(5), axis=0)

    assert len(train(lambda w: init.constant_(w, 0.2))) == 1
    assert len(train(init.xavier_normal_)) == 8
