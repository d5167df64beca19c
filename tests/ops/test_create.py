"""New tensors, and NumPy's memory."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import fastdl as fd

DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]


def test_constructors():
    assert fd.zeros(2, 3).tolist() == [[0, 0, 0]] * 2 and fd.zeros((2, 3)).shape == (2, 3)
    assert fd.ones([2]).dtype is fd.float32 and fd.ones(2, dtype=int).tolist() == [1, 1]
    assert fd.full((2,), 1.5).tolist() == [1.5, 1.5]
    assert fd.full((2,), 3).dtype is fd.int64 and fd.full((), True).dtype is fd.bool
    assert fd.empty(0, 4).shape == (0, 4) and fd.empty(()).shape == ()
    x = fd.ones(2, 2, dtype=fd.float64)
    assert (
        fd.zeros_like(x).dtype is fd.float64 and fd.ones_like(x, dtype=fd.uint8).dtype is fd.uint8
    )
    assert fd.full_like(x, 7).tolist() == [[7, 7]] * 2 and fd.empty_like(x).shape == (2, 2)
    assert fd.zeros(1, requires_grad=True).requires_grad
    assert fd.zeros(1, device="cpu").device == "cpu"


def test_arange():
    assert fd.arange(4).tolist() == [0, 1, 2, 3] and fd.arange(4).dtype is fd.int64
    assert fd.arange(1, 2, 0.25).tolist() == [1, 1.25, 1.5, 1.75]
    assert fd.arange(3, 0, -1).tolist() == [3, 2, 1]
    assert fd.arange(3, dtype=fd.float64).dtype is fd.float64
    assert fd.arange(0).shape == (0,) and fd.arange(3, 1).shape == (0,)
    with pytest.raises(ValueError, match=r"arange: step: .*got 0"):
        fd.arange(0, 1, 0)


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1.0, "float32", ()),
        (1, "int64", ()),
        (True, "bool", ()),
        ([1.0, 2], "float32", (2,)),
        ([[1, 2], [3, 4]], "int64", (2, 2)),
        ([True, False], "bool", (2,)),
        ([], "float32", (0,)),
        ([[], []], "float32", (2, 0)),
        (np.float64(1.0), "float64", ()),
        (np.ones(2), "float64", (2,)),
        (np.zeros((0, 3), "int32"), "int32", (0, 3)),
        (range(3), "int64", (3,)),
        ((1.5, 2.5), "float32", (2,)),
        ([np.float32(1), np.float32(2)], "float32", (2,)),
        ([fd.tensor(1.0), fd.tensor(2.0)], "float32", (2,)),
        ([fd.tensor([1, 2]), fd.tensor([3, 4])], "int64", (2, 2)),
    ],
)
def test_tensor_infers(data, dtype, shape):
    x = fd.tensor(data)
    assert (x.dtype.name, x.shape) == (dtype, shape)


def test_tensor_copies():
    array = np.ones(3, "float32")
    x = fd.tensor(array)
    y = fd.tensor(x)
    array[0], x[1] = 5, 6.0
    assert x.tolist() == [1, 6, 1] and y.tolist() == [1, 1, 1]
    assert fd.tensor(x, dtype=fd.int64).tolist() == [1, 6, 1]
    assert fd.Tensor([1, 2]).dtype is fd.float32


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1, 2], [3]], ValueError, r"tensor: data: expected a regular shape"),
        ("abc", TypeError, r"tensor: data: .*expected one of"),
        ([None], TypeError, r"tensor: data"),
        ({"a": 1}, TypeError, r"tensor: data"),
        (np.ones(2, "complex64"), TypeError, r"tensor: data: .*complex64"),
        (1j, TypeError, r"tensor: data"),
        ([2**70], (TypeError, ValueError), r"tensor: data"),
    ],
)
def test_tensor_of_bad_data(data, error, message):
    with pytest.raises(error, match=message):
        fd.tensor(data)


@pytest.mark.parametrize("dtype", DTYPES)
def test_memory_is_shared_both_ways(dtype):
    array = np.zeros((2, 3), dtype)
    x = fd.from_numpy(array)
    array[0, 1] = 1
    assert x[0, 1].item() == 1
    x[1, 2] = 1
    assert array[1, 2] == 1
    assert x.numpy().ctypes.data == array.ctypes.data and x.data_ptr() == array.ctypes.data
    y = fd.zeros(3, dtype=dtype)
    y.numpy()[1] = 1
    assert y[1].item() == 1


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[1:, ::2],
        lambda a: a[:, 1],
        lambda a: a[None, :, None],
        lambda a: a[:0],
        lambda a: a[1:2, 1:2],
        lambda a: np.asfortranarray(a),
        lambda a: a[0, 0, ...],
    ],
)
def test_strided_arrays(view):
    array = np.arange(20, dtype="float32").reshape(4, 5)
    x = fd.from_numpy(view(array))
    np.testing.assert_array_equal(x.numpy(), view(array))
    np.testing.assert_array_equal((x + 0).numpy(), view(array))


def test_lifetimes():
    array = np.ones(1000)
    alive = weakref.ref(array)
    x = fd.from_numpy(array)[10:20]
    del array
    assert alive() is not None and x.tolist() == [1.0] * 10
    del x
    assert alive() is None

    x = fd.ones(1000)
    buffers = fd._C.pool_stats()["live_buffers"]
    array = x[5:].numpy()
    del x
    assert fd._C.pool_stats()["live_buffers"] == buffers and array.sum() == 995
    del array
    assert fd._C.pool_stats()["live_buffers"] == buffers - 1


def test_a_chain_of_sharing():
    """array → tensor → array → tensor."""
    array = np.zeros(4)
    x = fd.from_numpy(fd.from_numpy(array).numpy())
    x[2] = 3.0
    assert array[2] == 3
    del array
    gc.collect()
    assert x.tolist() == [0, 0, 3, 0]


def read_only():
    array = np.ones(3)
    array.flags.writeable = False
    return array


BAD_ARRAYS = {
    "read-only": (read_only, ValueError, r"from_numpy: array: .*writeable"),
    "broadcast": (lambda: np.broadcast_to(1.0, (3,)), ValueError, r"writeable"),
    "negative strides": (lambda: np.ones(3)[::-1], ValueError, r"from_numpy: .*negative.*-8"),
    "big-endian": (lambda: np.ones(3, ">f4"), TypeError, r"from_numpy: .*byte order.*>f4"),
    "half": (lambda: np.ones(3, "float16"), TypeError, r"from_numpy: .*float16"),
    "unsigned": (lambda: np.ones(3, "uint32"), TypeError, r"from_numpy: .*uint32"),
    "object": (lambda: np.array([None]), TypeError, r"from_numpy: .*object"),
    "structured": (lambda: np.zeros(2, [("a", "f4")]), TypeError, r"from_numpy"),
    "field": (
        lambda: np.zeros(3, [("a", "u1"), ("b", "f4")])["b"],
        ValueError,
        r"from_numpy: .*(stride|aligned)",
    ),
    "misaligned": (
        lambda: np.frombuffer(bytearray(17), "u1")[1:].view("f4"),
        ValueError,
        r"from_numpy: .*aligned",
    ),
    "nine dimensions": (lambda: np.ones((1,) * 9), ValueError, r"from_numpy: .*at most 8.*got 9"),
    "list": (lambda: [1.0], TypeError, r"from_numpy: array: expected a numpy.ndarray, got list"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_arrays_that_cannot_be_shared(name):
    make, error, message = BAD_ARRAYS[name]
    with pytest.raises(error, match=message):
        fd.from_numpy(make())


@pytest.mark.parametrize("name", ["read-only", "broadcast", "negative strides", "big-endian"])
def test_tensor_copies_what_cannot_be_shared(name):
    array = BAD_ARRAYS[name][0]()
    for make in (fd.tensor, fd.as_tensor):
        np.testing.assert_array_equal(make(array).numpy(), array)


def test_as_tensor_shares():
    x, array = fd.ones(2), np.ones(2)
    assert fd.as_tensor(x) is x
    assert fd.as_tensor(array).data_ptr() == array.ctypes.data
    assert fd.as_tensor(array, dtype=fd.float32).dtype is fd.float32
    assert fd.as_tensor([1, 2]).tolist() == [1, 2]


def test_numpy_of_a_tensor():
    x = fd.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"numpy: .*detach\(\)"):
        x.numpy()
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(x)
    assert np.asarray(x.detach()).tolist() == [1, 1]
    assert np.array(fd.ones(2), dtype="float64").dtype == np.float64
    assert np.array(fd.ones(2)).ctypes.data != fd.ones(2).data_ptr()
    assert np.exp(fd.zeros(2)).tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (2**40, 2**40), (2**63 - 1, 8)])
def test_huge_shapes(shape):
    with pytest.raises((ValueError, MemoryError)):
        fd.zeros(shape)


def test_memory_that_is_not_there():
    with pytest.raises(MemoryError):
        fd.empty(2**46)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fd.zeros(-1), ValueError, r"at least 0.*-1"),
        (lambda: fd.zeros(2.0), TypeError, r"zeros: shape: expected ints, got 2.0"),
        (lambda: fd.zeros("a"), TypeError, r"zeros: shape"),
        (lambda: fd.ones(2, 2.5), TypeError, r"ones: shape: expected ints, got 2, 2.5"),
        (lambda: fd.zeros(2**63), (ValueError, OverflowError), r"int|shape"),
        (lambda: fd.zeros(1, dtype="float16"), TypeError, r"dtype: expected one of .*float16"),
        (lambda: fd.zeros(1, device="cuda"), ValueError, r"device"),
        (lambda: fd.zeros(1, dtype=fd.int64, requires_grad=True), TypeError, r"requires_grad"),
        (lambda: fd.full((1,), "a"), TypeError, r"full"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_item_and_numbers():
    assert fd.tensor(2).item() == 2 and isinstance(fd.tensor(2).item(), int)
    assert isinstance(fd.tensor(2.0).item(), float) and fd.tensor(True).item() is True
    assert fd.tensor([[3.0]]).item() == 3 and float(fd.tensor([2])) == 2.0
    assert int(fd.tensor(2.9)) == 2 and bool(fd.tensor([0.0])) is False
    assert [10, 20, 30][fd.tensor(1)] == 20
    with pytest.raises(ValueError, match=r"item: .*one element.*\(2,\)"):
        fd.ones(2).item()
    with pytest.raises(ValueError, match="one element"):
        bool(fd.zeros(0))
    with pytest.raises(TypeError, match="integer"):
        [1, 2][fd.tensor(1.0)]
    assert f"{fd.tensor(1.23456):.2f}" == "1.23"


def test_repr():
    assert repr(fd.tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(fd.tensor([1], dtype=fd.int32)) == "tensor([1], dtype=int32)"
    assert "requires_grad=True" in repr(fd.ones(1, requires_grad=True))
    assert "grad_fn" in repr(fd.ones(1, requires_grad=True) * 2)
    assert "shape=(0, 3)" in repr(fd.zeros(0, 3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_pickle_and_copies(dtype, transposed):
    x = fd.tensor(np.arange(6).reshape(2, 3).astype(dtype))
    x = x.T if transposed else x
    for again in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
        assert type(again) is fd.Tensor and again.dtype is x.dtype
        np.testing.assert_array_equal(again.numpy(), x.numpy())
    assert copy.deepcopy(x).data_ptr() != x.data_ptr()


def test_pickle_keeps_what_a_leaf_has():
    x = fd.ones(2, requires_grad=True)
    (x * 3).backward(fd.ones(2))
    assert pickle.loads(pickle.dumps(x)).requires_grad
    again = copy.deepcopy(x)
    assert again.requires_grad and again.grad.tolist() == [3, 3]
    assert again.grad.data_ptr() != x.grad.data_ptr()
    with pytest.raises(RuntimeError, match=r"deepcopy: .*leaf"):
        copy.deepcopy(x * 2)
    a, b = copy.deepcopy((x, x))
    assert a is b


@pytest.mark.parametrize(
    ("data", "dtype"), [([300], fd.uint8), ([1, 2**40], fd.int32), (-1, fd.uint8)]
)
def test_a_number_that_the_dtype_does_not_hold(data, dtype):
    with pytest.raises(
        ValueError, match=rf"tensor: data: expected numbers that {dtype.name} holds"
    ):
        fd.tensor(data, dtype=dtype)
    assert fd.tensor([255, 0], dtype=fd.uint8).tolist() == [255, 0]
    assert fd.tensor([2, 0], dtype=fd.bool).tolist() == [True, False]
    assert fd.tensor([1.7], dtype=fd.int64).tolist() == [1]
