"""The layers, containers and losses of nn; parity with PyTorch where that is installed."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import fastdl
from fastdl import nn


def array(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def leaf(*shape, seed=0):
    return fastdl.from_numpy(array(*shape, seed=seed))


# ---- layers ----


def test_linear_is_the_affine_map():
    layer, x = nn.Linear(4, 3), array(5, 4)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    expected = x.astype(np.float64) @ weight.T.astype(np.float64) + bias
    output = layer(fastdl.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
    assert nn.Linear(4, 3, bias=False).bias is None
    assert nn.Linear(4, 3, dtype=fastdl.float64).weight.dtype == fastdl.float64


def test_linear_starts_uniform_on_one_over_root_fan_in():
    fastdl.manual_seed(0)
    layer = nn.Linear(100, 200)
    for tensor in (layer.weight, layer.bias):
        values = tensor.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert abs(values.std() - 0.1 / math.sqrt(3)) < 0.01
    fastdl.manual_seed(0)
    np.testing.assert_array_equal(
        nn.Linear(100, 200).weight.detach().numpy(), layer.weight.detach().numpy()
    )


@pytest.mark.parametrize("size, error", [(0, ValueError), (-1, ValueError), (2.0, TypeError)])
def test_sizes_are_checked(size, error):
    with pytest.raises(error, match="Linear: in_features: expected"):
        nn.Linear(size, 2)
    with pytest.raises(error, match="BatchNorm1d: num_features: expected"):
        nn.BatchNorm1d(size)


def test_activations():
    x = array(3, 4)
    exponentials = np.exp(x - x.max(1, keepdims=True))
    softmax = exponentials / exponentials.sum(1, keepdims=True)
    cases = [
        (nn.ReLU(), np.maximum(x, 0)),
        (nn.Sigmoid(), 1 / (1 + np.exp(-x))),
        (nn.Tanh(), np.tanh(x)),
        (nn.Softplus(), np.log1p(np.exp(x))),
        (nn.Softplus(beta=2.0), np.log1p(np.exp(2 * x)) / 2),
        (nn.Softplus(threshold=0.5), np.log1p(np.exp(x))),  # exact above it, too
        (nn.Softmax(dim=1), softmax),
        (nn.LogSoftmax(dim=1), np.log(softmax)),
        (nn.Identity(1, any="thing"), x),
    ]
    for layer, expected in cases:
        output = layer(fastdl.from_numpy(x)).numpy()
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6, err_msg=repr(layer))
    with pytest.raises(ValueError, match="Softplus: beta"):
        nn.Softplus(0.0)


def test_flatten():
    x = leaf(2, 3, 4, 5)
    assert nn.Flatten()(x).shape == (2, 60)
    assert nn.Flatten(0, 1)(x).shape == (6, 4, 5)
    with pytest.raises(IndexError):
        nn.Flatten(1, 4)(x)
    assert nn.Unflatten(1, (3, -1))(fastdl.zeros(2, 6)).shape == (2, 3, 2)
    assert nn.Unflatten(-1, [3, 2])(fastdl.zeros(6)).shape == (3, 2)
    assert repr(nn.Unflatten(1, (3, 2))) == "Unflatten(dim=1, unflattened_size=(3, 2))"
    with pytest.raises(TypeError, match="Unflatten: unflattened_size: expected a tuple of ints"):
        nn.Unflatten(1, 6)
    with pytest.raises(ValueError, match="unflatten: "):
        nn.Unflatten(1, (4, 2))(fastdl.zeros(2, 6))


def test_dropout():
    fastdl.manual_seed(3)
    layer, x = nn.Dropout(0.25), fastdl.ones(100, 100)
    output = layer(x).numpy()
    assert set(np.unique(output)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert abs((output == 0).mean() - 0.25) < 0.02
    np.testing.assert_array_equal(layer.eval()(x).numpy(), x.numpy())
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"Dropout: p: expected a number in \[0, 1\]"):
            nn.Dropout(p)
    with pytest.raises(TypeError, match="Dropout: p: expected a number, got str"):
        nn.Dropout("0.5")


# ---- BatchNorm1d ----


def test_batchnorm_normalizes_and_tracks():
    layer, x = nn.BatchNorm1d(3), array(8, 3) * 4 + 2
    output = layer(fastdl.from_numpy(x)).detach().numpy()
    expected = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.1 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.9 + 0.1 * x.var(0, ddof=1), rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1
    mean, variance = layer.running_mean.numpy().copy(), layer.running_var.numpy().copy()
    output = layer.eval()(fastdl.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(output, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.running_mean.numpy(), mean)
    assert layer.num_batches_tracked.item() == 1
    layer.reset_parameters()
    assert layer.num_batches_tracked.item() == 0 and layer.running_var.numpy().tolist() == [1, 1, 1]


def test_batchnorm_cumulative_average():
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [array(6, 2, seed=seed) for seed in range(3)]
    for batch in batches:
        layer(fastdl.from_numpy(batch))
    expected = np.mean([batch.mean(0) for batch in batches], axis=0)
    np.testing.assert_allclose(layer.running_mean.numpy(), expected, rtol=1e-5, atol=1e-6)
    layer.eval()(fastdl.from_numpy(batches[0]))
    np.testing.assert_allclose(layer.running_mean.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_batchnorm_options():
    x = leaf(8, 3)
    plain = nn.BatchNorm1d(3)(x).detach().numpy()
    fused = nn.BatchNorm1d(3, relu=True)(x).detach().numpy()
    np.testing.assert_array_equal(fused, np.maximum(plain, 0))
    bare = nn.BatchNorm1d(3, affine=False, track_running_stats=False)
    assert list(bare.state_dict()) == [] and bare.weight is None and bare.running_mean is None
    np.testing.assert_allclose(bare(x).numpy(), plain, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bare.eval()(x).numpy(), plain, rtol=1e-5, atol=1e-6)


def test_batchnorm_rejects_before_anything_is_written():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError):
        layer(leaf(1, 3))
    with pytest.raises(ValueError, match=r"BatchNorm1d: input: expected shape \(batch, 3\)"):
        layer(leaf(4, 2))
    with pytest.raises(ValueError, match=r"BatchNorm1d: input: expected shape \(batch, 3\) or "):
        layer(leaf(4, 2, 3))
    with pytest.raises(ValueError, match="at least 2 values for each channel in training"):
        layer(leaf(1, 3, 1))
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.numpy().tolist() == [0, 0, 0]
    layer.eval()(leaf(1, 3))  # evaluation of one row is fine
    with pytest.raises(ValueError, match="BatchNorm1d: eps"):
        nn.BatchNorm1d(3, eps=-1.0)
    with pytest.raises(ValueError, match="BatchNorm1d: momentum"):
        nn.BatchNorm1d(3, momentum=2.0)


# ---- containers ----


def test_sequential_is_a_list_of_modules():
    relu, tanh, linear = nn.ReLU(), nn.Tanh(), nn.Linear(2, 2)
    model = nn.Sequential(relu, tanh)
    assert model.append(linear) is model and len(model) == 3 and list(model) == [relu, tanh, linear]
    assert model[0] is relu and model[-1] is linear
    tail = model[1:]
    assert type(tail) is nn.Sequential and list(tail) == [tanh, linear]
    assert list(tail.state_dict()) == ["2.weight", "2.bias"]
    x = leaf(3, 2)
    expected = linear(tanh(relu(x))).detach().numpy()
    np.testing.assert_array_equal(model(x).detach().numpy(), expected)
    model[1] = nn.Identity()
    assert type(model[1]) is nn.Identity and list(model)[2] is linear
    del model[0]
    assert list(model.state_dict()) == ["1.weight", "1.bias"] and len(model) == 2
    named = nn.Sequential({"encode": relu, "decode": linear})
    assert list(named.state_dict()) == ["decode.weight", "decode.bias"] and named.encode is relu
    with pytest.raises(IndexError, match=r"Sequential: index: expected an int in \[-2, 1\], got 2"):
        model[2]
    with pytest.raises(
        TypeError, match=r"Sequential: modules\[0\]: expected a Module, got function"
    ):
        nn.Sequential(lambda x: x)


def test_module_list():
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 3)])
    layers.append(nn.ReLU()).extend([nn.Tanh()])
    middle = nn.Linear(2, 2)
    layers.insert(1, middle)
    assert layers[1] is middle and len(layers) == 5
    assert list(layers.state_dict())[:3] == ["0.weight", "0.bias", "1.weight"]
    assert [type(layer) for layer in layers[3:]] == [nn.ReLU, nn.Tanh]
    del layers[0:2]
    assert [name for name, _ in layers.named_children()] == ["0", "1", "2"]
    with pytest.raises(TypeError, match="ModuleList: module: expected a Module, got int"):
        layers.append(3)


def test_module_dict():
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.ReLU()
    assert list(heads) == list(heads.keys()) == ["a", "b"] and "a" in heads and len(heads) == 2
    assert dict(heads.items())["b"] is heads["b"] and len(list(heads.values())) == 2
    assert list(heads.state_dict()) == ["a.weight", "a.bias"]
    del heads["a"]
    with pytest.raises(KeyError):
        heads["a"]
    with pytest.raises(TypeError, match="ModuleDict: c: expected a Module, got int"):
        heads["c"] = 3


def test_module_dict_changes():
    a, b = nn.ReLU(), nn.Tanh()
    heads = nn.ModuleDict([("a", a)])
    heads.update({"a": b, "b": a})
    assert list(reversed(heads)) == ["b", "a"]
    assert heads.pop("a") is b and list(heads) == ["b"]
    with pytest.raises(TypeError, match=r"modules: expected a mapping of names .* got Tensor"):
        heads.update(fastdl.zeros(3, 2))
    with pytest.raises(TypeError, match="ModuleDict: d: expected a Module, got int"):
        heads.update({"c": a, "d": 3})
    assert list(heads) == ["b"]
    heads.clear()
    assert len(heads) == 0


def test_parameter_list():
    first = nn.Parameter(fastdl.ones(2))
    weights = nn.ParameterList([first, fastdl.zeros(3)])
    assert weights[0] is first and type(weights[1]) is nn.Parameter and weights[-1].requires_grad
    assert weights.append(fastdl.ones(1)) is weights and len(weights) == 3
    weights += [fastdl.ones(4)]
    assert list(weights.state_dict()) == ["0", "1", "2", "3"]
    assert [p.shape for p in weights[1:3]] == [(3,), (1,)] and type(weights[1:]) is type(weights)
    weights[0] = fastdl.zeros(5)
    assert weights[0].shape == (5,) and len(list(weights.parameters())) == 4
    del weights[1]
    assert [p.shape for p in weights] == [(5,), (1,), (4,)]
    assert "(1): float32 of shape (1,)" in repr(weights)
    for bad, text in (
        (3, "value: expected a Tensor, got int"),
        (fastdl.arange(2), "value: expected dtype"),
    ):
        with pytest.raises(TypeError, match=text):
            weights.append(bad)
    with pytest.raises(TypeError, match=r"ParameterList: values\[1\]: expected a Tensor, got str"):
        weights.extend([fastdl.ones(1), "x"])
    assert len(weights) == 3 and len(nn.ParameterList()) == 0
    with pytest.raises(TypeError, match="ParameterList: values: expected an iterable, got Tensor"):
        nn.ParameterList(fastdl.ones(2))


def test_parameter_dict():
    heads = nn.ParameterDict({"a": fastdl.ones(2)})
    heads["b"] = b = nn.Parameter(fastdl.zeros(3), requires_grad=False)
    assert list(heads) == ["a", "b"] and heads["b"] is b and "a" in heads and len(heads) == 2
    assert type(heads["a"]) is nn.Parameter and list(heads.state_dict()) == ["a", "b"]
    assert heads.get("c") is None and heads.setdefault("c", fastdl.ones(1)) is heads["c"]
    assert heads.setdefault("c", fastdl.ones(2)).shape == (1,) and heads.pop("a").shape == (2,)
    assert [(n, p.shape) for n, p in heads.items()] == [("b", (3,)), ("c", (1,))]
    with pytest.raises(TypeError, match="ParameterDict: d: expected a Tensor, got int"):
        heads["d"] = 3
    with pytest.raises(KeyError):
        heads["a"]

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.ParameterList([fastdl.ones(2)])
            self.heads = heads

        def forward(self, x):
            return x * self.weights[0] + self.heads["b"].sum()

    model = Model()
    assert list(model.state_dict()) == ["weights.0", "heads.b", "heads.c"]
    model(fastdl.tensor([3.0, 4.0])).sum().backward()
    assert model.weights[0].grad.tolist() == [3, 4]
    assert copy.deepcopy(model).heads["b"].requires_grad is False


# ---- losses ----


def test_losses():
    logits, target = array(6, 4), np.array([0, 3, 2, 1, -100, 1])
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    kept = target >= 0
    weight = np.array([1, 2, 3, 4], np.float32)
    picked = -logp[kept, target[kept]]
    smooth = 0.9 * picked - 0.1 * logp[kept].mean(1)
    weighted = (picked * weight[target[kept]]).sum() / weight[target[kept]].sum()
    cases = [
        (nn.CrossEntropyLoss(), picked.mean()),
        (nn.CrossEntropyLoss(reduction="sum"), picked.sum()),
        (nn.CrossEntropyLoss(label_smoothing=0.1), smooth.mean()),
        (nn.CrossEntropyLoss(fastdl.from_numpy(weight)), weighted),
    ]
    for loss, expected in cases:
        value = loss(fastdl.from_numpy(logits), fastdl.from_numpy(target))
        assert value.shape == () and abs(value.item() - expected) < 1e-5
    unreduced = nn.CrossEntropyLoss(reduction="none", ignore_index=3)(
        fastdl.from_numpy(logits[kept]), fastdl.from_numpy(target[kept])
    )
    assert unreduced.shape == (5,) and unreduced.numpy()[1] == 0
    squares = (array(3, 2) - array(3, 2, seed=1)) ** 2
    x, y = leaf(3, 2), leaf(3, 2, seed=1)
    assert abs(nn.MSELoss()(x, y).item() - squares.mean()) < 1e-6
    np.testing.assert_allclose(nn.MSELoss(reduction="none")(x, y).numpy(), squares, rtol=1e-6)


def test_losses_reject():
    with pytest.raises(ValueError, match="MSELoss: reduction: expected one of 'mean', 'sum'"):
        nn.MSELoss(reduction="average")
    with pytest.raises(ValueError, match="CrossEntropyLoss: reduction"):
        nn.CrossEntropyLoss(reduction="")
    with pytest.raises(ValueError, match="CrossEntropyLoss: label_smoothing"):
        nn.CrossEntropyLoss(label_smoothing=1.5)
    with pytest.raises(TypeError, match="CrossEntropyLoss: weight"):
        nn.CrossEntropyLoss([1.0, 2.0])


def test_a_target_must_be_a_class():
    with pytest.raises(IndexError, match="cross_entropy: target"):
        nn.CrossEntropyLoss()(leaf(2, 3), fastdl.tensor([0, 3]))


@pytest.mark.parametrize("shapes", [((3, 1), (3,)), ((3,), (3, 1)), ((3, 2), (1, 2))])
def test_a_loss_never_broadcasts(shapes):
    with pytest.raises(ValueError):
        nn.MSELoss()(fastdl.zeros(*shapes[0]), fastdl.zeros(*shapes[1]))


# ---- parity with PyTorch ----


def pair(torch):
    """The same model twice: ours, and PyTorch's with our values."""

    def build(nn):
        return nn.Sequential(
            nn.Flatten(), nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 5),
            nn.BatchNorm1d(5, momentum=None), nn.Tanh(), nn.Linear(5, 4, bias=False),
            nn.Softplus(), nn.Sigmoid(),
        )  # fmt: skip

    ours, theirs = build(nn), build(torch.nn)
    state = {name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(state)  # strict: the names and shapes are PyTorch's
    return ours, theirs


def test_names_and_repr_are_those_of_torch():
    torch = pytest.importorskip("torch")
    ours, theirs = pair(torch)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_parameters()] == [
        name for name, _ in theirs.named_parameters()
    ]
    assert [name for name, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]

    def nested(nn):
        inner = nn.Sequential(nn.Tanh(), nn.Flatten(0, 1), nn.Softplus(2.0, 10.0))
        return nn.Sequential(nn.Linear(2, 3), inner, nn.Softmax(1), nn.ModuleList([nn.ReLU()]))

    assert repr(nested(nn)) == repr(nested(torch.nn))


