"""Calls with arguments of the wrong type say which one, what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
import fastdl.nn.functional as F

X = fd.ones(2, 3)
LABELS = fd.tensor([0, 1])
LEAF = fd.ones(1, requires_grad=True)
MODEL = fd.nn.Linear(3, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fd.exp("a"), "exp: input: expected a Tensor, got 'a'"),
        (lambda: fd.exp(None), "exp: input: expected a Tensor, got None"),
        (lambda: F.softmax(X, "0"), "softmax: dim: expected an int, got '0'"),
        (lambda: fd.add(X, "b"), "add: other: expected a Tensor or float or int or bool, got 'b'"),
        (lambda: fd.add("b", X), "add: input: expected a Tensor or float or int or bool, got 'b'"),
        (lambda: fd.full((2,), "x"), "full: value: expected a Tensor or float or int or bool"),
        (lambda: fd.where(1, X, X), "where: condition: expected a Tensor, got 1"),
        (lambda: F.batch_norm(X, 3, None), "batch_norm: running_mean: expected a Tensor, got 3"),
        (lambda: X.eq("a"), "eq: other: expected a Tensor"),
        (lambda: F.cross_entropy(X, [1, 2]), "cross_entropy: target: expected a Tensor, got list"),
        (
            lambda: F.linear(np.ones((2, 3)), X),
            r"linear: input: expected a Tensor, got numpy.ndarray \(fastdl.as_tensor makes",
        ),
        # None is right for the arguments before the wrong one
        (
            lambda: F.cross_entropy(X, LABELS, ignore_index="a"),
            "cross_entropy: ignore_index: expected an int, got 'a'",
        ),
        (
            lambda: F.batch_norm(X, None, None, training=True, momentum="a"),
            "batch_norm: momentum: expected a float or int, got 'a'",
        ),
        # functions that look at their arguments in Python
        (lambda: F.cross_entropy(np.ones((2, 3)), LABELS), "cross_entropy: input: .*numpy.ndarray"),
        (lambda: F.cross_entropy(X, LABELS, [1, 1, 1]), "cross_entropy: weight: .* got list"),
        (lambda: F.cross_entropy(X, LABELS, label_smoothing="a"), "label_smoothing: .*got str"),
        (lambda: F.mse_loss(X, None), "mse_loss: target: expected a Tensor, got None"),
        (lambda: F.mse_loss(np.ones(2), X), "mse_loss: input: expected a Tensor, got numpy"),
        (lambda: F.dropout(None), "dropout: input: expected a Tensor, got None"),
        (lambda: F.dropout(X, "a"), "dropout: p: expected a number, got str"),
        (lambda: X.flatten("a"), "flatten: start_dim: expected an int, got 'a'"),
        (lambda: X.squeeze("a"), "squeeze: dim: expected an int, got 'a'"),
        (lambda: X.logsumexp("a"), "logsumexp: dim: expected an int, got 'a'"),
        (lambda: fd.full(3, 1.0), "full: size: expected a tuple of ints, got int"),
        (lambda: fd.autograd.grad(3, LEAF), "grad: outputs: expected .*Tensor.*, got 3"),
        (lambda: fd.autograd.grad(X.sum(), "a"), "grad: inputs: expected .*Tensor.*, got 'a'"),
        (lambda: fd.autograd.backward([X, None]), "backward: outputs: .* got None"),
        (lambda: LEAF.backward("a"), "backward: cotangents: .* got 'a'"),
        (lambda: fd.set_rng_state(3), r"set_rng_state: expected \(seed, draw index\), got 3"),
        (lambda: fd.optim.SGD(MODEL, 0.1), r"SGD: params: .*got Linear \(its parameters\(\)\?\)"),
        (lambda: fd.optim.SGD(3, 0.1), "SGD: params: expected an iterable of tensors .*got int"),
        (lambda: fd.optim.SGD(MODEL.parameters()).load_state_dict(3), "expected a dict with .*int"),
        (lambda: fd.nn.ModuleList(fd.nn.ReLU()), "ModuleList: modules: expected .* got ReLU"),
    ],
)
def test_the_argument_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_other_errors_of_a_call_pass_through():
    with pytest.raises(ValueError, match="broadcast"):
        fd.add(X, fd.ones(4))


def test_bound_functions_are_methods():
    assert X.eq(1).all()
    assert fd.eq.__name__ == "eq"


def test_a_wrong_generator_is_named():
    for call in (lambda: fd.rand(2, generator=3), lambda: F.dropout(X, 0.5, generator=3)):
        with pytest.raises(TypeError, match=r"generator: expected a fastdl.Generator .* got int"):
            call()


def test_too_large_a_tensor_says_how_large():
    with pytest.raises(MemoryError, match=r"a tensor of 4000000000000000 bytes"):
        fd.empty(10**15)
