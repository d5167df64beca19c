"""models.MLP: its layers, its initialization, and that it trains."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastdl
from fastdl import nn
from fastdl.models import MLP


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_layers_follow_the_options():
    assert kinds(MLP(4, [3], 2)) == ["Flatten", "Linear", "ReLU", "Linear"]
    assert kinds(MLP(4, (), 2)) == ["Flatten", "Linear"]
    assert kinds(MLP(4, [3], 2, activation="tanh", batchnorm=True, dropout=0.5)) == [
        "Flatten", "Linear", "BatchNorm1d", "Tanh", "Dropout", "Linear",
    ]  # fmt: skip
    fused = MLP(4, [3, 5], 2, batchnorm=True)
    assert kinds(fused) == [
        "Flatten", "Linear", "BatchNorm1d", "Linear", "BatchNorm1d", "Linear",
    ]  # fmt: skip
    assert fused.layers[2].relu and fused.layers[1].bias is None
    assert fused.layers[-1].bias is not None


def test_fused_equals_unfused():
    fastdl.manual_seed(0)
    model = MLP(4, [8], 2, batchnorm=True)
    x = fastdl.from_numpy(np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32))
    flatten, linear, norm, output = model.layers
    fused = model(x).detach().numpy()
    norm.relu = False
    unfused = output(nn.functional.relu(norm(linear(flatten(x))))).detach().numpy()
    np.testing.assert_allclose(fused, unfused, rtol=1e-6, atol=1e-6)


def test_inputs_are_flattened_and_checked():
    model = MLP(64, [16], 10)
    assert model(fastdl.zeros(5, 8, 8)).shape == (5, 10)
    assert model(fastdl.zeros(5, 64)).shape == (5, 10)
    with pytest.raises(ValueError):
        model(fastdl.zeros(5, 7, 8))


@pytest.mark.parametrize(
    "activation, std",
    [("relu", math.sqrt(2 / 300)), ("tanh", 5 / 3 * math.sqrt(2 / 500)),
     ("sigmoid", math.sqrt(2 / 500)), ("identity", math.sqrt(2 / 500))],
)  # fmt: skip
def test_initialization(activation, std):
    fastdl.manual_seed(0)
    model = MLP(300, [200], 100, activation=activation)
    linears = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    assert abs(linears[0].weight.detach().numpy().std() / std - 1) < 0.02
    assert abs(linears[1].weight.detach().numpy().std() * math.sqrt(200) - 1) < 0.03
    assert all(not np.any(linear.bias.detach().numpy()) for linear in linears)


def test_signals_keep_their_size_through_many_relu_layers():
    fastdl.manual_seed(0)
    model = MLP(256, [256] * 10, 256)
    x = fastdl.from_numpy(np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32))
    hidden = model.layers[:-1](x).detach().numpy()
    assert 0.3 < np.mean(hidden**2) < 3.0  # He: the second moment stays about 1


@pytest.mark.parametrize(
    "arguments, options, error, message",
    [
        ((4, 3, 2), {}, TypeError, "MLP: hidden: expected a sequence of widths, got int"),
        ((4, [0], 2), {}, ValueError, "out_features: expected at least 1, got 0"),
        ((0, [3], 2), {}, ValueError, "in_features: expected at least 1, got 0"),
        ((4, [3], 2), {"activation": "step"}, ValueError, "MLP: activation: expected one of"),
        ((4, [3], 2), {"dropout": 1.5}, ValueError, "MLP: dropout: expected a number in"),
    ],
)
def test_arguments_are_checked(arguments, options, error, message):
    with pytest.raises(error, match=message):
        MLP(*arguments, **options)


@pytest.mark.parametrize("options", [{}, {"batchnorm": True, "dropout": 0.1}])
def test_it_learns_xor(options):
    fastdl.manual_seed(1)
    model = MLP(2, [16], 2, **options)
    x = fastdl.from_numpy(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32))
    y = fastdl.from_numpy(np.array([0, 1, 1, 0]))
    loss_of = nn.CrossEntropyLoss()
    for _ in range(300):
        model.zero_grad()
        loss_of(model(x), y).backward()
        with fastdl.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter - parameter.grad * 0.3)
    predicted = model.eval()(x).detach().numpy().argmax(1)
    assert predicted.tolist() == [0, 1, 1, 0]
