"""Rounding, and what kind of number an element is."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, distinct, given, integers, parametrize

nan, inf = np.nan, np.inf
SHAPE = (3, 37)
HALVES = given(np.arange(-9, 9).reshape(2, 9) / 2)  # not differentiable there
KINDS = [1.5, -0.0, 0.0, inf, -inf, nan, -2.0, 1e-45, 3e38]


def only(name, function, reference, *inputs):
    return OpCase(name, function, inputs, reference, ulp=0, differentiable=False)


CASES = [
    OpCase("floor", fd.floor, [distinct(*SHAPE)], np.floor, ulp=0),
    OpCase("ceil", fd.ceil, [distinct(*SHAPE)], np.ceil, ulp=0),
    OpCase("trunc", fd.trunc, [distinct(*SHAPE)], np.trunc, ulp=0),
    only("round", fd.round, np.round, distinct(*SHAPE)),
    OpCase("frac", fd.frac, [distinct(*SHAPE)], lambda x: x - np.trunc(x), ulp=0),
    *[only(f"{n}_halves", getattr(fd, n), getattr(np, n), HALVES)
      for n in ("floor", "ceil", "trunc", "round")],
    *[only(f"{n}_integer", getattr(fd, n), lambda x: x, integers(*SHAPE, low=-9, high=9))
      for n in ("floor", "ceil", "trunc", "round")],
    *[only(n, getattr(fd, n), getattr(np, n), given(np.reshape(KINDS, (3, 3))))
      for n in ("isnan", "isinf", "isfinite", "signbit")],
    *[only(f"{n}_integer", getattr(fd, n), getattr(np, n),
           integers(*SHAPE, low=-9, high=9, dtype="int32"))
      for n in ("isnan", "isinf", "isfinite")],
    only("signbit_integer", fd.signbit, lambda x: x < 0, integers(*SHAPE, low=-9, high=9)),
    *[only(f"{n}_bool", getattr(fd, n), lambda x, v=v: np.full(x.shape, v), booleans(*SHAPE))
      for n, v in (("isnan", False), ("isinf", False), ("isfinite", True), ("signbit", False))],
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_edges(dtype):
    """±inf and NaN stay, a zero takes the sign of what was rounded, large numbers are integers."""
    big = np.finfo(dtype).max
    mantissa = 2.0 ** (np.finfo(dtype).nmant - 1) + 0.5
    x = np.array(
        [inf, -inf, nan, -0.0, 0.3, -0.3, big, -big, mantissa, -mantissa, 0.5, -0.5], dtype
    )
    for name in ("floor", "ceil", "trunc", "round"):
        got = getattr(fd, name)(fd.tensor(x)).numpy()
        expected = getattr(np, name)(x)
        np.testing.assert_array_equal(got, expected, name)
        number = ~np.isnan(x)
        np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]), name)
    fractions = fd.frac(fd.tensor(x[:6])).numpy()
    np.testing.assert_array_equal(fractions, np.array([nan, nan, nan, 0, 0.3, -0.3], dtype))


def test_round_to_decimals():
    x = fd.tensor([1.2345, -1.2355, 2.5, 12345.0], dtype=fd.float64)
    np.testing.assert_array_equal(fd.round(x, decimals=2).numpy(), [1.23, -1.24, 2.5, 12345])
    np.testing.assert_array_equal(x.round(decimals=-2).numpy(), [0, 0, 0, 12300])
    with pytest.raises(TypeError, match=r"round: decimals: .*floats, got int64"):
        fd.round(fd.tensor([1]), decimals=1)


def test_gradients():
    constant = (fd.floor, fd.ceil, fd.trunc, fd.round, fd.sign)
    for f, slope in (*[(f, 0) for f in constant], (fd.frac, 1)):
        x = fd.tensor([-1.5, 0.0, 0.3], requires_grad=True)
        f(x).sum().backward()
        assert x.grad.tolist() == [slope] * 3
        if not slope:
            cotangent = fd.tensor([inf, nan, -1.0], requires_grad=True)
            (g,) = fd.autograd.grad(f(x), x, cotangent, create_graph=True)
            (h,) = fd.autograd.grad(g, cotangent, cotangent.detach())
            assert g.tolist() == h.tolist() == [0] * 3


def test_bool_cannot_be_rounded():
    with pytest.raises(TypeError, match=r"floor.*bool"):
        fd.floor(fd.tensor([True]))
