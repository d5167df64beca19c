"""Compiled steps and the gradients that are there before them."""

from __future__ import annotations

import pytest

import fastdl as fd
from fastdl import optim
from steps import same_as_eager


def test_a_gradient_that_is_an_argument():
    def run(wrap):
        w = fd.ones(2, requires_grad=True)
        optimizer = optim.SGD([w], 1.0)

        def step(g):
            w.grad = g * 1
            optimizer.step()

        step = wrap(step)
        seen = []
        for k in (1.0, 2.0, 3.0):
            step(fd.full((2,), k))
            seen += [w.tolist(), w.grad.tolist()]
        return seen

    same_as_eager(run)


def test_a_gradient_from_before_that_is_returned():
    def run(wrap):
        w = fd.ones(2, 3, requires_grad=True)

        def step(x):
            before = w.grad
            (x @ w).square().sum().backward()
            return w.grad, w.grad[1:], before

        step = wrap(step)
        seen = []
        for k in range(6):
            grad, part, before = step(fd.full((4, 2), float(k)))
            seen += [grad.tolist(), part.tolist(), before is None or before.tolist()]
            if k == 3:
                w.grad = fd.stack([w.grad, w.grad])[1]
        return [*seen, w.grad.tolist()]

    same_as_eager(run)


@pytest.mark.parametrize(
    "use",
    [
        lambda w, old: w.grad - old,
        lambda w, old: (old, old.sum(0)),
        lambda w, old: setattr(w, "grad", w.grad + old.T),
    ],
)
def test_a_gradient_from_before_is_read_after_the_new_one_is_there(use):
    def run(wrap):
        w = fd.ones(3, 3, requires_grad=True)
        w.grad = fd.ones(3, 3)

        def step(x):
            old = w.grad
            w.grad = None
            (w * x).square().sum().backward()
            return use(w, old)

        step = wrap(step)
        seen = []
        for k in range(6):
            seen.append(str(step(fd.arange(9.0).reshape(3, 3) * 0.1 + k)))
            seen.append(w.grad.tolist())
        return seen

    same_as_eager(run)


@pytest.mark.parametrize("more", [False, True])
def test_gradients_in_one_piece_of_memory_of_which_one_is_replaced(more):
    def run(wrap):
        a, b = fd.ones(2, requires_grad=True), fd.ones(2, requires_grad=True)
        flat = fd.zeros(4)
        a.grad = flat[:2]
        if not more:
            b.grad = flat[2:]

        def backward(x):
            loss = (a * x).sum()
            if more:
                flat[1:].mul_(3)
            else:
                loss = loss + (b * x * 2).sum()
            loss.backward()

        backward = wrap(backward)
        seen = []
        for k in range(6):
            backward(fd.full((2,), float(k + 1)))
            seen.append([x.tolist() for x in (a.grad, flat)])
            if k == 2:
                a.grad = fd.zeros(2)
        return seen

    same_as_eager(run)


def test_a_gradient_from_before_that_begins_to_overlap_with_an_argument():
    def run(wrap):
        w = fd.ones(4, requires_grad=True)

        def step(x):
            (w * 2).sum().backward()
            w.grad.copy_(x)

        step = wrap(step)
        seen = []
        for k in range(4):
            memory = fd.arange(5.0)
            w.grad = memory[1:]
            step(memory[:4] if k % 2 else fd.ones(4))
            seen.append(w.grad.tolist())
        return seen

    same_as_eager(run)
