"""Functions of two tensors beyond the four operations: remainders, angles, sums of exponentials,
bits."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, distinct, integers, parametrize, positive, randn

nan, inf = np.nan, np.inf
A, B = (3, 37), (37,)


def cases(name, reference, a, b, kind="", **more):
    f = getattr(fd, name)
    return [
        OpCase(name + kind, f, [a(*A), b(*A)], reference, **more),
        OpCase(f"{name}{kind}_row", f, [a(*A), b(*B)], reference, **more),
        OpCase(f"{name}{kind}_column", f, [a(*A), b(3, 1)], reference, **more),
    ]


def numbers(*shape):
    return integers(*shape, low=-9, high=10)


def divisors(*shape):
    return integers(*shape, low=1, high=9)


def xlogy(a, b):
    return np.where(a == 0, 0, a * np.log(b))


CASES = [
    *cases("fmod", np.fmod, distinct, positive, ulp=0, fixed=True),
    *cases("remainder", np.remainder, distinct, positive, ulp=1, fixed=True),
    *cases("atan2", np.arctan2, randn, positive, ulp=2),
    *cases("hypot", np.hypot, randn, positive, ulp=1),
    *cases("copysign", np.copysign, distinct, distinct, ulp=0),
    *cases("logaddexp", np.logaddexp, randn, positive, ulp=3),
    *cases("logaddexp2", np.logaddexp2, randn, positive, ulp=3),
    *cases("xlogy", xlogy, randn, positive, ulp=2),
    OpCase("floor_divide", fd.floor_divide, [distinct(*A), positive(*A)], np.floor_divide, ulp=0,
           differentiable=False),
    *[c for name in ("fmod", "remainder", "floor_divide")
      for c in cases(name, getattr(np, name), numbers, divisors, "_integer")],
    *[c for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
      for c in cases(name, getattr(np, name), numbers, numbers)],
    *[OpCase(f"{name}_bool", getattr(fd, name), [booleans(*A), booleans(*A)], getattr(np, name))
      for name in ("bitwise_and", "bitwise_or", "bitwise_xor")],
    *cases("bitwise_left_shift", np.left_shift, numbers, divisors),
    *cases("bitwise_right_shift", np.right_shift, numbers, divisors),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- division and remainders -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
def test_division_of_all_signs_is_pythons(dtype):
    values = [-7, -6, -1, 1, 6, 7]
    a = np.repeat(values, 6).astype(dtype)
    b = np.tile(values, 6).astype(dtype)
    x, y = fd.tensor(a), fd.tensor(b)
    assert (x // y).tolist() == [p // q for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    assert (x % y).tolist() == [p % q for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_array_equal(fd.fmod(x, y).numpy(), np.fmod(a, b))
    assert (x // y).dtype is x.dtype
    assert (x // 2).tolist() == (a // 2).tolist() and (7 % x).tolist() == (7 % a).tolist()
    assert (7 // x).tolist() == (7 // a).tolist() and (x % 2).tolist() == (a % 2).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_remainders_at_edges(dtype):
    """As PyTorch's, and as Python's where that does not raise."""
    a = fd.tensor([5, 0, -0.0, inf, 1, -1, 1, nan, 1e30, -1e-30], dtype=dtype)
    b = fd.tensor([0, 2, 2, 2, inf, inf, -inf, 1, 3, 1], dtype=dtype)
    fmod, remainder, quotient = fd.fmod(a, b), fd.remainder(a, b), fd.floor_divide(a, b)
    np.testing.assert_array_equal(fmod.numpy()[:8], [nan, 0, 0, nan, 1, -1, 1, nan])
    np.testing.assert_array_equal(remainder.numpy()[:8], [nan, 0, 0, nan, 1, inf, -inf, nan])
    np.testing.assert_array_equal(quotient.numpy()[:8], [inf, 0, 0, nan, 0, -1, -1, nan])
    assert fmod[8].item() == np.fmod(np.array(1e30, dtype), np.array(3, dtype))
    assert remainder[9].item() == 1 and quotient[9].item() == -1


def test_a_quotient_is_whole_where_division_rounds_up():
    """1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth."""
    x = fd.tensor([1.0], dtype=fd.float64)
    assert (x // 0.1).item() == 1 // 0.1 == 9
    assert (x % 0.1).item() == 1 % 0.1


def test_division_of_integers_by_zero_raises():
    x = fd.tensor([1, 2, 3])
    for f in (fd.floor_divide, fd.remainder, fd.fmod):
        with pytest.raises(ValueError, match=f"{f.__name__}: other"):
            f(x, fd.tensor([1, 0, 1]))
        with pytest.raises(ValueError, match=f"{f.__name__}: other"):
            f(x, 0)
    assert (x.float() // 0).tolist() == [inf] * 3


def test_floor_divide_in_place():
    x = fd.tensor([[7, -7], [5, 9]])
    same = x
    x //= fd.tensor([2, 3])
    assert x is same and x.tolist() == [[3, -3], [2, 3]]
    assert x[:, 0].floor_divide_(2).tolist() == [1, 1] and x[:, 1].tolist() == [-3, 3]
    y = fd.tensor([7.5, -0.5])
    assert y.floor_divide_(2).tolist() == [3, -1] and y.floor_divide_(0).tolist() == [inf, -inf]
    w = fd.ones(2, requires_grad=True) * 3
    assert not w.floor_divide_(2).requires_grad
    for call, error, message in (
        (lambda: x.floor_divide_(0), ValueError, "other: expected a divisor that is not 0"),
        (lambda: x.floor_divide_(fd.tensor([0, 1])), ValueError, "other != 0"),
        (lambda: x.floor_divide_(0.5), TypeError, "float32 cannot be kept in a tensor of dtype"),
        (lambda: y.floor_divide_(fd.ones(3, 2)), ValueError, ""),
        (lambda: fd.ones(2, requires_grad=True).floor_divide_(2), RuntimeError, "leaf"),
    ):
        with pytest.raises(error, match=f"floor_divide_: .*{message}"):
            call()


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_extreme_integers(dtype):
    info = np.iinfo(dtype)
    x = fd.tensor(np.array([info.min, info.max, info.min], dtype))
    y = fd.tensor(np.array([-1 if info.min else 1, 2, 3], dtype))
    low = info.min  # -low wraps
    assert (x // y).tolist() == [low, info.max // 2, low // 3]
    assert (x % y).tolist() == [0, info.max % 2, low % 3]
    z = fd.tensor(np.array([info.max - 1], dtype))
    assert ((z // info.max).item(), (z % info.max).item()) == (0, info.max - 1)


def test_gradients_of_remainders():
    """d/da = 1, d/db = -(whole quotient)."""
    for f, q in ((fd.remainder, [-4, 2, -3]), (fd.fmod, [-3, 2, -2])):
        a = fd.tensor([-7.0, 5.0, 5.0], requires_grad=True)
        b = fd.tensor([2.0, 2.0, -2.0], requires_grad=True)
        f(a, b).sum().backward()
        assert a.grad.tolist() == [1, 1, 1] and b.grad.tolist() == [-k for k in q]


# ---- angles, exponentials, logarithms ----------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_angles_and_lengths_at_edges(dtype):
    y = np.array([0, 0, -0.0, -0.0, inf, inf, 1, nan], dtype)
    x = np.array([0, -0.0, 0, -0.0, inf, -inf, -inf, 1], dtype)
    got = fd.atan2(fd.tensor(y), fd.tensor(x)).numpy()
    np.testing.assert_array_equal(got, np.arctan2(y, x))
    a, b = fd.tensor([inf, nan, 3e38, 0], dtype=dtype), fd.tensor([nan, 1, 1e30, -0.0], dtype=dtype)
    np.testing.assert_array_equal(fd.hypot(a, b).numpy(), np.array([inf, nan, 3e38, 0], dtype))
    for f in (fd.atan2, fd.hypot):
        p, q = (fd.zeros(1, dtype=dtype, requires_grad=True) for _ in range(2))
        f(p, q).backward()
        assert p.grad.item() == q.grad.item() == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logaddexp_at_edges(dtype):
    a = [inf, -inf, inf, -inf, nan, 1e4, -1e4, 0]
    b = [inf, -inf, -inf, 1, 0, 1e4, 1e4, nan]
    for f, two in ((fd.logaddexp, np.log(2)), (fd.logaddexp2, 1)):
        x, y = (fd.tensor(v, dtype=dtype, requires_grad=True) for v in (a, b))
        z = f(x, y)
        expected = np.array([inf, -inf, inf, 1, nan, 1e4 + two, 1e4, nan], dtype)
        np.testing.assert_allclose(z.detach().numpy(), expected, rtol=1e-7)
        z[:7].sum().backward()
        np.testing.assert_array_equal(x.grad.numpy()[:4], [0.5, 0.5, 1, 0])
        np.testing.assert_array_equal(y.grad.numpy()[5:7], [0.5, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_xlogy_at_edges(dtype):
    """0 log 0 = 0, with finite gradients (PyTorch: -inf and NaN)."""
    x = fd.tensor([0, 0, 0, 0, 2, nan], dtype=dtype, requires_grad=True)
    y = fd.tensor([0, inf, nan, -1, 0, 1], dtype=dtype, requires_grad=True)
    z = fd.xlogy(x, y)
    np.testing.assert_array_equal(z.detach().numpy(), [0, 0, nan, 0, -inf, nan])
    z[:2].sum().backward()
    assert x.grad.tolist()[:2] == y.grad.tolist()[:2] == [0, 0]
    assert fd.xlogy(fd.tensor([0.0]), 0.0).item() == 0
    assert fd.xlogy(2.0, fd.tensor([1.0])).item() == 0


def test_copysign():
    x = fd.tensor([1.0, -2.0, 0.0, nan], requires_grad=True)
    y = fd.tensor([-0.0, 0.0, -1.0, 1.0])
    z = fd.copysign(x, y)
    np.testing.assert_array_equal(z.detach().numpy(), [-1, 2, -0.0, nan])
    z[:3].sum().backward()
    assert x.grad.tolist()[:3] == [-1, -1, 0]
    assert fd.copysign(fd.tensor([1, 2]), -1).tolist() == [-1.0, -2.0]


@pytest.mark.parametrize("name", ["atan2", "hypot", "copysign", "logaddexp", "logaddexp2", "xlogy"])
def test_integers_are_computed_as_float32(name):
    y = getattr(fd, name)(fd.tensor([1, 2]), fd.tensor([3, 4]))
    assert y.dtype is fd.float32
    assert y.tolist() == getattr(fd, name)(fd.tensor([1.0, 2.0]), fd.tensor([3.0, 4.0])).tolist()


# ---- bits --------------------------------------------------------------------------------------


def test_operators_on_bits():
    x, y = fd.tensor([12, 10, -1]), fd.tensor([10, 3, 6])
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        expected = [op(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        assert op(x, y).tolist() == expected
        assert op(x, 3).tolist() == [op(a, 3) for a in x.tolist()]
        assert op(3, y).tolist() == [op(3, b) for b in y.tolist()]
    assert (fd.tensor([True, False]) & fd.tensor([3, 3])).tolist() == [1, 0]
    mask = fd.tensor([True, False])
    assert ((mask | ~mask) & mask).dtype is fd.bool


def test_shifts_by_too_much():
    """As if one by one: nothing is left, or the sign."""
    for dtype, bits in (("int64", 64), ("int32", 32)):
        x = fd.tensor([5, -5, 5], dtype=dtype)
        for by in (bits, 100, -1):
            assert (x << by).tolist() == [0, 0, 0]
            assert (x >> by).tolist() == [0, -1, 0]
    assert (fd.tensor([255], dtype=fd.uint8) << 1).tolist() == [254]


def test_bits_of_floats_are_an_error():
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        with pytest.raises(TypeError, match=r"bitwise_\w+.*float32"):
            op(fd.tensor([1.0]), fd.tensor([1.0]))


def test_compiled_as_eager():
    def step(x, y):
        a, b = x.detach().requires_grad_(), y.detach().requires_grad_()
        z = a % b + a // b + fd.logaddexp(a, b) + fd.xlogy(b, b) + fd.clamp(a, -1, b)
        z = z + fd.lgamma(b) + fd.digamma(b) + fd.polygamma(2, b) + fd.sin(a * 1e6) + fd.erf(a)
        z.sum().backward()
        return z.detach(), a.grad, b.grad

    compiled = fd.compile(step)
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, y = fd.tensor(rng.standard_normal((9, 7))), fd.tensor(rng.uniform(0.5, 3, (9, 7)))
        for got, expected in zip(compiled(x, y), step(x, y), strict=True):
            np.testing.assert_array_equal(got.numpy(), expected.numpy())


def test_a_compiled_step_checks_divisors_too():
    step = fd.compile(lambda a, b: a // b)
    assert step(fd.tensor([7]), fd.tensor([2])).tolist() == [3]
    with pytest.raises(ValueError, match="floor_divide: other"):
        step(fd.tensor([7]), fd.tensor([0]))
