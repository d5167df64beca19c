"""The engine: graphs, hooks, modes, views and in-place changes, custom functions, memory."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import Function, grad, gradcheck, gradgradcheck


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


def total(x):
    """The sum of all elements, in ops whose gradients do not need sums."""
    return x.reshape(-1).matmul(fd.ones(x.numel(), dtype=x.dtype))


# ---- graphs ------------------------------------------------------------------------------------


def test_chain_and_accumulation():
    x = leaf(2.0)
    (x * x * 3).backward()
    assert x.grad.item() == 12
    (x * 5).backward()
    assert x.grad.item() == 17
    x.grad = None
    (-x).backward()
    assert x.grad.item() == -1


def test_reuse_and_diamond():
    x = leaf(3.0)
    a = x * 2
    (a * a + a + x).backward()  # 4x² + 3x
    assert x.grad.item() == 8 * 3 + 3


def test_wide_reuse():
    x = leaf(1.0)
    y = x * 0
    for _ in range(100):
        y = y + x
    y.backward()
    assert x.grad.item() == 100


def test_only_leaves_that_want_a_gradient_get_one():
    x, y, z = leaf(1.0), fd.tensor(2.0, dtype=fd.float64), leaf(3.0)
    middle = x * y
    (middle * z).backward()
    assert x.grad.item() == 6 and z.grad.item() == 2
    assert y.grad is None and middle.grad is None
    assert x.is_leaf and y.is_leaf and not middle.is_leaf
    assert x.grad_fn is None and middle.grad_fn is not None


def test_two_outputs_at_once():
    x = leaf(2.0)
    fd.autograd.backward([x * 3, x * x], [fd.tensor(1.0).double(), fd.tensor(10.0).double()])
    assert x.grad.item() == 43


def test_cotangent():
    x = leaf(1.0, 2.0)
    (x * x).backward(fd.tensor([10.0, 100.0], dtype=fd.float64))
    assert x.grad.tolist() == [20, 400]


def test_errors_of_backward():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"backward: expected a scalar.*\(2,\)"):
        (x * 2).backward()
    with pytest.raises(ValueError, match=r"backward: .*\(2,\).*got \(3,\)"):
        (x * 2).backward(fd.ones(3, dtype=fd.float64))
    with pytest.raises(RuntimeError, match=r"does not require grad"):
        fd.ones(()).backward()
    with pytest.raises(ValueError, match=r"expected 2 cotangents, got 1"):
        fd.autograd.backward([x * 2, x], [fd.ones(2)])
    assert x.grad is None


def test_a_cotangent_of_another_dtype_is_converted():
    x = leaf(1.0, 2.0)
    for y in (x, -x, x * 2):
        y.backward(fd.ones(2))
    assert x.grad.dtype is fd.float64 and x.grad.tolist() == [2, 2]


def test_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match=r"freed.*retain_graph=True"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"freed"):
        (y * 2).backward()
    with pytest.raises(RuntimeError, match=r"freed"):
        grad(y, x)


def test_freed_even_where_nothing_was_saved():
    x = leaf(2.0)
    y = x + 1
    y.backward()
    with pytest.raises(RuntimeError, match=r"freed"):
        y.backward()


def test_backward_of_a_leaf():
    x = leaf(2.0)
    x.backward()
    assert x.grad.item() == 1


def test_requires_grad():
    assert (leaf(1.0) * 2).requires_grad
    assert not (fd.ones(1) * 2).requires_grad
    with pytest.raises(TypeError, match=r"requires_grad"):
        fd.tensor([1]).requires_grad_()
    with pytest.raises(RuntimeError, match=r"leaf"):
        (leaf(1.0) * 2).requires_grad = False
    x = leaf(1.0).requires_grad_(False)
    assert not x.requires_grad


def test_comparisons_and_integers_have_no_history():
    x = leaf(1.0, 2.0)
    for y in (x > 1, x == x, x.long(), fd.logical_not(x)):
        assert not y.requires_grad and y.is_leaf


def test_grad_field_is_checked():
    x = leaf(1.0, 2.0)
    with pytest.raises(ValueError, match=r"grad: .*\(2,\).*\(3,\)"):
        x.grad = fd.ones(3, dtype=fd.float64)
    with pytest.raises((ValueError, TypeError), match=r"grad: .*float64.*float32"):
        x.grad = fd.ones(2)
    with pytest.raises(TypeError, match=r"grad: expected a Tensor or None, got float"):
        x.grad = 1.0
    x.grad = fd.ones(2, dtype=fd.float64)
    (x * 2).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [3, 3]


# ---- grad --------------------------------------------------------------------------------------


def test_grad_leaves_fields_alone():
    x, y = leaf(2.0), leaf(3.0)
    gx, gy = grad(x * y, [x, y])
    assert (gx.item(), gy.item()) == (3, 2)
    assert x.grad is None and y.grad is None
    assert not gx.requires_grad


def test_grad_at_a_tensor_in_between():
    x = leaf(2.0)
    y = x * x
    z = y * y
    gy, gx = grad(z, [y, x])
    assert gy.item() == 8 and gx.item() == 32
    (g,) = grad(x * 2, x)
    assert g.item() == 2
    y = x * 3
    assert grad(y, y)[0].item() == 1


def test_grad_goes_only_where_it_must():
    x, y = leaf(1.0), leaf(2.0)
    called = []
    a, b = x * 2, y * 2
    b.register_hook(lambda g: called.append(g))
    grad(a * b, x)
    assert not called


def test_allow_unused():
    x, y = leaf(1.0), leaf(2.0)
    with pytest.raises(RuntimeError, match=r"grad: .*inputs\[1\].*allow_unused"):
        grad(x * 2, [x, y])
    gx, gy = grad(x * 2, [x, y], allow_unused=True)
    assert gx.item() == 2 and gy is None
    with pytest.raises(RuntimeError, match=r"grad: inputs\[0\] does not require grad"):
        grad(x * 2, fd.ones(()))


def test_higher_derivatives():
    x = leaf(2.0)
    y = x**4
    derivatives = []
    for _ in range(4):
        (y,) = grad(y, x, create_graph=True)
        derivatives.append(y.item())
    assert derivatives == [32, 48, 48, 24]


def test_third_derivatives_of_every_smooth_function():
    x0 = 0.7
    e, t = np.exp(x0), np.tanh(x0)
    s = 1 / (1 + np.exp(-x0))
    third = {
        fd.exp: e,
        fd.expm1: e,
        fd.log: 2 / x0**3,
        fd.log1p: 2 / (1 + x0) ** 3,
        fd.reciprocal: -6 / x0**4,
        fd.sqrt: 3 / 8 * x0**-2.5,
        fd.tanh: (1 - t * t) * (6 * t * t - 2),
        fd.sigmoid: s * (1 - s) * (1 - 6 * s + 6 * s * s),
        fd.softplus: s * (1 - s) * (1 - 2 * s),
        fd.logsigmoid: s * (1 - s) * (2 * s - 1),
    }
    for f, expected in third.items():
        x = leaf(x0)
        y = f(x)
        for _ in range(3):
            (y,) = grad(y, x, create_graph=True)
        assert abs(y.item() - expected) <= 1e-12 * abs(expected), f


def test_backward_of_a_gradient():
    x = leaf(3.0)
    (g,) = grad(x**3, x, create_graph=True)
    (g * g).backward()  # (3x²)² = 9x⁴
    assert x.grad.item() == 36 * 27


def test_backward_with_create_graph_gives_a_gradient_with_history():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (h,) = grad(x.grad, x)
    assert h.item() == 18


def test_gradient_penalty():
    """The mixed derivative of a function of two inputs."""
    x, w = leaf(0.5, -1.5), leaf(2.0, 3.0)
    (g,) = grad(fd.tanh(x * w), x, fd.ones(2, dtype=fd.float64), create_graph=True)
    (g * g).backward(fd.ones(2, dtype=fd.float64))
    xs, ws = np.array([0.5, -1.5]), np.array([2.0, 3.0])
    t = np.tanh(xs * ws)
    first = ws * (1 - t * t)
    np.testing.assert_allclose(x.grad.numpy(), 2 * first * ws * ws * -2 * t * (1 - t * t))
    expected = 2 * first * ((1 - t * t) - 2 * ws * xs * t * (1 - t * t))
    np.testing.assert_allclose(w.grad.numpy(), expected)


# ---- memory of gradients -----------------------------------------------------------------------


def test_gradients_do_not_share_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    g = fd.ones(2, dtype=fd.float64)
    (a + b).backward(g)
    places = {a.grad.data_ptr(), b.grad.data_ptr(), g.data_ptr()}
    assert len(places) == 3
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1] and g.tolist() == [1, 1]


def test_a_leaf_twice_and_a_root_that_is_a_leaf():
    a = leaf(1.0, 2.0)
    g = fd.ones(2, dtype=fd.float64)
    fd.autograd.backward([a], [g])
    a.grad.zero_()
    assert g.tolist() == [1, 1]
    fd.autograd.backward([a + a, a], [g, g])
    assert a.grad.tolist() == [3, 3] and g.tolist() == [1, 1]


def test_accumulation_does_not_write_into_what_the_caller_holds():
    a = leaf(1.0, 2.0)
    b = a * 1
    seen = []
    b.register_hook(lambda g: seen.append(g))
    b.backward(fd.ones(2, dtype=fd.float64))
    (a * 5).backward(fd.ones(2, dtype=fd.float64))
    assert a.grad.tolist() == [6, 6] and seen[0].tolist() == [1, 1]


def test_a_gradient_that_a_hook_keeps_is_its_own():
    for where in (lambda a: a, lambda a: a + 0):
        a, seen = leaf(1.0, 2.0), []
        y = where(a)
        y.register_hook(seen.append)
        (y * 2).backward(fd.ones(2, dtype=fd.float64))
        (a * 5).backward(fd.ones(2, dtype=fd.float64))
        assert a.grad.tolist() == [7, 7] and seen[0].tolist() == [2, 2]


def test_gradients_of_expanded_leaves_can_be_changed():
    a = leaf(1.0)
    a.expand(3).reshape(3).backward(fd.ones(3, dtype=fd.float64))
    a.grad.add_(1)
    assert a.grad.item() == 4


def test_gradient_through_views_is_whole():
    a = fd.ones(2, 3, requires_grad=True)
    a.T.backward(fd.ones(3, 2))
    assert a.grad.is_contiguous()
    a.grad[0, 0] = 7.0
    assert a.grad.tolist() == [[7, 1, 1], [1, 1, 1]]


# ---- hooks -------------------------------------------------------------------------------------


def test_hook_of_a_leaf():
    x = leaf(2.0)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.item()))
    (x * 3 + x * 4).backward()  # once, with the sum
    assert seen == [7]
    handle.remove()
    (x * 3).backward()
    assert seen == [7] and x.grad.item() == 10
    handle.remove()


def test_hook_that_replaces():
    x = leaf(2.0)
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    (x * 3).backward()
    assert x.grad.item() == 31


def test_hook_of_a_tensor_in_between():
    x = leaf(2.0)
    y = x * 3
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 2)
    (y * y).backward(retain_graph=True)
    assert seen == [12] and x.grad.item() == 72
    handle.remove()
    (y * x).backward()
    assert seen == [12] and x.grad.item() == 72 + 6 + 2 * 2 * 3


def test_hooks_and_grad():
    x = leaf(2.0)
    y = x * 3
    y.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: g + 1)
    assert grad(y * 1, y, retain_graph=True)[0].item() == 2
    assert grad(y * 1, x)[0].item() == 7


def test_hook_errors():
    with pytest.raises(RuntimeError, match=r"register_hook: .*require grad"):
        fd.ones(1).register_hook(lambda g: g)
    with pytest.raises(TypeError, match=r"expected a callable, got int"):
        leaf(1.0).register_hook(3)
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: fd.ones(5))
    with pytest.raises((RuntimeError, ValueError), match=r"\(2,\)"):
        (x * 2).backward(fd.ones(2, dtype=fd.float64))


def test_a_raising_hook_leaves_the_mode_alone():
    x = leaf(1.0)

    def fail(g):
        raise KeyError("mine")

    (y := x * 2).register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        y.backward()
    assert fd.is_grad_enabled() and x.grad is None


def test_retain_grad():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    z = y * y
    z.retain_grad()
    z.backward()
    assert (z.grad.item(), y.grad.item(), x.grad.item()) == (1, 12, 36)
    x.retain_grad()


# ---- modes -------------------------------------------------------------------------------------


def test_no_grad():
    x = leaf(1.0)
    with fd.no_grad():
        y = x * 2
        assert not fd.is_grad_enabled()
        with fd.enable_grad():
            z = x * 2
        assert not fd.is_grad_enabled()
    assert fd.is_grad_enabled() and not y.requires_grad and z.requires_grad


def test_modes_as_decorators_keep_names():
    @fd.no_grad()
    def f(x):
        """Doc."""
        return x * 2

    @fd.enable_grad()
    def g(x):
        return x * 2

    assert not f(leaf(1.0)).requires_grad and f.__name__ == "f" and f.__doc__ == "Doc."
    with fd.no_grad():
        assert g(leaf(1.0)).requires_grad

    @fd.no_grad()
    def recursive(n):
        return fd.is_grad_enabled() if n == 0 else recursive(n - 1)

    assert recursive(3) is False and fd.is_grad_enabled()


def test_modes_end_with_exceptions():
    with pytest.raises(KeyError), fd.no_grad():
        raise KeyError
    assert fd.is_grad_enabled()
    switch = fd.no_grad()
    with switch, switch:
        pass
    assert fd.is_grad_enabled()


def test_set_grad_enabled():
    with fd.set_grad_enabled(False):
        assert not fd.is_grad_enabled()
        with fd.set_grad_enabled(True):
            assert fd.is_grad_enabled()
        assert not fd.is_grad_enabled()
    assert fd.is_grad_enabled()
    fd.set_grad_enabled(False)
    try:
        assert not fd.is_grad_enabled()
    finally:
        fd.set_grad_enabled(True)


def test_set_grad_enabled_as_a_decorator():
    @fd.set_grad_enabled(False)
    def f():
        return fd.is_grad_enabled()

    assert fd.is_grad_enabled()
    assert f() is False
    assert fd.is_grad_enabled()


def test_modes_belong_to_threads():
    seen = []
    with fd.no_grad():
        thread = threading.Thread(target=lambda: seen.append(fd.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_differentiate_at_once():
    failures = []

    def work(k):
        for i in range(50):
            x = leaf(float(i))
            (x * x * k).backward()
            if x.grad.item() != 2 * i * k:
                failures.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_detach():
    x = leaf(1.0, 2.0)
    y = x * 2
    d = y.detach()
    assert not d.requires_grad and d.is_leaf and d.data_ptr() == y.data_ptr()
    (d * y).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [4, 8]
    y = x * 2
    assert y.detach_() is y and not y.requires_grad


def test_a_change_of_detached_memory_is_noticed():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match=r"changed in place"):
        y.backward(fd.ones(2, dtype=fd.float64))


# ---- views and in-place changes ----------------------------------------------------------------

ONES = fd.ones(3, dtype=fd.float64)


def test_assignment_to_a_part():
    x, v = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 2
    y[0] = v * v
    (y * fd.tensor([1.0, 10.0, 100.0]).double()).backward(ONES)
    assert y.detach().tolist() == [25, 4, 6]
    assert x.grad.tolist() == [0, 20, 200] and v.grad.item() == 10


def test_assignment_of_a_leaf_and_of_constants():
    x, v = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 2
    y[1] = v
    y[2] = 7.0
    y.backward(ONES)
    assert x.grad.tolist() == [2, 0, 0] and v.grad.item() == 1


def test_assignment_to_a_tensor_without_history():
    v = leaf(5.0)
    y = fd.zeros(3, dtype=fd.float64)
    y[1] = v
    assert y.requires_grad
    (y * y).backward(ONES)
    assert v.grad.item() == 10


def test_in_place_on_a_view():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    v = y[1]
    v.mul_(3)
    y.backward(ONES)
    assert x.grad.tolist() == [2, 6, 2]


def test_the_view_itself_after_a_change():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    v = y[1:]
    v.mul_(3)
    v.backward(ONES[1:])
    assert x.grad.tolist() == [0, 6, 6]


def test_a_view_sees_a_change_of_its_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    v = y[1:]
    y.mul_(5)
    v.backward(ONES[1:])
    assert v.detach().tolist() == [20, 30] and x.grad.tolist() == [0, 10, 10]


def test_sibling_views():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    a, b, apart = y[:2], y[1:], y[2]
    a.mul_(3)
    (total(b) + apart * 10).backward()
    assert x.grad.tolist() == [0, 6, 22]


def test_views_of_views():
    x = fd.ones(2, 3, dtype=fd.float64, requires_grad=True)
    y = x * 1
    v = y.T[1:].reshape(2, 2, 1)[0]
    v.mul_(fd.tensor([[2.0], [3.0]]).double())
    y.backward(fd.ones(2, 3, dtype=fd.float64))
    assert x.grad.tolist() == [[1, 2, 1], [1, 3, 1]]


def test_two_changes_in_a_row():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[0].mul_(2)
    y[:2].mul_(3)
    y.add_(1)
    y[0].mul_(5)
    y.backward(ONES)
    assert y.detach().tolist() == [35, 7, 4] and x.grad.tolist() == [30, 3, 1]


def test_copy_and_fill_cut_the_history():
    x, z = leaf(1.0, 2.0, 3.0), leaf(7.0, 8.0)
    y = x * 2
    y[:2].copy_(z)
    y.backward(ONES)
    assert x.grad.tolist() == [0, 0, 2] and z.grad.tolist() == [1, 1]
    y = x * 2
    y.fill_(1)
    assert not y.requires_grad or grad(y, x, ONES, allow_unused=True)[0] in (None,)
    y = x * 2
    y[0].zero_()
    assert grad(y, x, ONES)[0].tolist() == [0, 2, 2]


def test_in_place_chain_on_a_tensor_with_history():
    x = leaf(2.0)
    y = x * 3
    y += x
    y *= y
    y.backward()  # (4x)²
    assert x.grad.item() == 64


def test_in_place_ops_keep_what_they_need():
    w, e = leaf(3.0), leaf(2.0)
    for change, at_w, at_e in (
        (lambda y: y.mul_(w).add_(e, alpha=2), 4, 2),
        (lambda y: y.div_(w).sub_(e), -4 / 9, -1),
        (lambda y: y.pow_(e), 0, 16 * np.log(4)),
    ):
        x = leaf(2.0)
        y = x * 2
        change(y)
        gw, ge = grad(y, [w, e], allow_unused=True)
        assert abs(ge.item() - at_e) < 1e-12 and (gw is None or abs(gw.item() - at_w) < 1e-12)


def test_in_place_of_numbers_under_history():
    x = leaf(2.0)
    y = x * 1
    y.add_(1).sub_(0.5, alpha=2).div_(4).pow_(2)  # (x / 4)²
    y.backward()
    assert abs(x.grad.item() - 2 * 2 / 16) < 1e-15


def test_a_saved_tensor_changed_before_backward():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"\(3,\).*changed in place"):
        z.backward(ONES)
    y = x * 2
    z = y.exp()
    z[0] = 0.0  # exp keeps its result
    with pytest.raises(RuntimeError, match=r"changed in place"):
        z.backward(ONES)
    y = x * 2
    w = y * leaf(1.0, 1.0, 1.0)
    y[1:].mul_(2)  # through a view
    with pytest.raises(RuntimeError, match=r"changed in place"):
        w.backward(ONES)


def test_a_change_that_does_not_matter():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2  # saves nothing of y
    z = y + 1
    y.add_(1)
    z.backward(ONES)
    assert x.grad.tolist() == [2, 2, 2]


def test_a_leaf_cannot_be_changed_in_place():
    x = leaf(1.0, 2.0, 3.0)
    for change in (
        lambda: x.add_(1),
        lambda: x.mul_(2),
        lambda: x.zero_(),
        lambda: x.copy_(ONES),
        lambda: x[0].fill_(1),
        lambda: x.__setitem__(0, 1.0),
        lambda: x.T.add_(1),
    ):
        with pytest.raises(RuntimeError, match=r"leaf.*no_grad"):
            change()
    assert x.tolist() == [1, 2, 3]


def test_a_leaf_can_be_changed_under_no_grad():
    x = leaf(1.0, 2.0, 3.0)
    with fd.no_grad():
        x.add_(1)
        x[0] = 5.0
        x.mul_(2)
    assert x.tolist() == [10, 6, 8] and x.requires_grad and x.is_leaf
    x.data.zero_()
    assert x.tolist() == [0, 0, 0]


def test_a_step_between_forward_and_backward_is_noticed():
    w, x = leaf(2.0), leaf(3.0)
    y = w * x
    with fd.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match=r"changed in place"):
        y.backward()


def test_versions():
    x = fd.zeros(3)
    v = x[1:]
    assert x._version == v._version == 0
    v.add_(1)
    x.fill_(2)
    assert x._version == v._version == x.detach()._version == 2
    assert x.clone()._version == 0


def test_views_made_under_no_grad_have_no_history():
    x = leaf(1.0, 2.0, 3.0)
    with fd.no_grad():
        v = x[1:]
    assert not v.requires_grad


# ---- custom functions --------------------------------------------------------------------------


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class ScaledSum(Function):
    """Several inputs, some not tensors; several outputs."""

    @staticmethod
    def forward(ctx, x, y, scale):
        ctx.scale = scale
        ctx.save_for_backward(x, y)
        return x + y * scale, x * y, fd.tensor(3)

    @staticmethod
    def backward(ctx, g_sum, g_product, g_constant):
        x, y = ctx.saved_tensors
        assert ctx.needs_input_grad[2] is False
        gx = g_sum + g_product * y if ctx.needs_input_grad[0] else None
        gy = g_sum * ctx.scale + g_product * x if ctx.needs_input_grad[1] else None
        return gx, gy, None


def test_custom_function():
    x = leaf(2.0)
    y = Cube.apply(x)
    y.backward()
    assert y.item() == 8 and x.grad.item() == 12
    assert gradcheck(Cube.apply, [leaf(1.0, -2.0)])
    assert gradgradcheck(Cube.apply, [leaf(1.0, -2.0)])


def test_custom_function_of_several():
    x, y = leaf(2.0, 3.0), leaf(5.0, 7.0)
    assert gradcheck(lambda a, b: ScaledSum.apply(a, b, 4.0), [x, y])
    assert gradgradcheck(lambda a, b: ScaledSum.apply(a, b, 4.0), [x, y])
    _, product, constant = ScaledSum.apply(x, fd.tensor([5.0, 7.0]).double(), 4.0)
    product.backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [5, 7] and not constant.requires_grad


def test_custom_function_that_saves_its_result():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    assert gradcheck(Exp.apply, [leaf(0.5, 1.0)]) and gradgradcheck(Exp.apply, [leaf(0.5, 1.0)])
    y = Exp.apply(leaf(1.0, 2.0))
    y.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward(fd.ones(2, dtype=fd.float64))


def test_custom_function_that_returns_its_input():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 10

    x = leaf(1.0)
    y = Same.apply(x)
    y.backward()
    assert x.grad.item() == 10 and x.is_leaf


def test_custom_function_without_gradients():
    y = Cube.apply(fd.tensor(2.0))
    assert y.item() == 8 and not y.requires_grad
    with fd.no_grad():
        assert not Cube.apply(leaf(2.0)).requires_grad


def test_custom_function_errors():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match=r"expected 1 gradients.*got 2"):
        Two.apply(leaf(1.0)).backward()

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return fd.ones(7, dtype=fd.float64)

    with pytest.raises((RuntimeError, ValueError), match=r"\(7,\)"):
        Wrong.apply(leaf(1.0)).backward()
    with pytest.raises(NotImplementedError, match=r"forward"):
        Function.apply(leaf(1.0))


# ---- gradcheck ---------------------------------------------------------------------------------


class WrongFactor(Function):
    """A planted error: element [1] of the gradient is off."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x * fd.tensor([2.0, 2.5]).double()


