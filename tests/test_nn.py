"""nn.Module and nn.Parameter: registration, listing, state, modes, hooks, summary."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fastdl
from fastdl import nn
from fastdl.nn import structure


def array(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def leaf(*shape, seed=0, requires_grad=False):
    return fastdl.from_numpy(array(*shape, seed=seed)).requires_grad_(requires_grad)


class Block(nn.Module):
    """Two layers, a shared one, a buffer that is saved and one that is not."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.second = nn.Linear(3, 3)
        self.again = self.second
        self.scale = nn.Parameter(fastdl.ones(3))
        self.register_buffer("mean", fastdl.zeros(3))
        self.register_buffer("scratch", fastdl.zeros(2), persistent=False)
        self.register_parameter("absent", None)
        self.note = "not registered"

    def forward(self, input):
        return self.again(self.second(nn.functional.relu(self.first(input)))) * self.scale


# ---- Parameter ----


def test_parameter_shares_memory_and_requires_grad():
    data = fastdl.zeros(2)
    parameter = nn.Parameter(data)
    data.fill_(3.0)
    assert isinstance(parameter, fastdl.Tensor)
    assert parameter.requires_grad and parameter.is_leaf and not data.requires_grad
    assert parameter.detach().numpy().tolist() == [3.0, 3.0]
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    assert type(parameter * 2) is fastdl.Tensor
    assert repr(parameter).startswith("Parameter containing:\n")


def test_parameter_cuts_history_and_receives_gradients():
    source = leaf(3, requires_grad=True)
    parameter = nn.Parameter(source * 2)
    (parameter * parameter).sum().backward()
    np.testing.assert_array_equal(parameter.grad.numpy(), 2 * parameter.detach().numpy())
    assert source.grad is None


def test_parameter_rejects_what_is_no_tensor():
    with pytest.raises(TypeError, match="Parameter: data: expected a Tensor, got list"):
        nn.Parameter([1.0])


@pytest.mark.parametrize("again", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_parameter_copies(again):
    parameter = nn.Parameter(leaf(2, 3), requires_grad=False)
    other = again(parameter)
    assert type(other) is nn.Parameter and not other.requires_grad
    np.testing.assert_array_equal(other.numpy(), parameter.numpy())
    other.fill_(9.0)
    assert parameter.numpy().max() < 9.0


# ---- registration and listing ----


def test_names_are_listed_once_and_in_order():
    model = Block()
    assert [name for name, _ in model.named_parameters()] == [
        "scale", "first.weight", "first.bias", "second.weight", "second.bias",
    ]  # fmt: skip
    assert [name for name, _ in model.named_parameters(recurse=False)] == ["scale"]
    assert len(list(model.named_parameters(remove_duplicate=False))) == 7
    assert [name for name, _ in model.named_parameters(prefix="net")][:2] == [
        "net.scale", "net.first.weight",
    ]  # fmt: skip
    assert [name for name, _ in model.named_buffers()] == ["mean", "scratch"]
    assert [name for name, _ in model.named_children()] == ["first", "second"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "second"]
    assert list(model.modules()) == [model, model.first, model.second]
    assert len(list(model.parameters())) == 5 and len(list(model.buffers())) == 2
    assert model.absent is None


def test_attributes_are_plain_and_missing_ones_raise():
    model = Block()
    assert "weight" in vars(model.first)
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'third'"):
        _ = model.third


def test_assignment_replaces_and_changes_kind():
    model = Block()
    model.first = nn.Identity()
    assert [name for name, _ in model.named_children()] == ["first", "second"]
    model.note = nn.Parameter(fastdl.ones(1))
    assert "note" in dict(model.named_parameters())
    model.absent = nn.Parameter(fastdl.ones(1))
    assert "absent" in dict(model.named_parameters())
    model.absent = None
    assert "absent" not in dict(model.named_parameters())
    model.mean = fastdl.ones(3)
    assert dict(model.named_buffers())["mean"].numpy().tolist() == [1, 1, 1]
    del model.scale
    assert "scale" not in dict(model.named_parameters()) and not hasattr(model, "scale")


def test_a_class_may_declare_an_attribute_as_none():
    class Optional(nn.Module):
        head = None

    model = Optional()
    assert model.head is None and not list(model.children())
    model.head = nn.Identity()
    assert list(model.children()) == [model.head]


def test_registration_errors_name_what_came():
    model = Block()
    with pytest.raises(TypeError, match="Block: scale: it is a parameter: expected a Parameter"):
        model.scale = fastdl.ones(3)
    with pytest.raises(TypeError, match="Block: first: it is a module: expected a Module or None"):
        model.first = 3
    with pytest.raises(TypeError, match="Block: mean: it is a buffer: expected a Tensor or None"):
        model.mean = [0.0]
    with pytest.raises(TypeError, match="register_buffer: tensor: expected a Tensor, got 3"):
        model.register_buffer("new", 3)
    with pytest.raises(ValueError, match=r"without a dot, got 'a\.b'"):
        model.register_buffer("a.b", fastdl.zeros(1))
    with pytest.raises(ValueError, match="non-empty"):
        model.register_module("", nn.Identity())
    with pytest.raises(ValueError, match="'forward' is already an attribute of the class"):
        model.register_parameter("forward", None)
    with pytest.raises(ValueError, match="already has an attribute 'note'"):
        model.register_buffer("note", fastdl.zeros(1))
    with pytest.raises(TypeError, match="name: expected a str, got int"):
        model.register_module(0, nn.Identity())


def test_forgotten_super_init():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match="layer: assigned before super"):
        Forgetful()


