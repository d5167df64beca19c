"""OpCase finds planted errors: one for each mode."""

from __future__ import annotations

import contextlib
import ctypes
import gc

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import Function
from fastdl.testing import (
    OpCase,
    booleans,
    distinct,
    given,
    integers,
    largest_ulp_error,
    parametrize,
    positive,
    randn,
    uniform,
)


def function(forward, backward):
    class Planted(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Planted.apply


def fails(mode, fn, match, *inputs, **more):
    case = OpCase("planted", fn, inputs or [randn(3, 5)], **more)
    assert mode in case.modes()
    with pytest.raises(AssertionError, match=match):
        case.check(mode)


@parametrize(
    [
        OpCase("square", lambda x: x * x, [randn(3, 5)], np.square, lambda x: x**2, ulp=0.5),
        OpCase("several", lambda x, y: (x + y, x > y, x * y), [randn(3, 5), positive(5)],
               lambda x, y: (x + y, x > y, x * y)),
        OpCase("mixed", lambda c, i, x: fd.where(c, x, i.to(x)), [booleans(5),
               integers(5, low=0, high=9), distinct(3, 5)], lambda c, i, x: np.where(c, x, i)),
        OpCase("constant", lambda x, y: x * y.detach(),
               [randn(3), uniform(3, low=1, high=2).constant()]),
    ]
)  # fmt: skip
def test_what_is_right_passes(case, mode, device):
    case.check(mode, device)


def test_forward():
    fails(
        "forward", lambda x: x.exp() * (1 + 1e-5), r"float32, output 0.*allowed", reference=np.exp
    )
    fails("forward", lambda x: x + 1e-14, r"float64, output 0", reference=lambda x: x, ulp=2)
    fails("forward", lambda x: x.double(), "dtype", reference=lambda x: x)
    fails("forward", lambda x: x.T, "shape", reference=lambda x: x)
    fails("forward", lambda x: fd.where(x > 0, x, np.nan), "wrong", reference=lambda x: x)
    fails("forward", lambda x: x.exp() > 1.5, "wrong", reference=lambda x: x > 0)


def test_fallback():
    fails("fallback", lambda x: x * x, "result 0", fallback=lambda x: x * x * (1 + 1e-12))
    wrong_gradient = function(lambda x: x * x, lambda g, x: g * x)
    fails("fallback", wrong_gradient, "result 1", fallback=lambda x: x * x)


def test_gradient():
    fails("gradient", function(lambda x: x * x, lambda g, x: g * x * (2 + 1e-5)), "argument 0")
    # A gradient that is right for a cotangent of ones only.
    fails("gradient", function(lambda x: x * x, lambda g, x: 2 * x), "argument 0")
    fails("gradient", lambda x, y: x * y.detach(), "argument 1", randn(3), randn(3))
    fails("gradient", lambda x: (x * x).detach(), "argument 0")
    fails("gradient", lambda x: (x * 2, (x * x).detach()), "argument 0")


def test_gradient_float32():
    low = function(lambda x: x * x, lambda g, x: g * 2 * x * (1 + 1e-5 * (x.dtype is fd.float32)))
    fails("gradient_float32", low, "float32, result 1")


def test_second():
    fails("second", function(lambda x: x * x, lambda g, x: g * 2 * x.detach()), "argument 0")
    fails("second", function(lambda x: x * x, lambda g, x: g.detach() * 2 * x), "argument 1")
    lost = function(lambda x: x * x, lambda g, x: (g * 2 * x).detach())
    fails("second", lost, "argument 0")
    fails("second", lambda x, y: lost(x) * y, "argument 0", randn(3), randn(3))


def test_layouts():
    def if_contiguous(x):
        return x * (1 if x.is_contiguous() else 2)

    fails("strided", if_contiguous, "transposed.*differs")
    fails("strided", lambda x: x * (1 if x.stride(-1) != 2 else 2), "stepped")
    fails("strided", lambda x: x * (1 if x.stride(0) else 2), "expanded")
    fails("misaligned", lambda x: x * (1 if x.data_ptr() % 64 == 0 else 2), "offset")
    last_bit = function(lambda x: x * 1, lambda g, x: g * (1 if x.is_contiguous() else 1 + 2**-52))
    fails("strided", last_bit, "result 1", dtypes=["float64"])
    fails("strided", if_contiguous, "transposed", exact=False)


def test_guards():
    def write_outside(x):
        y = x * 1
        ctypes.memset(y.data_ptr() + y.numel() * y.element_size(), 0, 1)
        return y

    case = OpCase("planted", write_outside, [randn(3, 5)])
    with pytest.raises(RuntimeError, match=r"guard bands: .*outside"):
        case.check("guards")
    gc.collect()  # the broken buffer, which is reported once more
    with contextlib.suppress(RuntimeError):
        fd._C.check_guards()
    fd._C.check_guards()


def test_unchanged():
    def change(x):
        with fd.no_grad():
            return x.add_(1) * 1

    fails("unchanged", change, "inputs")


def test_empty():
    def fail(x):
        if x.numel() == 0:
            raise ValueError("empty")
        return x * 1

    fails("empty", fail, "raises", reference=lambda x: x)
    fails("empty", lambda x: x.reshape(-1), "for", reference=lambda x: x)
    fails("empty", lambda x: x, "expected an error", reference=lambda x: x.max() + x)


def test_unknown_mode():
    with pytest.raises(ValueError, match=r"check: mode: expected one of .*'forward'"):
        OpCase("x", fd.exp, [randn(2)], np.exp).check("backwards")


def test_ulp_error():
    one = np.ones(1, "float32")
    assert largest_ulp_error(one, np.float64([1])) == 0
    assert largest_ulp_error(one + np.spacing(one), np.float64([1])) == 1
    assert largest_ulp_error(one, np.float64([np.nan])) == np.inf
    assert largest_ulp_error(one, np.float64([np.inf])) == np.inf
    assert largest_ulp_error(one * np.nan, np.float64([np.nan])) == 0
    assert largest_ulp_error(one * np.inf, np.float64([1e300])) == 0


def test_given():
    assert OpCase("x", fd.exp, [given([1.0, 2.0])], np.exp).check("forward") is None