class WrongSecond(Function):
    """A planted error: right, but its derivative is lost."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0].detach()


def test_gradcheck_finds_a_wrong_vjp():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        gradcheck(lambda c, x: (c, WrongFactor.apply(x)), [leaf(0.0), x])
    message = str(error.value)
    for part in ("output 1 at (1,)", "input 1 at (1,)", "numeric 4", "analytic 5", "1 of 4"):
        assert part in message
    assert not gradcheck(WrongFactor.apply, [x], raise_exception=False)
    assert gradcheck(lambda x: x * x, [x])
    assert x.tolist() == [1, 2] and x.grad is None


def test_gradgradcheck_finds_a_lost_second_derivative():
    x = leaf(1.0, 2.0)
    assert gradcheck(WrongSecond.apply, [x])
    with pytest.raises(RuntimeError, match=r"numeric .*analytic 0"):
        gradgradcheck(WrongSecond.apply, [x])
    assert not gradgradcheck(WrongSecond.apply, [x], raise_exception=False)
    assert gradgradcheck(lambda x: x * x, [x], [fd.ones(2, dtype=fd.float64)])


def test_gradcheck_wants_float64():
    with pytest.raises(TypeError, match=r"gradcheck: inputs\[1\]: expected dtype float64.*float32"):
        gradcheck(fd.add, [leaf(1.0), leaf(1.0, dtype=fd.float32)])
    with pytest.raises(ValueError, match=r"gradcheck: inputs: .*requires grad"):
        gradcheck(fd.exp, [fd.ones(2, dtype=fd.float64)])
    with pytest.raises(TypeError, match=r"gradgradcheck: inputs\[0\]"):
        gradgradcheck(fd.exp, [leaf(1.0, dtype=fd.float32)])
    with pytest.raises(ValueError, match=r"gradgradcheck: grad_outputs: expected 1 .*got 2"):
        gradgradcheck(fd.exp, [leaf(1.0)], [ONES, ONES])


def test_gradcheck_takes_other_arguments_and_scalars():
    assert gradcheck(fd.where, [fd.tensor([True, False]), leaf(1.0, 2.0), leaf(3.0)])
    assert gradcheck(lambda x, n: x**n, [leaf(2.0), 3])
    assert gradcheck(lambda x: x.T[:, 1:], [fd.ones(3, 2, dtype=fd.float64, requires_grad=True)])


# ---- depth, cycles, leaks ----------------------------------------------------------------------

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


def use_functions():
    x = fd.ones(10, requires_grad=True)
    ScaledSum.apply(Cube.apply(x), x, 2.0)[1].backward(fd.ones(10))


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


# ---- copies ------------------------------------------------------------------------------------


def test_pickle_and_deepcopy_of_leaves():
    x = leaf(1.0, 2.0)
    (x * 2).backward(fd.ones(2, dtype=fd.float64))
    for again in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert again.requires_grad and again.is_leaf and again.tolist() == [1, 2]
        (again * 3).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [2, 2]
