"""Very deep graphs, reference cycles, leaks."""

from __future__ import annotations

import gc
import weakref

import pytest

import fastdl as fd
from fastdl.autograd import Function, grad


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


DEPTH = 100_000


def test_very_deep_graphs():
    x = leaf(1.0)
    y = x
    for _ in range(DEPTH):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1


def test_a_very_deep_graph_can_be_dropped():
    """Neither Python's nor C's stack may overflow where nobody ever went backward."""
    for op in (
        lambda y: y * 1.0,
        lambda y: y.exp() * 0.0,
        lambda y: y[None][0],
        lambda y: y.tanh(),
    ):
        y = leaf(1.0)
        for _ in range(DEPTH // 4):
            y = op(y)
        del y


def test_a_very_deep_graph_of_in_place_changes():
    x = leaf(1.0)
    y = x * 1
    for _ in range(DEPTH // 4):
        y.add_(1)
    y.backward()
    assert x.grad.item() == 1


def test_a_very_deep_chain_of_views():
    x = leaf(1.0, 2.0)
    y = x * 1
    for _ in range(DEPTH // 4):
        y = y.T
    y.backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [1, 1]


def test_a_change_at_the_end_of_a_very_deep_chain_of_views():
    x = leaf(1.0, 2.0)
    y = v = x * 1
    for _ in range(DEPTH // 10):
        v = v[:]
    v.mul_(3)
    y.backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [3, 3]


def use_hooks():
    x = fd.ones(10, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.backward(fd.ones(10))


def use_retain_grad():
    x = fd.ones(10, requires_grad=True)
    y = (x * 2).exp()
    y.retain_grad()
    y.backward(fd.ones(10))


def use_views():
    x = fd.ones(10, requires_grad=True)
    y = x * 2
    v = y[1:]
    v.mul_(2)
    w = y[2:]
    y.add_(1)
    (w * v[:8]).reshape(2, 4).expand(3, 2, 4).T.backward(fd.ones(4, 2, 3))


class Scaled(Function):
    """Saves an input and an output, and has two outputs."""

    @staticmethod
    def forward(ctx, x, y):
        out = x * y
        ctx.save_for_backward(x, out)
        return out, x + y

    @staticmethod
    def backward(ctx, g, h):
        x, out = ctx.saved_tensors
        return g * out / x + h, g * x + h


def use_functions():
    x = fd.ones(10, requires_grad=True)
    a, b = Scaled.apply(*Scaled.apply(x, x * 2))
    (a * b).backward(fd.ones(10))


def use_higher_derivatives():
    x = fd.ones(10, requires_grad=True)
    (g,) = grad((x.exp() * x.tanh()).sigmoid(), x, fd.ones(10), create_graph=True)
    (h,) = grad(g, x, fd.ones(10), create_graph=True)
    h.backward(fd.ones(10))


def use_backward_create_graph():
    x = fd.ones(10, requires_grad=True)
    (x.exp() * x).backward(fd.ones(10), create_graph=True)
    x.grad = None  # the user's part of breaking this cycle, as in PyTorch


def use_nothing_but_forward():
    x = fd.ones(10, requires_grad=True)
    y = x.exp() * x / (x + 2) ** 3
    y = fd.where(y > 1, y, x).double().clone()
    fd.maximum(y, x)


def use_errors():
    x = fd.ones(10, requires_grad=True)
    for f in (lambda: x + fd.ones(3), lambda: x.add_(1), lambda: (x * 2).backward()):
        with pytest.raises((ValueError, RuntimeError)):
            f()


USES = [
    use_hooks, use_retain_grad, use_views, use_functions, use_higher_derivatives,
    use_backward_create_graph, use_nothing_but_forward, use_errors,
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_no_memory_waits_for_the_garbage_collector(use):
    use()
    gc.collect()
    gc.disable()
    try:
        before = fd._C.pool_stats()["live_buffers"]
        for _ in range(3):
            use()
        assert fd._C.pool_stats()["live_buffers"] == before
    finally:
        gc.enable()


def test_backward_frees_what_was_saved():
    x = fd.ones(1000, requires_grad=True)
    y = x.exp().exp().exp()
    before = fd._C.pool_stats()["live_buffers"]
    y.backward(fd.ones(1000))
    assert fd._C.pool_stats()["live_buffers"] <= before - 2 + 1  # two results go, x.grad comes


def test_a_hook_is_dropped_with_its_tensor():
    """Its handle may not keep it, and what it closes over, until the garbage collector comes."""

    class Big:
        pass

    def use(held):
        x = fd.ones(2, requires_grad=True)
        x.register_hook(lambda g: held and None)
        (x * 2).register_hook(lambda g: held and None)
        fd.nn.Linear(2, 2).register_forward_hook(lambda *_: held and None)

    gc.disable()
    try:
        big = Big()
        seen = weakref.ref(big)
        use(big)
        del big
        assert seen() is None
    finally:
        gc.enable()
