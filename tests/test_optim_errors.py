"""Optimizers refuse what does not fit, and say what."""

from __future__ import annotations

import pytest

import fastdl as fd
from fastdl import optim


def leaf():
    return fd.tensor([1.0]).requires_grad_()


@pytest.mark.parametrize(
    ("make_optimizer", "error", "message"),
    [
        (lambda: optim.SGD([]), ValueError, "SGD: params: expected at least one"),
        (lambda: optim.LBFGS([{"params": []}]), ValueError, "LBFGS: params: .* at least one"),
        (lambda: optim.SGD({leaf()}), TypeError, "SGD: params: expected an order, .* got a set"),
        (lambda: optim.SGD([{"params": {leaf()}}]), TypeError, "expected an order"),
        (lambda: optim.SGD([("w", leaf()), leaf()]), ValueError, "a name for each .* that at 1"),
        (lambda: optim.SGD([("w", 3)]), TypeError, "expected tensors, got int at 0"),
        (lambda: optim.Adam([leaf()], capturable=True), ValueError, "Adam: capturable: .*False"),
        (lambda: optim.Adam([leaf()], differentiable=True), ValueError, "Adam: differentiable"),
        (lambda: optim.Adam([leaf()], fused=3), TypeError, "Adam: fused: expected a bool"),
        (lambda: optim.Adam([leaf()], fast=True), TypeError, "unexpected keyword argument 'fast'"),
        (lambda: optim.SGD(leaf()), TypeError, "expected an iterable"),
        (lambda: optim.SGD([1.0]), TypeError, "expected tensors, got float at 0"),
        (lambda: optim.SGD([{"lr": 1.0}]), TypeError, "dict with 'params'"),
        (lambda: optim.SGD([fd.tensor([1])]), ValueError, "float32 or float64, got int64"),
        (lambda: optim.SGD([leaf() * 2]), ValueError, "leaf tensors"),
        (lambda: optim.SGD([leaf()] * 2), ValueError, "at 1 is there twice"),
        (lambda: optim.SGD([leaf()], lr=-1), ValueError, "SGD: lr: expected .*at least 0, got -1"),
        (lambda: optim.SGD([leaf()], lr=float("nan")), ValueError, "got nan"),
        (lambda: optim.SGD([leaf()], lr="fast"), TypeError, "expected a number"),
        (lambda: optim.SGD([leaf()], momentum=-0.1), ValueError, "momentum"),
        (lambda: optim.SGD([leaf()], nesterov=True), ValueError, "nesterov"),
        (
            lambda: optim.SGD([leaf()], momentum=0.9, dampening=0.1, nesterov=True),
            ValueError,
            "dampening 0.1",
        ),
        (lambda: optim.SGD([{"params": [leaf()], "weight_decay": -1}]), ValueError, "weight_decay"),
        (lambda: optim.Adam([leaf()], betas=(0.9, 1.0)), ValueError, r"Adam: betas\[1\].* below 1"),
        (lambda: optim.Adam([leaf()], betas=0.9), TypeError, "two numbers"),
        (lambda: optim.Adam([leaf()], eps=-1e-8), ValueError, "eps"),
        (lambda: optim.AdamW([leaf()], weight_decay=-1), ValueError, "AdamW: weight_decay"),
        (lambda: optim.Adadelta([leaf()], rho=-1), ValueError, "Adadelta: rho"),
        (lambda: optim.Adagrad([leaf()], lr_decay=-1), ValueError, "Adagrad: lr_decay"),
        (
            lambda: optim.Adagrad([leaf()], initial_accumulator_value="a"),
            TypeError,
            "Adagrad: initial_accumulator_value: expected a number",
        ),
        (lambda: optim.Adamax([leaf()], betas=(1, 0)), ValueError, r"Adamax: betas\[0\].* below 1"),
        (lambda: optim.NAdam([leaf()], momentum_decay=-1), ValueError, "NAdam: momentum_decay"),
        (lambda: optim.RAdam([leaf()], betas=(0.9,)), TypeError, "RAdam: betas: .*two numbers"),
        (lambda: optim.RMSprop([leaf()], momentum=-1), ValueError, "RMSprop: momentum"),
        (lambda: optim.RMSprop([leaf()], weight_decay=-1), ValueError, "RMSprop: weight_decay"),
        (lambda: optim.Rprop([leaf()], etas=(0.5, 0.9)), ValueError, "Rprop: etas: .*0.5 and 0.9"),
        (
            lambda: optim.Rprop([leaf()], step_sizes=(2, 1)),
            ValueError,
            "smaller first, got 2 and 1",
        ),
        (lambda: optim.SGLD([leaf()], temperature=-1), ValueError, "SGLD: temperature"),
        (lambda: optim.ProximalSGD([leaf()], l1=-1), ValueError, "ProximalSGD: l1"),
        (lambda: optim.PolyakAverage([]), ValueError, "PolyakAverage: params: expected at least"),
        (lambda: optim.PolyakAverage([3]), TypeError, "PolyakAverage: params: expected a Tensor"),
        (lambda: optim.PolyakAverage([fd.tensor([1])]), ValueError, "got int64 at 0"),
        (lambda: optim.PolyakAverage([leaf()], decay=1.0), ValueError, "decay: .* below 1"),
    ],
)
def test_bad_arguments(make_optimizer, error, message):
    with pytest.raises(error, match=message):
        make_optimizer()


def test_shared_memory_and_duplicates_across_groups():
    p = leaf()
    with pytest.raises(ValueError, match="parameters 0 and 1 share memory"):
        optim.SGD([p, p.detach().requires_grad_()])
    optimizer = optim.SGD([p])
    with pytest.raises(ValueError, match="there twice"):
        optimizer.add_param_group({"params": [p]})
    assert len(optimizer.param_groups) == 1
    optimizer.param_groups[0]["params"].append(leaf())
    with pytest.raises(ValueError, match="use add_param_group"):
        optimizer.step()


@pytest.mark.parametrize(
    "state_dict",
    [
        {},
        {"state": {}},
        {"state": {}, "param_groups": [3]},
        {"state": {}, "param_groups": [{"lr": 1.0}]},
        {"state": {0: 3}, "param_groups": [{"params": [0]}]},
        {"state": {0: {"step": "a"}}, "param_groups": [{"params": [0]}]},
    ],
)
def test_a_state_dict_of_something_else(state_dict):
    optimizer = fd.optim.Adam([fd.ones(2, requires_grad=True)])
    with pytest.raises((TypeError, ValueError), match=r"Adam.load_state_dict: .*expected .*got"):
        optimizer.load_state_dict(state_dict)
    assert not optimizer.state
