"""Calls with arguments of the wrong type say which one, what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
import fastdl.nn.functional as F

X = fd.ones(2, 3)


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
