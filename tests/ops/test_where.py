"""Selection."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, parametrize, randn

nan, inf = np.nan, np.inf
A = (3, 37)

CASES = [
    OpCase("nan_to_num", fd.nan_to_num, [randn(*A)], np.nan_to_num, ulp=0),
    OpCase("where", fd.where, [booleans(*A), randn(*A), randn(*A)], np.where, ulp=0),
    OpCase("where_condition_row", fd.where, [booleans(37), randn(*A), randn(*A)], np.where, ulp=0),
    OpCase(
        "where_values_broadcast", fd.where, [booleans(*A), randn(3, 1), randn()], np.where, ulp=0
    ),
    OpCase("where_outer", fd.where, [booleans(2, 1, 1), randn(3, 1), randn(5)], np.where, ulp=0),
    OpCase(
        "where_method",
        lambda c, x, y: x.where(c, y),
        [booleans(*A), randn(*A), randn(*A)],
        np.where,
        ulp=0,
    ),
    OpCase(
        "where_numbers",
        lambda c, x: fd.where(c, x, 0.5),
        [booleans(*A), randn(*A)],
        lambda c, x: np.where(c, x, x.dtype.type(0.5)),
        ulp=0,
    ),
    OpCase(
        "where_number_first",
        lambda c, x: fd.where(c, 2, x),
        [booleans(*A), randn(*A)],
        lambda c, x: np.where(c, x.dtype.type(2), x),
        ulp=0,
    ),
]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_what_is_not_selected_spreads_neither_value_nor_gradient():
    c = fd.tensor([True, False])
    x = fd.tensor([1.0, nan], requires_grad=True)
    y = fd.tensor([inf, 2.0], requires_grad=True)
    out = fd.where(c, x, y)
    assert out.tolist() == [1, 2]
    out.backward(fd.tensor([3.0, 4.0]))
    assert x.grad.tolist() == [3, 0] and y.grad.tolist() == [0, 4]
    x.grad = None
    fd.where(c, x, 0.0).backward(fd.tensor([1.0, nan]))
    assert x.grad.tolist() == [1, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_every_dtype(dtype):
    a, b = np.array([0, 1, 1], dtype), np.array([1, 0, 1], dtype)
    c = np.array([True, False, True])
    out = fd.where(fd.tensor(c), fd.tensor(a), fd.tensor(b))
    assert out.dtype.name == dtype
    np.testing.assert_array_equal(out.numpy(), np.where(c, a, b))


def test_promotion():
    c = fd.tensor([True])
    assert fd.where(c, fd.tensor([1]), fd.tensor([1.5])).dtype is fd.float32
    assert fd.where(c, 1, fd.tensor([1.5], dtype=fd.float64)).dtype is fd.float64
    assert fd.where(c, 1.5, fd.tensor([1])).dtype is fd.float32
    assert fd.where(c, 1, 2).dtype is fd.int64
    assert fd.where(c, 1.0, 2).tolist() == [1.0]


def test_bad_input():
    x = fd.ones(3)
    with pytest.raises(TypeError, match=r"where: condition: expected dtype bool, got float32"):
        fd.where(x, x, x)
    with pytest.raises(ValueError, match=r"where: .*\(3,\).*\(2,\)"):
        fd.where(fd.tensor([True] * 3), x, fd.ones(2))
    with pytest.raises(ValueError, match=r"where: .*broadcast"):
        fd.where(fd.tensor([True] * 2), x, x)
    with pytest.raises(TypeError):
        fd.where(True, x, x)


def test_nan_to_num():
    for dtype in ("float32", "float64"):
        x = fd.tensor([nan, inf, -inf, -0.0, 2.5], dtype=dtype).requires_grad_()
        y = fd.nan_to_num(x)
        np.testing.assert_array_equal(y.detach().numpy(), np.nan_to_num(x.detach().numpy()))
        assert y.dtype is x.dtype and np.signbit(y.detach().numpy()[3])
        x.nan_to_num(1.0, 2.0, 3.0).sum().backward()
        assert x.grad.tolist() == [0, 0, 0, 1, 1]
        assert x.nan_to_num(1.0, posinf=2.0, neginf=3.0).tolist() == [1, 2, 3, 0, 2.5]
    assert np.isnan(fd.nan_to_num(fd.tensor([inf]), posinf=nan).item())
    assert fd.nan_to_num(fd.tensor([nan]), None).tolist() == [0]
    i = fd.arange(3)
    assert fd.nan_to_num(i).tolist() == [0, 1, 2] and fd.nan_to_num(i) is not i
    z = fd.tensor([nan, 1.0])
    assert z.nan_to_num_(7.0) is z and z.tolist() == [7, 1]
    assert fd.nan_to_num(fd.zeros(0)).shape == (0,)
    with pytest.raises(TypeError, match="nan_to_num: posinf: expected a number, got str"):
        fd.nan_to_num(z, posinf="big")
    with pytest.raises(TypeError, match=r"nan_to_num: input: expected a Tensor, got 3\.0"):
        fd.nan_to_num(3.0)
