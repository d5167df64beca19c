"""The engine: graphs, gradients, hooks, modes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import grad


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


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
    for returned, error, message in (
        (fd.ones(5), RuntimeError, r"hook: gradient: expected shape \(2,\), got \(5,\)"),
        (fd.ones(1), RuntimeError, r"hook: gradient: expected shape \(2,\), got \(1,\)"),
        (3.0, TypeError, r"hook: gradient: expected a Tensor or None, got float"),
    ):
        for hooked in (leaf(1.0, 2.0), leaf(1.0, 2.0).relu()):  # relu would broadcast it
            hooked.register_hook(lambda g, value=returned: value)
            with pytest.raises(error, match=message):
                (hooked * 2).backward(fd.ones(2, dtype=fd.float64))


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


# ---- copies ------------------------------------------------------------------------------------


def test_pickle_and_deepcopy_of_leaves():
    x = leaf(1.0, 2.0)
    (x * 2).backward(fd.ones(2, dtype=fd.float64))
    for again in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert again.requires_grad and again.is_leaf and again.tolist() == [1, 2]
        (again * 3).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [2, 2]