def test_forward_must_be_defined():
    with pytest.raises(NotImplementedError, match="Module: forward is not defined"):
        nn.Module()()


def test_get_submodule():
    model = nn.Sequential(nn.Sequential(nn.ReLU()))
    assert model.get_submodule("0.0") is model[0][0] and model.get_submodule("") is model
    with pytest.raises(AttributeError, match="Sequential: no submodule '7'"):
        model.get_submodule("0.7")


def test_apply_goes_children_first():
    seen = []
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh()))
    assert model.apply(seen.append) is model
    assert seen == [model[0], model[1][0], model[1], model]


# ---- state ----


def test_state_dict_shares_memory_and_leaves_out_transient_buffers():
    model = Block()
    state = model.state_dict()
    assert list(state) == [
        "scale", "mean", "first.weight", "first.bias",
        "second.weight", "second.bias", "again.weight", "again.bias",
    ]  # fmt: skip
    assert not any(value.requires_grad for value in state.values())
    state["mean"].fill_(5.0)
    assert model.mean.numpy().tolist() == [5, 5, 5]
    assert next(iter(model.first.state_dict("first."))) == "first.weight"


def test_load_state_dict_copies_in_place():
    model, other = Block(), Block()
    weight = model.first.weight
    assert model.load_state_dict(other.state_dict()) == ([], [])
    assert model.first.weight is weight and weight.requires_grad
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), other.state_dict()[name].numpy())
    other.first.weight.detach().fill_(0.0)
    assert np.abs(weight.detach().numpy()).max() > 0


def test_load_state_dict_casts():
    model = nn.Linear(2, 2)
    state = nn.Linear(2, 2, dtype=fastdl.float64).state_dict()
    model.load_state_dict(state)
    assert model.weight.dtype == fastdl.float32
    expected = state["weight"].numpy().astype(np.float32)
    np.testing.assert_array_equal(model.weight.detach().numpy(), expected)


