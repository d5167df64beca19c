"""Copies and conversions."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

A = (3, 37)
DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]

CASES = [
    OpCase("clone", fd.clone, [randn(*A)], lambda x: x, ulp=0),
    OpCase("contiguous", fd.contiguous, [randn(*A)], lambda x: x, ulp=0),
    OpCase("to_same", lambda x: x.to(x.dtype), [randn(*A)], lambda x: x, ulp=0),
    OpCase(
        "cast_there_and_back",
        lambda x: (x * 2).cast(fd.float64).cast(fd.float32).to(x),
        [randn(*A)],
        lambda x: (x * 2).astype("float32").astype(x.dtype),
        dtypes=["float32"],
        ulp=0,
        differentiable=False,
    ),
]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_every_conversion(source, target):
    values = np.array([[0, 1, 2], [3, 100, 7]]).astype(source)
    x = fd.tensor(values)
    expected = values.astype(target)
    for y in (x.to(target), x.T.to(target).T, fd.empty(2, 3, dtype=target).copy_(x)):
        assert y.dtype.name == target
        np.testing.assert_array_equal(y.numpy(), expected)


def test_floats_to_integers_and_bools():
    x = fd.tensor([1.9, -1.9, 0.5, 0.0])
    assert x.long().tolist() == [1, -1, 0, 0]
    assert x.bool().tolist() == [True, True, True, False]
    assert fd.tensor([np.nan, np.inf]).bool().tolist() == [True, True]
    assert fd.tensor([-1, 256, 257]).to(fd.uint8).tolist() == [255, 0, 1]


def test_to():
    x = fd.tensor([1.0])
    assert x.to(fd.float32) is x and x.float() is x and x.cpu() is x and x.to("cpu") is x
    assert x.to(fd.float32, copy=True) is not x
    assert x.double().dtype is fd.float64 and x.to("float64").dtype is fd.float64
    assert x.to("cpu", fd.int64).dtype is fd.int64 and x.to(np.int32).dtype is fd.int32
    assert x.to(fd.tensor([1])).dtype is fd.int64
    with pytest.raises(ValueError, match=r"device: expected 'cpu'"):
        x.to("cuda:7")
    with pytest.raises(TypeError, match=r"dtype: expected one of"):
        x.to(np.complex64)


def test_gradient_through_casts_has_the_inputs_dtype():
    x = fd.tensor([1.0, 2.0], requires_grad=True)
    y = x.double()
    (y * y).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.dtype is fd.float32 and x.grad.tolist() == [2, 4]
    assert not x.long().requires_grad


def test_contiguous():
    x = fd.tensor(np.arange(6.0).reshape(2, 3))
    assert x.contiguous() is x
    y = x.T.contiguous()
    assert y.is_contiguous() and y.data_ptr() != x.data_ptr()
    np.testing.assert_array_equal(y.numpy(), x.numpy().T)


def test_clone_is_new_memory():
    x = fd.tensor([1.0, 2.0])
    y = x.clone()
    y[0] = 5
    assert x.tolist() == [1, 2]
    assert x.expand(3, 2).clone().is_contiguous()


@pytest.mark.parametrize("n", [4, 50, 30_000])
def test_overlapping_copy(n):
    array = np.arange(n, dtype="float32")
    for target, source in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        x, expected = fd.tensor(array), array.copy()
        expected[target] = array[source]
        x[target].copy_(x[source])
        np.testing.assert_array_equal(x.numpy(), expected)


def test_overlapping_transpose():
    array = np.arange(49.0).reshape(7, 7)
    x = fd.tensor(array)
    x.copy_(x.T)
    np.testing.assert_array_equal(x.numpy(), array.T)


def test_overlap_that_numpy_sees_only():
    """Two tensors over one array have two buffers over the same memory."""
    array = np.arange(1000, dtype="float32")
    x, y = fd.from_numpy(array[1:]), fd.from_numpy(array[:-1])
    expected = array[:-1].copy()
    x.copy_(y)
    np.testing.assert_array_equal(x.numpy(), expected)


def test_copy_broadcasts_and_checks():
    x = fd.zeros(2, 3)
    x.copy_(fd.tensor([1.0, 2.0, 3.0]))
    assert x.tolist() == [[1, 2, 3]] * 2
    with pytest.raises(ValueError, match=r"copy_: .*\(2,\).*\(2, 3\)"):
        x.copy_(fd.ones(2))
    with pytest.raises(ValueError, match=r"copy_: .*\(1, 2, 3\).*\(2, 3\)"):
        x.copy_(fd.ones(1, 2, 3))
    with pytest.raises(TypeError, match=r"copy_: source: expected a Tensor, got list"):
        x.copy_([1, 2, 3])
    assert x.tolist() == [[1, 2, 3]] * 2


def test_fill():
    x = fd.zeros(2, 3)
    x[:, 1].fill_(4)
    assert x.tolist() == [[0, 4, 0]] * 2
    assert x.zero_() is x and not x.numpy().any()
    assert fd.zeros(2, dtype=fd.int64).fill_(2**62 + 1).tolist() == [2**62 + 1] * 2
    assert fd.zeros(2, dtype=fd.bool).fill_(3).tolist() == [True, True]
    assert fd.zeros(0).fill_(1).tolist() == []
    assert fd.zeros(()).fill_(fd.tensor(2.0)).item() == 2
    with pytest.raises(TypeError, match="fill_"):
        x.fill_("a")


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int32", 2**31),
        ("uint8", 256.0),
        ("int32", -(2.0**31) - 1),
        ("int64", 2.0**63),
        ("int64", np.inf),
        ("int32", np.nan),
    ],
)
def test_numbers_that_do_not_fit(dtype, value):
    x = fd.zeros(3, dtype=dtype)
    with pytest.raises(ValueError, match=f"fill_: value: .*{dtype}"):
        x.fill_(value)
    with pytest.raises(ValueError, match=f"full: value: .*{dtype}"):
        fd.full((2,), value, dtype=dtype)
    assert x.tolist() == [0, 0, 0]
    assert x.fill_(100.75).tolist() == [100] * 3
    assert fd.full((1,), value, dtype="bool").item() is True


def test_nan_and_negative_zero_survive():
    x = fd.tensor([np.nan, -0.0, np.inf])
    assert x.clone().numpy().tobytes() == x.numpy().tobytes()
