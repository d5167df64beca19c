"""`Optimizer.state`: what is taken out, written in, and not there yet."""

from __future__ import annotations

import pytest

import fastdl as fd
from fastdl import optim


def stepped(cls, *starts, **options):
    """Parameters, and an optimizer that has made two steps."""
    params = [fd.tensor(x).requires_grad_() for x in starts]
    optimizer = cls(params, **options)
    for _ in range(2):
        one_step(params, optimizer)
    return params, optimizer


def one_step(params, optimizer):
    for i, p in enumerate(params):
        p.grad = p.detach() + i
    optimizer.step()
    return [p.tolist() for p in params]


@pytest.mark.parametrize("cls", [optim.SGD, optim.Adam, optim.RAdam, optim.Rprop])
@pytest.mark.parametrize("how", ["clear", "assign", "delete", "pop"])
def test_a_state_that_is_taken_away_is_forgotten(cls, how):
    options = {"momentum": 0.9} if cls is optim.SGD else {}
    params, optimizer = stepped(cls, [1.0, 2.0], [[3.0]], lr=0.1, **options)
    fresh = [p.detach().clone().requires_grad_() for p in params]
    if how == "clear":
        optimizer.state.clear()
    elif how == "assign":
        optimizer.state = {}
    else:
        for p in params:
            if how == "pop":
                optimizer.state.pop(p)
            else:
                del optimizer.state[p]
    assert not optimizer.state and optimizer.state == {} and not optimizer.state_dict()["state"]
    assert one_step(params, optimizer) == one_step(fresh, cls(fresh, lr=0.1, **options))
    assert len(optimizer.state) == 2


def test_a_state_before_the_first_step_is_empty():
    """As in PyTorch; of this optimizer's parameters only."""
    p, q = fd.ones(2, requires_grad=True), fd.ones(1, requires_grad=True)
    optimizer = optim.Adam([p, q])
    assert optimizer.state[p] == {} and p not in optimizer.state and len(optimizer.state) == 0
    assert optimizer.state.get(p) is None and optimizer.state.pop(p, 7) == 7
    with pytest.raises(KeyError):
        optimizer.state[fd.ones(2)]
    with pytest.raises(KeyError):
        optimizer.state.pop(p)
    p.grad = fd.ones(2)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 1 and optimizer.state[q] == {}
    entry = optimizer.state_dict()["state"][0]
    entry = {name: x if name == "step" else x[:1] for name, x in entry.items()}
    assert optimizer.state.setdefault(q, entry)["exp_avg"].tolist() == entry["exp_avg"].tolist()
    assert optimizer.state.setdefault(q)["step"].item() == 1


def test_a_state_can_be_written():
    (p, q), optimizer = stepped(optim.Adam, [1.0, 2.0], [[3.0]])
    before = {name: x.tolist() for name, x in optimizer.state[q].items()}
    optimizer.state[p] = {**optimizer.state[p], "exp_avg": fd.tensor([5.0, 6.0])}
    assert optimizer.state[p]["exp_avg"].tolist() == [5, 6]
    assert optimizer.state[p]["step"].item() == 2
    assert {name: x.tolist() for name, x in optimizer.state[q].items()} == before
    for bad, error in ((3, TypeError), ({fd.ones(1): {}}, ValueError), ({p: {"a": 1}}, ValueError)):
        with pytest.raises(error, match=r"Adam\.state: .*expected .*got"):
            optimizer.state = bad
    assert optimizer.state[p]["exp_avg"].tolist() == [5, 6]
