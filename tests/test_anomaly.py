"""detect_anomaly names the op and the line."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import fastdl as fd
import fastdl.nn.functional as F
from fastdl.autograd import detect_anomaly


def here(offset=0):
    """This test's file and line, as the message has them."""
    caller = inspect.currentframe().f_back
    return re.escape(f"{caller.f_code.co_filename}:{caller.f_lineno + offset}")


def test_forward():
    x = fd.tensor([1.0, 0.0, -1.0])
    with (
        pytest.raises(RuntimeError, match=f"{here(3)}: sqrt made the first NaN$"),
        detect_anomaly(),
    ):
        x.sqrt()
    with pytest.raises(RuntimeError, match=f"{here(1)}: div made the first Inf$"), detect_anomaly():
        fd.ones(2) / x.abs()[:2]


def test_backward_names_the_forward_line_too():
    x = fd.tensor([1.0, 0.0], requires_grad=True)
    with detect_anomaly():
        y, ran_at = (x * 1).sqrt(), here()
        total = y.sum()
        text = (
            rf"{here(3)}: div, for the gradient of sqrt made the first Inf \(sqrt ran at {ran_at}\)"
        )
        with pytest.raises(RuntimeError, match=text):
            total.backward()
    assert x.grad is None


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_nan_that_was_given(requires_grad):
    x = fd.tensor([float("nan")], requires_grad=requires_grad)
    with pytest.raises(RuntimeError, match=r"add was given NaN in input 1$"), detect_anomaly():
        fd.ones(1) + x


def test_the_first_of_a_chain():
    model = fd.nn.Sequential(fd.nn.Linear(3, 4), fd.nn.ReLU(), fd.nn.Linear(4, 2))
    with fd.no_grad():
        model[0].weight.mul_(1e30)
    x = fd.full((2, 3), 1e30)
    with pytest.raises(RuntimeError, match=r"linear made the first Inf$"), detect_anomaly():
        F.cross_entropy(model(x), fd.tensor([0, 1])).backward()


def test_masks_of_infinities_are_no_anomaly():
    x = fd.randn(2, 3, requires_grad=True)
    with detect_anomaly():
        y = fd.where(fd.tensor([True, False, True]), x, -float("inf"))
        F.softmax(y, 1).sum().backward()
        masked = fd.tensor([0.0, -float("inf")]) + fd.zeros(2)
        assert F.softmax(masked, 0).tolist() == [1, 0]


def test_what_to_look_for():
    x = fd.tensor([0.0])
    with detect_anomaly(check_inf=False):
        x.log()
    with detect_anomaly(check_nan=False):
        (x / x)


def test_compiled_functions_are_watched():
    @fd.compile
    def f(x):
        return (x * 1e30).log()

    assert np.isfinite(f(fd.ones(1)).item())
    with pytest.raises(RuntimeError, match=r"mul made the first Inf$"), detect_anomaly():
        f(fd.full((1,), 1e30))
    assert f(fd.full((1,), 1e30)).item() == float("inf")


def test_blocks_are_nested_and_end():
    x = fd.tensor([0.0])
    with detect_anomaly():
        with detect_anomaly():
            pass
        with pytest.raises(RuntimeError):
            x.log()
    x.log()
    assert fd.autograd._watch is None


def test_results_and_gradients_are_the_same():
    x = fd.randn(4, 3, requires_grad=True)

    def loss():
        x.grad = None
        y = F.gelu(x).softmax(1)
        (y[0] * y[1:]).sum().backward()
        return x.grad.tolist()

    plain = loss()
    with detect_anomaly():
        assert loss() == plain


def test_functions_of_the_users():
    class Double(fd.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g / 0

    x = fd.ones(2, requires_grad=True)
    with detect_anomaly():
        assert not Double.apply(fd.ones(2)).requires_grad
        y = Double.apply(x)
        with pytest.raises(RuntimeError, match=r"div, for the gradient of .* made the first Inf"):
            y.sum().backward()


def test_zero_times_infinity_in_a_loss_is_no_anomaly():
    x = fd.tensor([[-np.inf, 0.0]], requires_grad=True)
    t = fd.tensor([[0.0, 1.0]])
    for loss in (F.binary_cross_entropy_with_logits, F.cross_entropy):
        with detect_anomaly():
            loss(x, t).backward()
        assert np.isfinite(x.grad.numpy()).all()
