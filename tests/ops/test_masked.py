"""Where a condition holds."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, given, parametrize, randn

A = (3, 7)
MASK = given(np.arange(21).reshape(A) % 3 == 1).constant()

CASES = [
    OpCase("masked_fill", lambda x, m: fd.masked_fill(x, m, -0.5), [randn(*A), booleans(*A)],
           lambda x, m: np.where(m, x.dtype.type(-0.5), x), ulp=0),
    OpCase("masked_fill_row", lambda x, m: x.masked_fill(m, 2), [randn(*A), booleans(7)],
           lambda x, m: np.where(m, x.dtype.type(2), x), ulp=0),
    OpCase("masked_fill_wider", lambda x, m: x.masked_fill(m, 2), [randn(7), booleans(*A)],
           lambda x, m: np.where(m, x.dtype.type(2), x), ulp=0),
    OpCase("masked_fill_tensor", fd.masked_fill, [randn(*A), booleans(*A), randn()],
           lambda x, m, v: np.where(m, v, x), ulp=0),
    OpCase("masked_select", fd.masked_select, [randn(*A), MASK], lambda x, m: x[m], ulp=0),
    OpCase("masked_select_row", lambda x, m: x.masked_select(m), [randn(3, 1), MASK],
           lambda x, m: np.broadcast_to(x, A)[m], ulp=0, empty=False),
    OpCase("nonzero", fd.nonzero, [booleans(*A)], np.argwhere),
    OpCase("argwhere", fd.argwhere, [booleans(*A)], np.argwhere),
    OpCase("nonzero_as_tuple", lambda x: fd.nonzero(x, as_tuple=True), [booleans(*A)], np.nonzero),
    OpCase("where_of_one", fd.where, [booleans(*A)], np.nonzero),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_filled_nan_has_no_gradient():
    x = fd.tensor([np.nan, np.inf, 2.0], requires_grad=True)
    y = x.masked_fill(fd.tensor([True, True, False]), 0.0)
    assert y.tolist() == [0, 0, 2]
    (y * fd.tensor([np.inf, 1.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [0, 0, 3]
    assert fd.zeros(2).masked_fill(fd.tensor([True, False]), -np.inf).tolist() == [-np.inf, 0]


def test_masked_fill_keeps_the_dtype():
    mask = fd.tensor([True, False])
    for dtype in (fd.float64, fd.int64, fd.int32, fd.uint8, fd.bool):
        out = fd.zeros(2, dtype=dtype).masked_fill(mask, 1)
        assert out.dtype is dtype and out.int().tolist() == [1, 0]


def test_in_place():
    x = fd.zeros(2, 2)
    assert x.masked_fill_(fd.tensor([True, False]), 3.0) is x
    assert x.tolist() == [[3, 0], [3, 0]]
    w = fd.ones(2, requires_grad=True)
    y = w * 2
    y.masked_fill_(y > 0, 1.0)
    assert y.requires_grad
    y.sum().backward()
    assert w.grad.tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"masked_fill_: mask: .*\(2,\), got \(3, 2\)"):
        fd.zeros(2).masked_fill_(fd.ones(3, 2).bool(), 1)


def test_nonzero_of_other_things():
    assert fd.tensor([0.0, np.nan, -0.0, 2.0]).nonzero().tolist() == [[1], [3]]
    assert fd.tensor([0, 5]).nonzero().tolist() == [[1]]
    assert fd.tensor(3.0).nonzero().shape == (1, 0) and fd.tensor(0).nonzero().shape == (0, 0)
    assert fd.tensor([1.0, 0.0]).requires_grad_().nonzero().tolist() == [[0]]
    x = fd.tensor([[0, 3], [4, 0]])
    assert x[x.nonzero(as_tuple=True)].tolist() == [3, 4]


def test_masked_fill_is_compiled():
    step = fd.compile(lambda x: x.masked_fill(x > 1, 0.0))
    for value in (0.5, 2.0):
        assert step(fd.tensor([value, 1.0])).tolist() == [value if value <= 1 else 0, 1]


X = fd.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.masked_fill(X, 1), TypeError, r"masked_fill: mask: .*bool, got float32"),
        (lambda: X.masked_fill([True], 1), TypeError, r"masked_fill: mask: expected a Tensor"),
        (lambda: X.masked_fill(X > 0, X[0]), ValueError, r"masked_fill: value: .*0-d.*\(3,\)"),
        (
            lambda: X.byte() if hasattr(X, "byte") else X.to(fd.uint8).masked_fill(X > 0, 300),
            ValueError,
            r"fits into uint8, got 300",
        ),
        (lambda: X.masked_fill(X[:, :2] > 0, 1), ValueError, r"where"),
        (lambda: X.masked_select(X), TypeError, r"masked_select: mask: .*got float32"),
        (lambda: X.masked_select(X[:, :2] > 0), ValueError, r"broadcast"),
        (lambda: fd.nonzero([1]), TypeError, r"nonzero: input: expected a Tensor"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