def test_load_state_dict_lists_everything_and_writes_nothing():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    state = {
        "0.weight": fastdl.ones(2, 2),
        "0.bias": fastdl.ones(3),
        "1.bias": [1.0],
        "2.weight": fastdl.ones(1),
    }
    with pytest.raises(ValueError) as error:
        model.load_state_dict(state)
    message = str(error.value)
    assert "does not fit Sequential; nothing was loaded" in message
    assert "missing: 1.weight" in message and "unexpected: 2.weight" in message
    assert "0.bias (expected (2,), got (3,))" in message
    assert "1.bias (expected a Tensor, got list)" in message
    del state["1.bias"]
    with pytest.raises(ValueError, match=r"0\.bias") as error:
        model.load_state_dict(state, strict=False)
    assert "missing" not in str(error.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
    with pytest.raises(TypeError, match=r"state_dict: expected a mapping .* got list"):
        model.load_state_dict([])


def test_buffers_by_assignment():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.kept = nn.Buffer(fastdl.ones(2))
            self.passing = nn.Buffer(fastdl.zeros(3), persistent=False)

    model = Model()
    assert [n for n, _ in model.named_buffers()] == ["kept", "passing"]
    assert list(model.state_dict()) == ["kept"] and not list(model.parameters())
    model.kept = fastdl.zeros(2)  # remains a buffer
    assert list(model.state_dict()) == ["kept"] and model.kept.tolist() == [0, 0]
    model.passing = nn.Buffer(fastdl.ones(1))
    assert list(model.state_dict()) == ["kept", "passing"]
    transient = Model().passing
    for again in (copy.deepcopy(transient), pickle.loads(pickle.dumps(transient))):
        assert type(again) is nn.Buffer and not again.persistent and again.shape == (3,)
    assert type(model.passing + 1) is fastdl.Tensor and "Buffer containing" in repr(transient)
    assert not copy.deepcopy(model).passing.requires_grad
    with pytest.raises(TypeError, match="Buffer: data: expected a Tensor, got list"):
        nn.Buffer([1.0])
    with pytest.raises(TypeError, match="Buffer: persistent: expected a bool"):
        nn.Buffer(fastdl.ones(1), persistent="no")


def test_load_state_dict_not_strict():
    model = nn.Linear(2, 1)
    found = model.load_state_dict({"bias": fastdl.ones(1), "other": fastdl.ones(1)}, strict=False)
    assert found.missing_keys == ["weight"] and found.unexpected_keys == ["other"]
    assert model.bias.detach().numpy().tolist() == [1.0]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_modules_copy(again):
    model = Block().eval()
    other = again(model)
    assert other.again is other.second and not other.training
    assert [n for n, _ in other.named_parameters()] == [n for n, _ in model.named_parameters()]
    x = leaf(2, 4)
    np.testing.assert_array_equal(other(x).detach().numpy(), model(x).detach().numpy())
    assert all(a is not b for a, b in zip(other.parameters(), model.parameters(), strict=True))


# ---- modes and conversions ----


def test_train_and_eval_reach_all():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert model.training and model.eval() is model
    assert not any(module.training for module in model.modules())
    model[1].train()
    assert model[1][0].training and not model[0].training
    with pytest.raises(TypeError, match="train: mode: expected a bool, got int"):
        model.train(1)


def test_requires_grad_and_zero_grad():
    model = nn.Linear(3, 2)
    model(leaf(4, 3)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert model.weight.grad.numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    model.zero_grad()
    assert model.weight.grad is None
    assert model.requires_grad_(False) is model
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_to_keeps_identity_and_converts_floats_only():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    weight = model[0].weight
    values = weight.detach().numpy().copy()
    model(leaf(4, 2)).sum().backward()
    assert model.double() is model
    assert model[0].weight is weight and weight.requires_grad
    assert weight.dtype == fastdl.float64 and weight.grad.dtype == fastdl.float64
    np.testing.assert_array_equal(weight.detach().numpy(), values.astype(np.float64))
    assert model[1].running_var.dtype == fastdl.float64
    assert model[1].num_batches_tracked.dtype == fastdl.int64
    assert model(fastdl.from_numpy(array(4, 2, dtype=np.float64))).dtype == fastdl.float64
    assert model.float()[0].weight.dtype == fastdl.float32
    assert model.to("cpu", fastdl.float64)[0].weight.dtype == fastdl.float64
    assert model.to(device="cpu", dtype=fastdl.float32)[0].weight.dtype == fastdl.float32


def test_to_rejects():
    model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="device: expected 'cpu', got 'cuda'"):
        model.to("cuda")
    with pytest.raises(TypeError, match="to: dtype: expected float32 or float64"):
        model.to(fastdl.int64)


# ---- hooks and the structure counter ----


def test_forward_hooks():
    layer = nn.Identity()
    seen = []

    def record(module, args, output):
        seen.append((module, args, output))

    handles = [
        layer.register_forward_pre_hook(lambda module, args: args[0] + 1),
        layer.register_forward_hook(record),
        layer.register_forward_hook(lambda module, args, output: output * 10),
    ]
    assert layer(2) == 30
    assert seen == [(layer, (3,), 3)]
    for handle in handles:
        handle.remove()
        handle.remove()
    assert layer(2) == 2
    with layer.register_forward_hook(lambda module, args, output: None):
        assert layer(2) == 2
    assert not layer._forward_hooks
    with pytest.raises(TypeError, match="hook: expected a callable"):
        layer.register_forward_hook(None)


def test_structure_counter_counts_what_a_captured_step_depends_on():
    model = Block()

    def changes(action):
        before = structure.version(), structure.modes()
        action()
        return (structure.version(), structure.modes()) != before

    assert changes(lambda: setattr(model, "scale", nn.Parameter(fastdl.ones(3))))
    assert changes(lambda: setattr(model, "mean", fastdl.ones(3)))
    assert changes(lambda: model.register_buffer("extra", fastdl.ones(3)))
    assert changes(lambda: delattr(model, "extra"))
    assert changes(lambda: setattr(model, "again", nn.Identity()))
    assert changes(model.eval) and not changes(model.eval)
    assert changes(lambda: model.requires_grad_(False))
    assert not changes(lambda: model.requires_grad_(False))
    assert changes(lambda: setattr(model.scale, "requires_grad", True))
    handles = []
    assert changes(lambda: handles.append(model.register_forward_hook(lambda *_: None)))
    assert changes(handles[0].remove) and not changes(handles[0].remove)
    assert changes(model.double)
    assert changes(lambda: setattr(nn.Dropout(0.5), "p", 0.1))
    # What a training step does every time must not count.
    x = fastdl.from_numpy(array(2, 4, dtype=np.float64))
    assert not changes(lambda: model(x).sum().backward())
    assert not changes(model.zero_grad)
    assert not changes(lambda: model.load_state_dict(model.state_dict()))
    assert not changes(lambda: setattr(model, "note", "other"))
    norm = nn.BatchNorm1d(2)
    assert not changes(lambda: norm(leaf(3, 2)))


def test_modes_are_the_same_again():
    model, other = Block(), Block()
    before = structure.modes()
    copied = copy.deepcopy(model.eval())
    there = structure.modes()
    other.eval()
    copied.train()
    assert len({before, there, structure.modes()}) == 3
    other.train()
    copied.eval()
    assert structure.modes() == there
    model.train()
    assert structure.modes() == before


def test_modes_of_modules_that_compare():
    class Equal(nn.Module):
        def __eq__(self, other):
            return True

    before = structure.version()
    Equal().eval()
    assert structure.version() > before


# ---- showing ----


def test_repr_is_nested():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.1)))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.1, inplace=False)\n"
        "  )\n"
        ")"
    )


