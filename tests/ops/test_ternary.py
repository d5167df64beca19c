"""Functions of three tensors."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, positive, randn

nan, inf = np.nan, np.inf
A, B = (3, 37), (37,)


def lerp(a, b, w):
    return np.where(abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))


CASES = [
    OpCase("lerp", fd.lerp, [randn(*A), randn(*A), randn(*A)], lerp),
    OpCase("lerp_broadcast", fd.lerp, [randn(3, 1), randn(*B), randn(*A)], lerp),
    OpCase("lerp_near", lambda a, b: fd.lerp(a, b, 0.25), [randn(*A), randn(*A)],
           lambda a, b: a + 0.25 * (b - a)),
    OpCase("lerp_far", lambda a, b: a.lerp(b, 1.5), [randn(*A), randn(*A)],
           lambda a, b: b + 0.5 * (b - a)),
    OpCase("addcmul", fd.addcmul, [randn(*A), randn(*A), randn(*B)], lambda x, a, b: x + a * b),
    OpCase("addcmul_value", lambda x, a, b: x.addcmul(a, b, value=-0.5),
           [randn(*A), randn(3, 1), randn(*B)], lambda x, a, b: x - a * b / 2),
    OpCase("addcdiv", fd.addcdiv, [randn(*A), randn(*A), positive(*B)], lambda x, a, b: x + a / b),
    OpCase("addcdiv_value", lambda x, a, b: x.addcdiv(a, b, value=3),
           [randn(*B), randn(*A), positive(*A)], lambda x, a, b: x + 3 * a / b),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_lerp_reaches_both_ends():
    a, b = fd.tensor([1e-8, 1.0, -inf, nan]), fd.tensor([1e8, 0.1, 2.0, 0.0])
    for one in (1, fd.ones(4)):
        assert fd.lerp(a, b, one).tolist()[:2] == b.tolist()[:2]
    for zero in (0, fd.zeros(4)):
        assert fd.lerp(a, b, zero).tolist()[:2] == a.tolist()[:2]
    assert np.isnan(fd.lerp(a, b, 0.25).tolist()[2:]).all()


def test_lerp_of_infinite_ends_has_its_slopes():
    """0 · inf on the way not taken does not make them NaN."""
    for w, by in ((0.25, [0.75, 0.25, -inf]), (0.75, [0.25, 0.75, -inf])):
        a, b = fd.tensor([inf], requires_grad=True), fd.tensor([1.0], requires_grad=True)
        weight = fd.tensor([w], requires_grad=True)
        fd.lerp(a, b, weight).sum().backward()
        assert [x.grad.item() for x in (a, b, weight)] == by


def test_a_divisor_of_zero():
    x, one, zero = fd.tensor([1.0]), fd.tensor([2.0]), fd.tensor([0.0])
    assert fd.addcdiv(x, one, zero).tolist() == [inf]
    assert np.isnan(fd.addcdiv(x, zero, zero).item())


def test_in_place():
    x = fd.tensor([1.0, 2.0])
    a, b = fd.tensor([3.0, 4.0]), fd.tensor([0.5, 2.0])
    assert x.addcmul_(a, b, value=2) is x and x.tolist() == [4, 18]
    assert x.addcdiv_(a, b).tolist() == [10, 20]
    assert x.lerp_(a, 0.5).tolist() == [6.5, 12]
    y = fd.tensor([1.0, 2.0], requires_grad=True)
    z = y * y
    z.lerp_(a, fd.tensor([0.25, 0.75])).sum().backward()
    assert y.grad.tolist() == [1.5, 1.0]


def test_integers():
    i = fd.arange(3)
    assert fd.addcmul(i, i, i).tolist() == [0, 2, 6] and fd.addcmul(i, i, i).dtype is fd.int64
    assert fd.addcdiv(i, i, i + 1).dtype is fd.float32


X, I = fd.zeros(3), fd.arange(3)  # noqa: E741


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.lerp(I, I, 0.5), TypeError, "lerp: input: expected dtype float32 or float64"),
        (lambda: fd.lerp(X, X.double(), 0.5), TypeError, "lerp: end: expected dtype float32 as"),
        (lambda: fd.lerp(X, 3, 0.5), TypeError, "lerp: end: expected a Tensor, got 3"),
        (lambda: fd.lerp(X, X, X.double()), TypeError, "lerp: weight: expected dtype float32"),
        (lambda: fd.lerp(X, X, "half"), TypeError, "lerp: weight: expected a number, got str"),
        (lambda: fd.addcmul(X, 2.0, X), TypeError, "addcmul: tensor1: expected a Tensor, got 2.0"),
        (lambda: fd.addcdiv(X, X, X, value=None), TypeError, "addcdiv: value: expected a number"),
        (lambda: fd.addcmul(X, X, fd.zeros(2)), ValueError, "addcmul: .*broadcast"),
        (lambda: X.addcmul_(X, fd.zeros(2, 3)), ValueError, r"addcmul_: .*\(2, 3\).*does not fit"),
        (lambda: fd.arange(3).addcdiv_(I, I + 1), ValueError, "addcdiv_: .*float32 does not fit"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert X.tolist() == [0, 0, 0]
