"""Whether tensors are equal or close, and keeping one between bounds."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
import fastdl.nn.functional as F
from fastdl.testing import OpCase, distinct, integers, parametrize, randn

nan, inf = np.nan, np.inf
A, B = (3, 37), (37,)


CASES = [
    OpCase("clamp", lambda x: fd.clamp(x, -1, 1), [distinct(*A)], lambda x: np.clip(x, -1, 1),
           ulp=0),
    OpCase("clamp_min", lambda x: fd.clamp(x, min=-2), [distinct(*A)],
           lambda x: np.maximum(x, -2), ulp=0),
    OpCase("clamp_max", lambda x: fd.clamp(x, max=2), [distinct(*A)],
           lambda x: np.minimum(x, 2), ulp=0),
    OpCase("clamp_tensors", fd.clamp, [distinct(*A), randn(*B), randn(3, 1)],
           lambda x, a, b: np.minimum(np.maximum(x, a), b), ulp=0),
    OpCase("clamp_integers", lambda x: fd.clamp(x, -2, 3), [integers(*A, low=-9, high=9)],
           lambda x: np.clip(x, -2, 3)),
    OpCase("isclose", lambda x: fd.isclose(x, x.round(), 0, 0.25), [distinct(*A)],
           lambda x: np.isclose(x, np.round(x), 0, 0.25), differentiable=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_clamp_at_edges():
    """NaN stays, the bounds themselves let the gradient through, the upper bound wins."""
    x = fd.tensor([nan, -inf, inf, 0.0, 1.0, 0.5], requires_grad=True)
    y = fd.clamp(x, 0.0, 1.0)
    np.testing.assert_array_equal(y.detach().numpy(), [nan, 0, 1, 0, 1, 0.5])
    y[1:].sum().backward()
    assert x.grad.tolist()[1:] == [0, 0, 1, 1, 1]
    assert fd.clamp(fd.tensor([0.0, 5.0]), 3.0, 1.0).tolist() == [1, 1]
    np.testing.assert_array_equal(fd.clamp(fd.tensor([1.0]), min=fd.tensor([nan])).numpy(), [nan])


def test_gradients_of_bounds():
    """Each element goes to what the result comes from (as PyTorch)."""
    x = fd.tensor([0.0, 1.0, 3.0], requires_grad=True)
    low = fd.tensor([0.0, 2.0, 0.0], requires_grad=True)
    high = fd.tensor([2.0, 1.0, 1.0], requires_grad=True)
    fd.clamp(x, low, high).sum().backward()
    assert x.grad.tolist() == [1, 0, 0]
    assert low.grad.tolist() == [0, 0, 0]
    assert high.grad.tolist() == [0, 1, 1]


def test_clamp_in_place_and_dtypes():
    x = fd.tensor([-1.0, 0.5, 2.0])
    assert x.clamp_(0, 1) is x and x.tolist() == [0, 0.5, 1]
    y = fd.tensor([1.0, 2.0], requires_grad=True) * 1
    y.clamp_(max=1.5)
    assert y.requires_grad and y.tolist() == [1, 1.5]
    assert fd.tensor([1, 5]).clamp(max=2.5).dtype is fd.float32
    with pytest.raises(ValueError, match="clamp: min, max: expected at least one bound"):
        x.clamp()
    assert fd.clip(x, 0.25).tolist() == [0.25, 0.5, 1] and x.clip_(max=0.25) is x
    assert x.tolist() == [0, 0.25, 0.25]
    with pytest.raises(ValueError, match=r"clip: .*expected at least one bound"):
        x.clip()


def test_equal():
    x = fd.tensor([1.0, 2.0])
    assert fd.equal(x, x.clone()) and x.equal(fd.tensor([1, 2]))
    assert not fd.equal(x, fd.tensor([1.0, 3.0])) and not fd.equal(x, fd.tensor([[1.0, 2.0]]))
    assert not fd.equal(fd.tensor([nan]), fd.tensor([nan]))
    assert fd.equal(fd.zeros(0), fd.zeros(0)) and not fd.equal(fd.zeros(0), fd.zeros(0, 2))


def test_isclose_at_edges():
    a = fd.tensor([inf, inf, nan, 1.0, 0.0, 1e-9, -inf])
    b = fd.tensor([inf, -inf, nan, inf, 1e-9, 0.0, 1.0])
    expected = np.isclose(a.numpy(), b.numpy())
    assert fd.isclose(a, b).tolist() == expected.tolist()
    assert fd.isclose(a, b, equal_nan=True).tolist()[2]
    assert fd.allclose(a[4:6], b[4:6]) and not fd.allclose(a, b)
    big = fd.tensor([2**53 + 1, 3])
    assert fd.isclose(big, big + fd.tensor([1, 0]), rtol=0, atol=0).tolist() == [False, True]
    assert fd.isclose(big, big + 1).tolist() == [True, False]
    assert fd.isclose(fd.tensor([True]), fd.tensor([True])).tolist() == [True]


def test_isclose_of_wrong_arguments():
    x = fd.tensor([1.0])
    with pytest.raises(ValueError, match="isclose: rtol: expected a number from 0 on, got -1"):
        fd.isclose(x, x, rtol=-1)
    with pytest.raises(ValueError, match="isclose: atol"):
        fd.allclose(x, x, atol=nan)
    with pytest.raises(TypeError, match="isclose: other: expected float32, got float64"):
        fd.isclose(x, x.double())


def test_a_result_of_another_dtype_is_not_kept():
    """Rounded to an integer it could lie outside the bounds."""
    i = fd.tensor([1, -2])
    for call in (lambda: i.clamp_(0.5, 1.5), lambda: F.hardsigmoid(i, inplace=True)):
        with pytest.raises(TypeError, match=r"result of dtype float32 cannot be kept .* int64"):
            call()
    assert i.clip_(0, 1) is i and i.tolist() == [1, 0]