def test_summary_shows_shapes_and_totals_and_restores_modes():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), shared, shared, nn.Dropout())
    model[0].requires_grad_(False)
    model[4].eval()
    state = fastdl.get_rng_state()
    lines = model.summary((7, 4)).split("\n")
    assert lines[0].split() == ["layer", "output", "shape", "parameters"]
    assert lines[2].split() == ["Sequential", "(7,", "3)", "0"]
    assert lines[3].split() == ["0:", "Linear", "(7,", "3)", "15"]
    assert lines[5].split() == ["2:", "Linear", "(7,", "3)", "12"]
    assert len(lines) == 10  # the shared layer has one row
    assert lines[-2] == "total: 33 parameters, 18 trained"
    assert lines[-1] == f"parameters and buffers: {33 * 4 + 6 * 4 + 8} bytes"
    assert model.training and model[1].training and not model[4].training
    assert not any(module._forward_hooks for module in model.modules())
    assert model[1].num_batches_tracked.item() == 0
    assert fastdl.get_rng_state() == state
    assert "output shape" not in model.summary()


def test_summary_restores_after_an_error():
    model = nn.Sequential(nn.BatchNorm1d(4))
    with pytest.raises(ValueError, match=r"expected shape \(batch, 4\)"):
        model.summary((7, 5))
    assert model.training and not model[0]._forward_hooks
