"""Optimizers: trajectories against plain NumPy (and PyTorch, if installed), state, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import fastdl as fd
from fastdl import optim
from rules import CASES, RULES

SHAPES = [(7, 5), (5,), (3, 4, 2), (1,), (), (0, 3), (33, 257)]
# ---- a training, without a network: gradients are a function of parameter and step -------------


def start(dtype, shapes=SHAPES):
    rng = np.random.default_rng(1)
    return [np.asarray(rng.standard_normal(s)).astype(dtype) for s in shapes]


def gradient(value, step, i):
    """Pulls to a wandering target; now and then there is none."""
    if (step * 7 + i * 3) % 11 == 0:
        return None
    noise = np.random.default_rng([step, i]).standard_normal(value.shape)
    return (1.5 * value + noise).astype(value.dtype)


def make(cls, options, dtype, module=fd):
    params = [module.tensor(a) for a in start(dtype)]
    for p in params:
        p.requires_grad_()
    half = {"params": params[3:], "lr": options["lr"] / 2}
    return params, cls([{"params": params[:3]}, half], **options)


def train(params, optimizer, steps, module=fd, tensor=None):
    for step in steps:
        for group in optimizer.param_groups:
            group["lr"] *= 0.99
        for i, p in enumerate(params):
            g = gradient(p.detach().numpy(), step, i)
            p.grad = None if g is None else module.tensor(g)
        optimizer.step()


def values(params):
    return [p.detach().numpy().copy() for p in params]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_trajectory_numpy(name, dtype):
    cls, options = CASES[name]
    params, optimizer = make(cls, options, dtype)
    expected, states = [a.astype("float64") for a in start(dtype)], [{} for _ in params]
    rule = RULES[cls]
    groups = [dict(optimizer.param_groups[i >= 3]) for i in range(len(params))]
    for step in range(100):
        train(params, optimizer, [step])
        for i, group in enumerate(groups):
            group["lr"] *= 0.99
            g = gradient(expected[i], step, i)
            if g is not None:
                expected[i] = np.asarray(rule(expected[i], g, states[i], group))
    tolerance = 1e-12 if dtype == "float64" else 3e-6
    for p, e in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), e, rtol=tolerance, atol=tolerance)


@pytest.fixture
def torch_float64():
    """PyTorch, with the counters of its optimizers in float64."""
    torch = pytest.importorskip("torch")
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", [n for n in CASES if "proximal" not in n])
def test_trajectory_torch(name, torch_float64):
    torch = torch_float64
    cls, options = CASES[name]
    params, optimizer = make(cls, options, "float64")
    theirs, other = make(getattr(torch.optim, cls.__name__), options, "float64", torch)
    train(params, optimizer, range(100))
    train(theirs, other, range(100), torch)
    for p, e in zip(values(params), values(theirs), strict=True):
        np.testing.assert_allclose(p, e, rtol=1e-12, atol=1e-12)
    state, expected = optimizer.state_dict(), other.state_dict()
    assert state["state"].keys() == expected["state"].keys()
    for i, entry in expected["state"].items():
        assert state["state"][i].keys() == entry.keys()
        for key, value in entry.items():
            np.testing.assert_allclose(
                state["state"][i][key].numpy(), value.numpy(), rtol=1e-11, atol=1e-14
            )
    again, fresh = make(cls, options, "float64")
    fresh.load_state_dict(  # PyTorch's own state is taken
        {
            "state": {
                i: {k: fd.tensor(v.numpy()) for k, v in entry.items()}
                for i, entry in expected["state"].items()
            },
            "param_groups": expected["param_groups"],
        }
    )
    for p, value in zip(again, values(params), strict=True):
        p.data.copy_(fd.tensor(value))
    train(params, optimizer, range(100, 103))
    train(again, fresh, range(100, 103))
    for p, e in zip(values(again), values(params), strict=True):
        np.testing.assert_allclose(p, e, rtol=1e-11, atol=1e-12)


# ---- state -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("stop", [0, 1, 17])
def test_resume_is_bit_equal(name, stop):
    cls, options = CASES[name]
    params, optimizer = make(cls, options, "float32")
    train(params, optimizer, range(stop))
    saved, at = optimizer.state_dict(), values(params)
    train(params, optimizer, range(stop, 30))

    again, resumed = make(cls, {**options, "lr": 1.0}, "float32")
    for p, value in zip(again, at, strict=True):
        p.data.copy_(fd.tensor(value))
    resumed.load_state_dict(saved)
    train(again, resumed, range(stop, 30))
    for a, b in zip(values(params), values(again), strict=True):
        assert a.tobytes() == b.tobytes()
    for p, q in zip(params, again, strict=True):
        mine, theirs = optimizer.state.get(p, {}), resumed.state.get(q, {})
        assert mine.keys() == theirs.keys()
        for key in mine:
            assert mine[key].numpy().tobytes() == theirs[key].numpy().tobytes()


def test_state_dict_format():
    params = [fd.tensor([1.0, 2.0]).requires_grad_(), fd.tensor([3.0]).requires_grad_()]
    optimizer = optim.Adam(params, lr=0.1)
    assert optimizer.state_dict()["state"] == {}
    params[1].grad = fd.tensor([2.0])
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state["state"]) == [1]
    assert state["state"][1].keys() == {"step", "exp_avg", "exp_avg_sq"}
    assert state["state"][1]["step"].item() == 1 and state["state"][1]["step"].shape == ()
    assert state["state"][1]["exp_avg"].tolist() == pytest.approx([0.2])
    (group,) = state["param_groups"]
    assert group["params"] == [0, 1] and group["betas"] == (0.9, 0.999) and group["lr"] == 0.1
    optimizer.step()  # a copy: it stays as it was
    assert state["state"][1]["step"].item() == 1


def test_loading_leaves_the_source_alone():
    p, q = (fd.tensor([1.0]).requires_grad_() for _ in range(2))
    first, second = optim.SGD([p], 0.1, 0.9), optim.SGD([q], 0.1, 0.9)
    p.grad = fd.tensor([1.0])
    first.step()
    saved = first.state_dict()
    second.load_state_dict(saved)
    q.grad = fd.tensor([5.0])
    second.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0]
    assert second.state[q]["momentum_buffer"].tolist() == [pytest.approx(5.9)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["param_groups"].append(s["param_groups"][0]), r"groups of \[2\] parameters"),
        (lambda s: s["param_groups"][0]["params"].pop(), r"got \[1\]"),
        (lambda s: s["state"][0].pop("exp_avg"), "parameter 0 .*expected .*exp_avg"),
        (lambda s: s["state"][1].update(momentum_buffer=fd.zeros(1)), "momentum_buffer"),
        (lambda s: s["state"][1].update(exp_avg=fd.zeros(2)), r"exp_avg: .*\(1,\), got \(2,\)"),
        (lambda s: s["param_groups"][0].update(lr=-1), "lr: expected"),
        (lambda s: s["state"][1].update(step=float("nan")), "step: expected"),
    ],
)
def test_load_refuses_and_changes_nothing(change, message):
    params = [fd.tensor([1.0, 2.0]).requires_grad_(), fd.tensor([3.0]).requires_grad_()]
    optimizer = optim.Adam(params, lr=0.1)
    for p in params:
        p.grad = fd.ones_like(p)
    optimizer.step()
    saved = optimizer.state_dict()
    saved["param_groups"][0]["lr"] = 0.5
    for entry in saved["state"].values():
        entry["exp_avg"].fill_(9)
    change(saved)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert all(9 not in e["exp_avg"].tolist() for e in optimizer.state_dict()["state"].values())


# ---- parameters in the arena -------------------------------------------------------------------


def test_parameters_stay_the_same_objects_with_the_same_values():
    before = start("float32")
    params = [fd.tensor(a).requires_grad_() for a in before]
    optim.SGD(params)
    for p, a in zip(params, before, strict=True):
        assert p.shape == a.shape and p.requires_grad and p.is_leaf
        assert p.detach().numpy().tobytes() == a.tobytes()
        assert p.numel() == 0 or p.data_ptr() % 64 == 0


def test_strided_parameter_and_gradient():
    value = np.arange(6, dtype="float32").reshape(2, 3)
    p = fd.tensor(value).T.detach().requires_grad_()
    assert not p.is_contiguous()
    optimizer = optim.SGD([p], lr=1.0)
    p.grad = fd.tensor(value * 0.5).T
    optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), value.T * 0.5)
    p.grad = fd.tensor([[1.0]]).expand(3, 2)
    optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), value.T * 0.5 - 1)


def test_gradient_in_the_arena():
    p, q = (fd.tensor([1.0, 2.0]).requires_grad_() for _ in range(2))
    optimizer = optim.SGD([p, q], lr=1.0)
    p.grad, q.grad = q.detach(), p.detach()  # the old values count, not those just updated
    optimizer.step()
    assert p.tolist() == [0, 0] and q.tolist() == [0, 0]


def test_data_set_by_the_user_is_adopted():
    p = fd.tensor([1.0, 2.0]).requires_grad_()
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5)
    p.grad = fd.tensor([1.0, 1.0])
    optimizer.step()
    mine = fd.tensor([10.0, 20.0])
    p.data = mine
    optimizer.step()
    assert p.tolist() == [8.5, 18.5] and mine.tolist() == [10, 20]


def test_two_optimizers_of_the_same_parameter():
    p = fd.tensor([1.0]).requires_grad_()
    first, second = optim.SGD([p], lr=1.0), optim.SGD([p], lr=10.0)
    p.grad = fd.tensor([1.0])
    first.step()
    second.step()
    first.step()
    assert p.tolist() == [-11.0]


def test_mixed_dtypes_in_one_group():
    p = fd.tensor([1.0]).requires_grad_()
    q = fd.tensor([1.0], dtype=fd.float64).requires_grad_()
    r = fd.tensor([3.0]).requires_grad_()
    optimizer = optim.Adam([p, q, r], lr=0.5)
    for x in (p, q, r):
        x.grad = fd.ones_like(x)
    optimizer.step()
    assert [x.dtype for x in (p, q, r)] == [fd.float32, fd.float64, fd.float32]
    assert [x.item() for x in (p, q, r)] == pytest.approx([0.5, 0.5, 2.5])
    state = optimizer.state_dict()["state"]
    assert [state[i]["exp_avg"].dtype for i in range(3)] == [fd.float32, fd.float64, fd.float32]


def test_parameters_converted_to_another_dtype():
    p = fd.tensor([1.0, 2.0]).requires_grad_()
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5)
    p.grad = fd.tensor([1.0, 1.0])
    optimizer.step()
    p.grad, p.data = None, p.detach().double()
    p.grad = fd.tensor([1.0, 1.0], dtype=fd.float64)
    optimizer.step()
    assert p.dtype == fd.float64 and p.tolist() == [-1.5, -0.5]


def test_changed_shape_raises_before_anything_moves():
    p, q = (fd.tensor([1.0, 2.0]).requires_grad_() for _ in range(2))
    optimizer = optim.SGD([{"params": [p]}, {"params": [q]}], lr=1.0)
    p.grad = q.grad = fd.tensor([1.0, 1.0])
    q.data = fd.tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="gradient of parameter 0"):
        optimizer.step()
    q.grad = None
    with pytest.raises(ValueError, match="parameter 0 of group 1"):
        optimizer.step()
    assert p.tolist() == [1, 2]


def test_a_step_counts_as_an_in_place_change():
    w = fd.tensor([1.0, 2.0]).requires_grad_()
    v = fd.tensor([1.0]).requires_grad_()
    optimizer = optim.SGD([w, v], lr=0.1)
    y = w * w
    y.backward(fd.ones(2), retain_graph=True)
    versions = w._version, v._version
    optimizer.step()
    assert w._version > versions[0] and v._version == versions[1]  # v had no gradient
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward(fd.ones(2))


def test_copies_of_model_and_optimizer_train_alike():
    p = fd.tensor([1.0, 2.0]).requires_grad_()
    optimizer = optim.Adam([p], lr=0.1)
    p.grad = fd.tensor([1.0, -1.0])
    optimizer.step()
    q, other = copy.deepcopy((p, optimizer))
    assert other.param_groups[0]["params"][0] is q
    for _ in range(3):
        optimizer.step()
    before = q.tolist()
    for _ in range(3):
        other.step()
    assert before != q.tolist() == p.tolist()


def test_the_kernel_refuses_counts_and_hyper_of_another_size():
    flat, segments = fd.zeros(16), fd.tensor([[0, 1]])
    p = flat[:1]
    p.grad = fd.ones(1)
    hyper, counts = fd.ones(6, dtype=fd.float64), fd.zeros(1, 1, dtype=fd.float64)
    for bad in ((hyper, counts[:, :0]), (hyper[:5], counts), (hyper, counts.float())):
        with pytest.raises(ValueError, match=r"sgd: .*: expected \d float64"):
            fd._C.sgd([p], flat, segments, *bad, flat.clone())
    assert p.item() == 0


def test_many_parameters():
    params = [fd.full((3,), float(i)).requires_grad_() for i in range(300)]
    optimizer = optim.SGD(params, lr=1.0)
    for p in params[::2]:
        p.grad = fd.ones(3)
    optimizer.step()
    assert [p.tolist()[2] for p in params] == [i - 1.0 + i % 2 for i in range(300)]


@pytest.mark.parametrize("cls", [optim.SGD, optim.AdamW, optim.RMSprop])
def test_nothing_is_written_outside(cls):
    fd._C.set_guards(True)
    try:
        params = [fd.ones(n).requires_grad_() for n in (5, 16, 1, 8200)]
        optimizer = cls(params, lr=0.5)
        if "momentum" in optimizer.defaults:
            optimizer.param_groups[0]["momentum"] = 0.9
        params[0].grad, params[3].grad = fd.ones(5), fd.ones(8200)
        flat = optimizer._arenas[0][0].flat.numpy()
        used = np.zeros(flat.size, bool)
        for span in optimizer._arenas[0][0].spans:
            used[span] = True
        optimizer.step()
        assert (flat[~used] == 0).all() and (~used).sum() > 10
        assert params[1].tolist() == [1] * 16 and params[2].tolist() == [1]
        assert all(x < 1 for x in params[3].tolist())
        fd._C.check_guards()
    finally:
        fd._C.set_guards(False)


@pytest.mark.parametrize("name", CASES)
def test_nan_stays_in_its_element(name):
    cls, options = CASES[name]
    p, q = (fd.tensor([1.0, 2.0, 3.0]).requires_grad_() for _ in range(2))
    optimizer, other = cls([p], **options), cls([q], **options)
    for _ in range(2):
        p.grad, q.grad = fd.tensor([1.0, float("nan"), 1.0]), fd.ones(3)
        optimizer.step()
        other.step()
    assert np.isnan(p.tolist()[1])
    assert p.tolist()[::2] == q.tolist()[::2] and np.isfinite(q.tolist()).all()


@pytest.mark.parametrize("name", CASES)
def test_the_same_bits_on_any_number_of_threads(name):
    def run(threads):
        fd.set_num_threads(threads)
        params, optimizer = make(*CASES[name], "float32")
        train(params, optimizer, range(4))
        return [value.tobytes() for value in values(params)]

    before = fd.get_num_threads()
    try:
        assert run(1) == run(2) == run(3) == run(8)
    finally:
        fd.set_num_threads(before)


# ---- the interface -----------------------------------------------------------------------------


def test_closure_and_zero_grad():
    p = fd.tensor([3.0]).requires_grad_()
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        assert fd.is_grad_enabled()
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    with fd.no_grad():
        assert optimizer.step(closure).item() == 9
    assert p.item() == 0
    kept = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == kept.tolist() == [0]
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.step()  # nothing to do
    assert p.item() == 0


def test_learning_rate_of_a_group_takes_effect():
    p, q = (fd.tensor([0.0]).requires_grad_() for _ in range(2))
    optimizer = optim.SGD([p], lr=1.0)
    optimizer.add_param_group({"params": q, "lr": 2.0})
    p.grad = q.grad = fd.tensor([1.0])
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 10.0
    optimizer.step()
    assert p.item() == -11 and q.item() == -4
    assert "lr: 10.0" in repr(optimizer)


def test_an_empty_group():
    p = fd.tensor([1.0]).requires_grad_()
    optimizer = optim.Adam([{"params": []}, {"params": [p], "lr": 0.5}])
    p.grad = p.detach() * 1
    optimizer.step()
    assert p.item() == pytest.approx(0.5)
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[], [0]]
    optimizer.load_state_dict(saved)
    optimizer.add_param_group({"params": []})
    p.grad = p.detach() * 1
    optimizer.step()


def test_named_parameters():
    model = fd.nn.Linear(2, 3)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    (group,) = optimizer.param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in model.parameters()]
    assert group["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    unnamed = optim.SGD(model.parameters(), lr=0.1)
    assert "param_names" not in unnamed.param_groups[0]


def test_keywords_that_choose_an_implementation():
    off = {"capturable": False, "differentiable": None}
    optimizer = optim.AdamW([fd.ones(1, requires_grad=True)], foreach=True, fused=False, **off)
    assert type(optimizer) is optim.AdamW and "foreach" not in optimizer.param_groups[0]


def test_hyperparameters_in_a_list_may_be_changed_in_place():
    """Groups that hold what they held are not prepared anew: a list may hold something else."""

    def run(change):
        p = fd.ones(3, requires_grad=True)
        optimizer = optim.Adam([p], lr=0.1, betas=[0.9, 0.999])
        for i in range(4):
            p.grad = fd.tensor([1.0, -2.0, 0.5]) * (i + 1)
            if i == 2:
                change(optimizer.param_groups[0])
            optimizer.step()
        return p.detach().numpy().tobytes()

    def in_place(group):
        group["betas"][0] = 0.5

    def anew(group):
        group["betas"] = [0.5, 0.999]

    assert run(in_place) == run(anew) != run(lambda group: None)
