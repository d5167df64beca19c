"""Calls with arguments of the wrong type say which one, what was expected and what came."""

from __future__ import annotations

import inspect
import pickle

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
        (lambda: fd.set_rng_state(3), r"set_rng_state: state: expected \(seed, draw index\)"),
        (lambda: fd.optim.SGD(MODEL, 0.1), r"SGD: params: .*got Linear \(its parameters\(\)\?\)"),
        (lambda: fd.optim.SGD(3, 0.1), "SGD: params: expected an iterable of tensors .*got int"),
        (lambda: fd.optim.SGD(MODEL.parameters()).load_state_dict(3), "expected a dict with .*int"),
        (lambda: fd.nn.ModuleList(fd.nn.ReLU()), "ModuleList: modules: expected .* got ReLU"),
        # functions of ours without a binding of their name, and constructors: by their annotations
        (lambda: fd.isclose(None, X), "^isclose: input: expected a Tensor, got None$"),
        (
            lambda: fd.median(X, X),
            r"^median: dim: expected an int, got a Tensor of shape \(2, 3\)$",
        ),
        (lambda: fd.zeros_like([1]), "^zeros_like: input: expected a Tensor, got list$"),
        (lambda: fd.linalg.pinv(X, rtol=X), "^pinv: rtol: expected a float or None, got a Tensor"),
        (lambda: fd.nn.init.ones_(3), "^ones_: tensor: expected a Tensor, got 3$"),
        (lambda: fd.nn.Sigmoid(3), r"^Sigmoid\(\) takes 1 positional argument but 2 were given$"),
        (lambda: fd.nn.ReLU(1, 2), r"^ReLU\(\) takes from 1 to 2 positional arguments but 3 were"),
        (lambda: fd.nn.ReLU()(None), "^relu: input: expected a Tensor, got None$"),
        (
            lambda: fd.distributions.Normal(0.0, 1.0).cdf("a"),
            "^cdf: value: expected a Tensor or float",
        ),
        # numbers where tensors are given
        (lambda: X.sum(X), r"^sum: dim: expected an int, got a Tensor of shape \(2, 3\)$"),
        (lambda: X.reshape(X, 2), r"^reshape: expected ints, got a Tensor of shape \(2, 3\), 2$"),
        (
            lambda: F.relu(X, LABELS),
            r"^relu: inplace: expected a bool, got a Tensor of shape \(2,\)$",
        ),
    ],
)
def test_the_argument_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_other_errors_of_a_call_pass_through():
    with pytest.raises(ValueError, match="broadcast"):
        fd.add(X, fd.ones(4))


def test_errors_of_a_composition_name_it_and_keep_their_traceback():
    with pytest.raises(ValueError, match=r"^isclose: eq: expected shapes that broadcast") as caught:
        fd.isclose(X, fd.ones(4))
    assert caught.traceback[-1].name == "isclose"


def test_errors_of_users_modules_are_theirs():
    class Wrong(fd.nn.Module):
        def forward(self, x):
            return {}["key"]

    with pytest.raises(KeyError, match=r"^'key'$"):
        fd.nn.Sequential(Wrong())(X)


def test_explained_functions_are_functions():
    assert pickle.loads(pickle.dumps(fd.isclose)) is fd.isclose
    assert next(iter(inspect.signature(fd.zeros_like).parameters)) == "input"
    assert fd.isclose(X, X).all()
    assert fd.nn.functional.hinge_loss.__module__ == "fastdl.ops.binary_loss"


def test_as_many_parts_as_no_memory_holds_are_refused():
    with pytest.raises(ValueError, match="tensor_split: indices_or_sections: expected at most"):
        X.tensor_split(1 << 33)
    with pytest.raises(ValueError, match="polygamma: n: expected at most 100"):
        fd.polygamma(1 << 33, X)


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