def test_training_passes_are_those_of_torch():
    torch = pytest.importorskip("torch")
    ours, theirs = pair(torch)
    weight, target = np.array([1, 2, 3, 4], np.float32), np.array([0, 1, 2, 3, 3, -100])
    options = {"label_smoothing": 0.1}
    loss = nn.CrossEntropyLoss(fastdl.from_numpy(weight), **options)
    their_loss = torch.nn.CrossEntropyLoss(torch.tensor(weight), **options)
    for seed in range(3):
        x = array(6, 2, 4, seed=seed)
        value = loss(ours(fastdl.from_numpy(x)), fastdl.from_numpy(target))
        their_value = their_loss(theirs(torch.tensor(x)), torch.tensor(target))
        assert abs(value.item() - their_value.item()) < 1e-5
        value.backward()
        their_value.backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(
            p.grad.numpy(), q.grad.numpy(), rtol=1e-4, atol=1e-5, err_msg=name
        )
    for (name, b), c in zip(ours.named_buffers(), theirs.buffers(), strict=True):
        np.testing.assert_allclose(b.numpy(), c.numpy(), rtol=1e-5, atol=1e-6, err_msg=name)
    x = array(6, 2, 4, seed=9)
    np.testing.assert_allclose(
        ours.eval()(fastdl.from_numpy(x)).detach().numpy(),
        theirs.eval()(torch.tensor(x)).detach().numpy(),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("layer", [nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True)])
def test_in_place_layers(layer):
    x = fastdl.tensor([-1.0, 2.0, 3.0, -4.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        layer(x)
    h = x * 1
    y = layer(h)
    assert y is h
    y.sum().backward()
    slope = (x > 0).float() if isinstance(layer, nn.ReLU) else y.detach() / x.detach()
    assert x.grad.tolist() == slope.tolist()


def test_layers_take_a_device():
    assert nn.Linear(2, 3, device="cpu").weight.shape == (3, 2)
    assert nn.BatchNorm1d(2, device="cpu", dtype=fastdl.float64).weight.dtype is fastdl.float64
    with pytest.raises(ValueError, match="device: expected 'cpu', got 'cuda'"):
        nn.Linear(2, 3, device="cuda")


def test_a_misfit_is_also_the_error_that_pytorch_raises():
    with pytest.raises(RuntimeError, match="missing"):
        nn.Linear(2, 3).load_state_dict({})
