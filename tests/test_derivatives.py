"""Products with Jacobians and Hessians, against closed forms and differences."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import hessian, hvp, jacobian, jvp, vhp, vjp

rng = np.random.default_rng(0)


def randn(*shape):
    return fd.tensor(rng.standard_normal(shape))


A, B = randn(3, 4), randn(5, 3)


def layer(x, w):
    """Two outputs of two inputs: (2, 3) and (4,)."""
    return fd.tanh(x @ w.T), (x * x).sum(0) * w.sum()


X, W = randn(2, 4), randn(3, 4)


def dense(blocks, outputs, inputs):
    """A tuple of tuples of blocks as one matrix."""
    rows = [
        np.concatenate(
            [b.numpy().reshape(y.numel(), x.numel()) for b, x in zip(row, inputs, strict=True)], 1
        )
        for row, y in zip(blocks, outputs, strict=True)
    ]
    return np.concatenate(rows)


def flat(tensors):
    return np.concatenate([t.detach().numpy().reshape(-1) for t in tensors])


def differences(f, inputs, eps=1e-6):
    columns = []
    for i, x in enumerate(inputs):
        for k in range(x.numel()):
            values = []
            for sign in (eps, -eps):
                moved = x.numpy().copy()
                moved.reshape(-1)[k] += sign
                values.append(flat(f(*inputs[:i], fd.tensor(moved), *inputs[i + 1 :])))
            columns.append((values[0] - values[1]) / (2 * eps))
    return np.array(columns).T


def test_jacobian_of_a_linear_map_is_its_matrix():
    got = jacobian(lambda x: A @ x, randn(4))
    assert got.shape == (3, 4) and np.array_equal(got.numpy(), A.numpy())


def test_jacobian_of_several_outputs_and_inputs():
    blocks = jacobian(layer, (X, W))
    outputs = layer(X, W)
    assert blocks[0][1].shape == (2, 3, 3, 4) and blocks[1][0].shape == (4, 2, 4)
    got = dense(blocks, outputs, (X, W))
    assert np.allclose(got, differences(layer, (X, W)), atol=1e-8)


def test_vjp_and_jvp_are_products_with_the_jacobian():
    outputs, v, u = layer(X, W), (randn(2, 3), randn(4)), (randn(2, 4), randn(3, 4))
    matrix = dense(jacobian(layer, (X, W)), outputs, (X, W))
    values, gradients = vjp(layer, (X, W), v)
    assert [y.tolist() for y in values] == [y.tolist() for y in outputs]
    assert np.allclose(flat(gradients), flat(v) @ matrix, rtol=1e-12)
    values, derivatives = jvp(layer, (X, W), u)
    assert [d.shape for d in derivatives] == [(2, 3), (4,)]
    assert np.allclose(flat(derivatives), matrix @ flat(u), rtol=1e-12)


def test_hessian_of_a_quadratic_form_and_its_products():
    m = randn(4, 4)
    x, v = randn(4), randn(4)

    def form(x):
        return x @ (m @ x)

    want = m.numpy() + m.numpy().T
    assert np.allclose(hessian(form, x).numpy(), want, rtol=1e-13)
    for product in (hvp, vhp):
        value, got = product(form, x, v)
        assert np.isclose(value.item(), form(x).item())
        assert np.allclose(got.numpy(), want @ v.numpy(), rtol=1e-13)


def test_hessian_of_two_inputs():
    x, y = randn(2), randn(2)
    blocks = hessian(lambda x, y: (x * x * y).sum(), (x, y))
    assert np.allclose(blocks[0][0].numpy(), np.diag(2 * y.numpy()))
    assert np.allclose(blocks[0][1].numpy(), np.diag(2 * x.numpy()))
    assert np.allclose(blocks[1][0].numpy(), np.diag(2 * x.numpy()))
    assert not blocks[1][1].numpy().any()


@pytest.mark.parametrize("product", [vjp, jvp, hvp], ids=lambda f: f.__name__)
def test_results_can_be_differentiated(product):
    x, v = randn(3).requires_grad_(), randn(3)
    f = (lambda x: (x**4).sum()) if product is hvp else (lambda x: x**4)
    result = product(f, x, v, create_graph=True)[1]
    (got,) = fd.autograd.grad(result.sum(), x)
    factor = 24 * x.detach() if product is hvp else 12 * x.detach() ** 2
    assert np.allclose(got.numpy(), (factor * v).numpy(), rtol=1e-12)


def test_jacobian_and_hessian_can_be_differentiated():
    x = randn(3).requires_grad_()
    for f, factor in ((jacobian, 2.0), (hessian, 6.0)):
        power = (lambda x: x**2) if f is jacobian else (lambda x: (x**3).sum())
        (got,) = fd.autograd.grad(f(power, x, create_graph=True).sum(), x)
        assert np.allclose(got.numpy(), factor, rtol=1e-12)


def test_the_callers_gradients_stay_untouched():
    x = randn(3).requires_grad_()
    x.grad = fd.ones(3, dtype=fd.float64)
    outputs, g = vjp(lambda x: (x * x).sum(), x)
    assert x.grad.tolist() == [1, 1, 1]
    assert not outputs.requires_grad and not g.requires_grad


def test_what_is_not_reached_is_zero_or_refused():
    x, y = randn(2), randn(3)

    def first(x, y):
        return x * 2

    assert not vjp(first, (x, y), x)[1][1].numpy().any()
    assert jacobian(first, (x, y))[1].shape == (2, 3)
    assert jacobian(lambda x: fd.ones(2, dtype=fd.float64), x).tolist() == [[0, 0], [0, 0]]
    assert hessian(lambda x: x.sum(), x).tolist() == [[0, 0], [0, 0]]
    assert jvp(lambda x: fd.ones(2, dtype=fd.float64), x, x)[1].tolist() == [0, 0]
    for f in (
        lambda: vjp(first, (x, y), x, strict=True),
        lambda: jacobian(first, (x, y), False, True),
    ):
        with pytest.raises(RuntimeError, match=r"strict: .* depend on inputs\[1\]"):
            f()


def test_nothing_in_and_nothing_out():
    assert jacobian(lambda x: x * 2, fd.zeros(0)).shape == (0, 0)
    assert jacobian(lambda x: x[:0], fd.zeros(3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: vjp(lambda x: x, X), ValueError, "vjp: v: expected tensors of the shapes of the"),
        (lambda: jvp(lambda x: x, X, A), ValueError, r"jvp: v: expected shape \(2, 4\), got \(3,"),
        (lambda: jvp(lambda x: x, X, (X, X)), ValueError, "jvp: v: expected 1 tensors, got 2"),
        (lambda: jvp(lambda x: x, 3.0), TypeError, "jvp: inputs: expected a Tensor"),
        (lambda: vjp(lambda x: 3, X), TypeError, "vjp: outputs of func: expected a Tensor"),
        (lambda: vjp(lambda x: x, X.long()), TypeError, "inputs: expected a float dtype, got"),
        (lambda: hessian(lambda x: x, X), ValueError, "hessian: func: expected one output of one"),
        (lambda: hvp(lambda x: (x, x), X, X), ValueError, "hvp: func: expected one output of one"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_the_functional_namespace():
    assert fd.autograd.functional.jacobian is jacobian


def test_no_grad_outside_changes_nothing():
    def cube(x):
        return x * x * x

    x = fd.tensor([1.0, 2.0])
    with fd.no_grad():
        found = jacobian(cube, x), hessian(lambda x: cube(x).sum(), x)
        kept = jacobian(cube, x.clone().requires_grad_(), create_graph=True)
    assert found[0].tolist() == [[3, 0], [0, 12]] and found[1].tolist() == [[6, 0], [0, 12]]
    assert kept.requires_grad
