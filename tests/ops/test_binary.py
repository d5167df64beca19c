"""Functions of two tensors, or of a tensor and a number."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, distinct, integers, parametrize, positive, randn

nan, inf = np.nan, np.inf
A, B = (3, 37), (37,)


BROADCASTS = {
    "row_first": (B, A),
    "column": (A, (3, 1)),
    "outer": ((3, 1), (1, 5)),
    "scalar": (A, ()),
    "scalar_first": ((), A),
    "middle": ((2, 3, 5), (2, 1, 5)),
}


def cases(name, fn, reference, a, b, **more):
    """Equal shapes, and a row to add to each row."""
    return [
        OpCase(name, fn, [a(*A), b(*A)], reference, **more),
        OpCase(f"{name}_row", fn, [a(*A), b(*B)], reference, **more),
    ]


def number_cases(name, fn, reference, make, number, **more):
    return [
        OpCase(
            f"{name}_number",
            lambda x: fn(x, number),
            [make(*A)],
            lambda x: reference(x, x.dtype.type(number)),
            **more,
        ),
        OpCase(
            f"number_{name}",
            lambda x: fn(number, x),
            [make(*A)],
            lambda x: reference(x.dtype.type(number), x),
            **more,
        ),
    ]


def constant_power(exponent, make):
    return OpCase(
        f"pow_{exponent}",
        lambda x: fd.pow(x, exponent),
        [make(*A)],
        lambda x: np.power(x, x.dtype.type(exponent)),
        ulp=1,
    )


COMPARE = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
LOGICAL = {
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


def small(*shape):
    return integers(*shape, low=-2, high=3)


CASES = [
    *cases("add", fd.add, np.add, randn, randn, ulp=0.5),
    *cases("sub", fd.sub, np.subtract, randn, randn, ulp=0.5),
    *cases("mul", fd.mul, np.multiply, randn, randn, ulp=0.5),
    *cases("div", fd.div, np.divide, randn, positive, ulp=0.5),
    *cases("pow", fd.pow, np.power, positive, randn, ulp=1),
    *cases("maximum", fd.maximum, np.maximum, distinct, randn, ulp=0),
    *cases("minimum", fd.minimum, np.minimum, distinct, randn, ulp=0),
    *[
        OpCase(f"div_{n}", fd.div, [randn(*a), positive(*b)], np.divide, ulp=0.5)
        for n, (a, b) in BROADCASTS.items()
    ],
    *number_cases("add", fd.add, np.add, randn, 1.5, ulp=0.5),
    *number_cases("sub", fd.sub, np.subtract, randn, 1.5, ulp=0.5),
    *number_cases("mul", fd.mul, np.multiply, randn, 1.5, ulp=0.5),
    *number_cases("div", fd.div, np.divide, positive, 1.5, ulp=0.5),
    *number_cases("pow", fd.pow, np.power, positive, 1.5, ulp=1),
    *[constant_power(e, randn) for e in (0, 1, 2, 3)],
    *[constant_power(e, positive) for e in (-1, -2, 0.5)],
    OpCase(
        "add_alpha",
        lambda x, y: fd.add(x, y, alpha=2),
        [randn(*A), randn(*A)],
        lambda x, y: x + 2 * y,
        ulp=0.5,
    ),
    OpCase(
        "sub_alpha",
        lambda x, y: fd.sub(x, y, alpha=-2),
        [randn(*A), randn(*A)],
        lambda x, y: x + 2 * y,
        ulp=0.5,
    ),
    *[OpCase(n, getattr(fd, n), [small(*A), small(*A)], f) for n, f in COMPARE.items()],
    *[OpCase(n, getattr(fd, n), [small(*A), small(*B)], f) for n, f in LOGICAL.items()],
    *[
        OpCase(f"{n}_integer", getattr(fd, n), [small(*A), small(*B)], f)
        for n, f in {"add": np.add, "sub": np.subtract, "mul": np.multiply}.items()
    ],
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


# ---- dtypes ------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]
# PyTorch's table for tensors with dimensions, rows and columns in the order above.
PROMOTION = [
    ["bool", "uint8", "int32", "int64", "float32", "float64"],
    ["uint8", "uint8", "int32", "int64", "float32", "float64"],
    ["int32", "int32", "int32", "int64", "float32", "float64"],
    ["int64", "int64", "int64", "int64", "float32", "float64"],
    ["float32", "float32", "float32", "float32", "float32", "float64"],
    ["float64", "float64", "float64", "float64", "float64", "float64"],
]


@pytest.mark.parametrize("i", range(6))
@pytest.mark.parametrize("j", range(6))
def test_promotion(i, j):
    x, y = (fd.tensor([1, 0], dtype=DTYPES[k]) for k in (i, j))
    result = PROMOTION[i][j]
    assert (x + y).dtype.name == result
    assert (x * y).tolist() == [1, 0]
    assert fd.maximum(x, y).dtype.name == result
    assert (x / y).dtype.name == (result if result.startswith("float") else "float32")
    for compare in (operator.eq, operator.lt, fd.logical_and):
        assert compare(x, y).dtype is fd.bool


@pytest.mark.parametrize(
    ("tensor", "other", "result"),
    [
        ("float32", 1, "float32"),
        ("float32", 1.5, "float32"),
        ("float32", True, "float32"),
        ("float32", np.float64(1.5), "float32"),
        ("int64", 1.5, "float32"),
        ("int64", 1, "int64"),
        ("int32", 1, "int32"),
        ("uint8", 1, "uint8"),
        ("int32", True, "int32"),
        ("bool", 1, "int64"),
        ("bool", 1.5, "float32"),
        ("bool", True, "bool"),
        ("float32", fd.tensor(1.0, dtype=fd.float64), "float32"),
        ("int32", fd.tensor(1), "int32"),
        ("int32", fd.tensor(1.0), "float32"),
        ("int32", fd.tensor(1.0, dtype=fd.float64), "float64"),
        ("bool", fd.tensor(1, dtype=fd.uint8), "uint8"),
    ],
)
def test_promotion_of_numbers_and_scalars(tensor, other, result):
    x = fd.tensor([1, 0], dtype=tensor)
    assert (x + other).dtype.name == result
    assert (other + x).dtype.name == result


def test_scalars_among_each_other():
    wide = fd.tensor(1.0, dtype=fd.float64)
    assert (wide + fd.tensor(1.0)).dtype is fd.float64
    assert (wide + 1).dtype is fd.float64
    assert (fd.tensor(1) + 1.5).dtype is fd.float32


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_integers_wrap(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    x = fd.full((67,), high, dtype=dtype)
    assert (x + 1).tolist() == [low] * 67
    assert (x * x).tolist() == [1] * 67 and (-x - x).tolist() == [2] * 67
    assert (-(x + 1)).tolist() == abs(x + 1).tolist() == [low] * 67
    index = fd.tensor([0])
    assert x.index_add(0, index, x[:1])[0].item() == x.scatter_add(0, index, x[:1])[0].item() == -2


def test_bool_arithmetic():
    x, y = fd.tensor([True, True, False]), fd.tensor([True, False, False])
    assert (x + y).tolist() == [True, True, False]
    assert (x * y).tolist() == [True, False, False]
    with pytest.raises(TypeError, match=r"sub.*bool"):
        x - y


def test_int64_is_exact_beyond_float():
    big = 2**62 + 1
    x = fd.tensor([big])
    assert (x + 1).item() == big + 1
    assert (x == big).item() and not (x == big - 1).item()
    assert (x * 1).item() == big
    with pytest.raises((OverflowError, ValueError)):
        x + 2**64


# ---- edges -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_division(dtype):
    x = fd.tensor([1, -1, 0, inf, nan, 1, -1], dtype=dtype)
    y = fd.tensor([0, 0, 0, inf, 1, inf, -0.0], dtype=dtype)
    np.testing.assert_array_equal((x / y).numpy(), [inf, -inf, nan, nan, nan, 0, inf])
    assert (fd.tensor([1, 0, 7]) / fd.tensor([0, 0, 2])).tolist()[::2] == [inf, 3.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow(dtype):
    x = [0, 0, 0, -0.0, -2, -2, 1, nan, nan, inf, -inf, 2, 0.5]
    e = [0, 2, -1, -1, 3, 0.5, nan, 0, 1, -1, 3, inf, inf]
    expected = [1, 0, inf, -inf, -8, nan, 1, 1, nan, 0, -inf, inf, 0]
    got = fd.pow(fd.tensor(x, dtype=dtype), fd.tensor(e, dtype=dtype))
    np.testing.assert_array_equal(got.numpy(), expected)


def test_pow_of_integers():
    x = fd.tensor([-2, -1, 0, 1, 2, 3])
    assert (x**3).tolist() == [-8, -1, 0, 1, 8, 27]
    assert (x**0).tolist() == [1] * 6
    assert (2 ** fd.tensor([0, 1, 62])).tolist() == [1, 2, 2**62]
    assert (fd.tensor([1, -1, 2]) ** fd.tensor([-1, -3, -1])).tolist() == [1, -1, 0]


def test_pow_gradients_at_zero():
    x = fd.tensor([0.0, 0.0, 0.0, 3.0], dtype=fd.float64, requires_grad=True)
    e = fd.tensor([0.0, 1.0, 2.0, 0.0], dtype=fd.float64, requires_grad=True)
    y = x**e
    y.backward(fd.ones_like(y))
    assert x.grad.tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(e.grad.numpy(), [0, 0, 0, np.log(3)], rtol=1e-15)
    for exponent, expected in ((0, 0), (1, 1), (2, 0), (3, 0)):
        x = fd.tensor(0.0, requires_grad=True)
        (x**exponent).backward()
        assert x.grad.item() == expected


def test_zero_slopes_stay_zero_under_infinite_cotangents():
    x = fd.tensor([0.0, 2.0, inf], requires_grad=True)
    cotangent = fd.tensor([inf, nan, -1.0])
    for f in (
        lambda x: x**0,
        lambda x: x ** fd.zeros(3),
        lambda x: fd.copysign(fd.ones(3), x),
    ):
        assert fd.autograd.grad(f(x), x, cotangent)[0].tolist() == [0] * 3


def test_second_derivative_of_square_at_zero():
    x = fd.tensor(0.0, requires_grad=True)
    (g,) = fd.autograd.grad(x**2, x, create_graph=True)
    (h,) = fd.autograd.grad(g, x)
    assert h.item() == 2


def test_extrema():
    x = fd.tensor([nan, 1, nan, inf, -inf, 1])
    y = fd.tensor([1, nan, nan, -inf, 0, 1])
    np.testing.assert_array_equal(fd.maximum(x, y).numpy(), [nan, nan, nan, inf, 0, 1])
    np.testing.assert_array_equal(fd.minimum(x, y).numpy(), [nan, nan, nan, -inf, -inf, 1])


def test_extrema_share_the_gradient_at_ties():
    for f, winner in ((fd.maximum, [0, 1, 0.5]), (fd.minimum, [1, 0, 0.5])):
        x = fd.tensor([1.0, 3.0, 2.0], requires_grad=True)
        y = fd.tensor([2.0, 2.0, 2.0], requires_grad=True)
        f(x, y).backward(fd.ones(3))
        assert x.grad.tolist() == winner
        assert y.grad.tolist() == [1 - w for w in winner]


def test_nan_compares_as_ieee():
    x, y = fd.tensor([nan, 1.0, nan]), fd.tensor([1.0, nan, nan])
    for name in COMPARE:
        assert getattr(fd, name)(x, y).tolist() == [name == "ne"] * 3
    assert (fd.tensor([0.0]) == fd.tensor([-0.0])).item()


def test_one_nan_stays_where_it_is():
    x = fd.ones(100)
    x[41] = nan
    y = x + fd.ones(100) * 2
    assert np.flatnonzero(np.isnan(y.numpy())).tolist() == [41]


@pytest.mark.parametrize(
    ("a", "b"), [((3,), (4,)), ((2, 3), (2,)), ((2, 3), (3, 2)), ((0,), (2,)), ((2, 0), (3, 1))]
)
def test_shapes_that_do_not_broadcast(a, b):
    with pytest.raises(ValueError, match="add: expected shapes that broadcast") as error:
        fd.zeros(a) + fd.zeros(b)
    assert str(a) in str(error.value) and str(b) in str(error.value)


@pytest.mark.parametrize(
    ("a", "b"), [((0,), (1,)), ((0, 3), (1, 3)), ((2, 0), ()), ((1, 0), (5, 1)), ((0,), (0,))]
)
def test_empty_broadcasts(a, b):
    expected = np.zeros(a) + np.zeros(b)
    x, y = fd.zeros(a, requires_grad=True), fd.ones(b, requires_grad=True)
    z = x * y
    assert z.shape == expected.shape
    z.backward(fd.zeros(z.shape))
    assert (x.grad.shape, y.grad.shape) == (a, b)
    assert not y.grad.numpy().any()


def test_operators_with_numpy_and_others():
    x, array = fd.tensor([1.0, 2.0]), np.array([3.0, 4.0], "float32")
    for result in (x + array, array + x):
        assert isinstance(result, fd.Tensor) and result.tolist() == [4.0, 6.0]
    assert (array - x).tolist() == [2.0, 2.0]
    assert (2 - x).tolist() == [1.0, 0.0]
    assert (2 / x).tolist() == [2.0, 1.0]
    assert (2**x).tolist() == [2.0, 4.0]
    assert (np.float32(2) * x).tolist() == [2.0, 4.0]
    counts = fd.tensor([1, 2])
    assert (counts * np.True_).dtype is (counts * np.int8(2)).dtype is fd.int64
    assert (counts * np.float32(2)).dtype is fd.float32
    with pytest.raises(TypeError):
        x * np.complex64(2)
    for other in ("a", None, object()):
        with pytest.raises(TypeError):
            x + other
        assert (x == other) is False
        assert (x != other) is True


def test_bitwise_operators_of_bools():
    x, y = fd.tensor([True, True, False]), fd.tensor([True, False, False])
    assert (x & y).tolist() == [True, False, False]
    assert (x | y).tolist() == [True, True, False]
    assert (x ^ y).tolist() == [False, True, False]


# ---- in place ----------------------------------------------------------------------------------


def test_in_place_operators():
    x = y = fd.tensor([1.0, 2.0])
    y += 1
    y *= fd.tensor([2.0, 3.0])
    y -= fd.tensor(1.0)
    y /= 2
    y **= 2
    assert x is y and x.tolist() == [2.25, 16.0]
    assert x.add_(x, alpha=2).tolist() == [6.75, 48.0]
    assert x.sub_(x).tolist() == [0, 0]


def test_in_place_on_a_view():
    x = fd.zeros(4, 3)
    x[1:3, ::2] += fd.tensor([1.0, 2.0])
    expected = np.zeros((4, 3))
    expected[1:3, ::2] += [1, 2]
    np.testing.assert_array_equal(x.numpy(), expected)


@pytest.mark.parametrize("n", [5, 40, 20_000])
def test_in_place_on_overlapping_memory(n):
    array = np.arange(n, dtype="float32")
    x = fd.tensor(array)
    x[1:] += x[:-1]
    np.testing.assert_array_equal(x.numpy()[1:], array[1:] + array[:-1])
    square = np.arange(36, dtype="float32").reshape(6, 6)
    y = fd.tensor(square)
    y += y.T
    np.testing.assert_array_equal(y.numpy(), square + square.T)


def test_in_place_errors_write_nothing():
    x = fd.tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"add_: .*\(2, 3\).*\(3,\)"):
        x += fd.ones(2, 3)
    with pytest.raises(ValueError, match="add"):
        x += fd.ones(2)
    n = fd.tensor([1, 2, 3])
    with pytest.raises(TypeError, match=r"add_: .*float32.*int64"):
        n += 1.5
    with pytest.raises(TypeError, match=r"div_.*int64"):
        n /= 2
    with pytest.raises(TypeError, match="bool"):
        b = fd.tensor([True])
        b += 1
    assert x.tolist() == [1, 2, 3] and n.tolist() == [1, 2, 3]


def test_in_place_on_expanded_memory_is_an_error():
    x = fd.tensor([1.0]).expand(3)
    for change in (lambda: x.add_(1), lambda: x.copy_(fd.ones(3)), lambda: x.mul_(fd.ones(3))):
        with pytest.raises((ValueError, RuntimeError), match=r"expand|overlap|share"):
            change()
    assert x.tolist() == [1, 1, 1]
    assert fd.ones(1, 0).expand(3, 0).add_(1).normal_().shape == (3, 0)


def test_in_place_keeps_the_dtype():
    x = fd.ones(2)
    x += fd.ones(2, dtype=fd.float64)
    assert x.dtype is fd.float32
    n = fd.ones(2, dtype=fd.uint8)
    n += fd.ones(2, dtype=fd.int64)
    assert n.dtype is fd.uint8 and n.tolist() == [2, 2]


def test_in_place_computes_in_the_wider_dtype_with_history_and_without():
    wide = fd.tensor([0.1], dtype=fd.float64)
    plain, recorded = fd.tensor([0.1]), fd.tensor([0.1], requires_grad=True) * 1
    expected = np.float32(np.float64(np.float32(0.1)) + 0.1)
    for x in (plain, recorded):
        x += wide
        assert x.item() == expected
    with pytest.raises(ValueError, match=r"add_: .*\(2, 1\).*\(1,\)"):
        plain += fd.ones(2, 1, dtype=fd.float64)


@pytest.mark.parametrize("function", [fd.maximum, fd.minimum])
def test_extrema_with_a_number_have_a_gradient(function):
    x = fd.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    for y in (function(x, 0.5), function(0.5, x)):
        x.grad = None
        y.sum().backward()
        assert x.grad.tolist() == ([0, 0.5, 1] if function is fd.maximum else [1, 0.5, 0])
