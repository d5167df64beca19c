"""Views and in-place changes in recorded computations."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import grad


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


def total(x):
    """The sum of all elements, in ops whose gradients do not need sums."""
    return x.reshape(-1).matmul(fd.ones(x.numel(), dtype=x.dtype))


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


def test_inner_methods_check_their_arguments():
    x = fd.zeros(3)
    for call in (lambda: x._share_version(1), lambda: x._set_data(None)):
        with pytest.raises(TypeError, match="expected a Tensor"):
            call()
    with pytest.raises(TypeError, match="str"):
        x._set_history(None, "0")


def test_views_made_under_no_grad_have_no_history():
    x = leaf(1.0, 2.0, 3.0)
    with fd.no_grad():
        v = x[1:]
    assert not v.requires_grad
