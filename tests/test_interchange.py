"""Memory shared with other libraries, both ways."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd

DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]


class Exporter:
    """Another library's array, as far as DLPack sees it."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_shares_memory_both_ways(dtype):
    theirs = np.arange(6).reshape(2, 3).astype(dtype).T
    ours = fd.from_dlpack(Exporter(theirs))
    assert ours.tolist() == theirs.tolist() and ours.dtype.name == dtype
    again = np.from_dlpack(ours)
    assert again.tolist() == theirs.tolist() and again.dtype == theirs.dtype
    ours[2, 1] = 0
    assert not theirs[2, 1] and not again[2, 1]


def test_dlpack_keeps_memory_alive():
    array = np.from_dlpack(fd.arange(1000.0))
    fd.zeros(1000)
    assert array.tolist() == list(range(1000))
    tensor = fd.from_dlpack(Exporter(np.arange(1000.0)))
    np.zeros(1000)
    assert tensor.tolist() == list(range(1000))


def test_read_only_memory_is_copied_unless_it_must_not_be():
    theirs = np.arange(3.0)
    theirs.flags.writeable = False
    ours = fd.from_dlpack(Exporter(theirs))
    ours[0] = 5
    assert theirs.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="from_dlpack: copy: expected True or None for read-only"):
        fd.from_dlpack(Exporter(theirs), copy=False)


def test_a_copy_that_was_asked_for():
    theirs = np.arange(3.0)
    fd.from_dlpack(Exporter(theirs), copy=True).zero_()
    assert theirs.tolist() == [0, 1, 2]


def test_array_interface():
    class Interface:
        def __init__(self, tensor):
            self.__array_interface__ = tensor.__array_interface__
            self.tensor = tensor

    x = fd.arange(6.0).reshape(2, 3).T
    array = np.asarray(Interface(x))
    assert np.shares_memory(array, x.numpy()) and array.tolist() == x.tolist()
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert np.array(x, dtype="float64").dtype == np.float64


def test_what_requires_grad_is_not_given_away():
    x = fd.ones(2, requires_grad=True)
    with pytest.raises(BufferError, match="requires grad; use detach"):
        np.from_dlpack(x)
    with pytest.raises(RuntimeError, match="requires grad; use detach"):
        np.asarray(x)
    assert np.from_dlpack(x.detach()).tolist() == [1, 1]


def test_errors():
    with pytest.raises(
        TypeError, match="from_dlpack: ext_tensor: expected an object with __dlpack"
    ):
        fd.from_dlpack([1.0])
    with pytest.raises(TypeError, match="expected dtype float32"):
        fd.from_dlpack(Exporter(np.ones(2, np.complex64)))


def test_torch():
    torch = pytest.importorskip("torch")
    theirs = torch.arange(6.0).reshape(2, 3).T
    ours = fd.from_dlpack(theirs)
    assert ours.data_ptr() == theirs.data_ptr() and ours.tolist() == theirs.tolist()
    back = torch.from_dlpack(ours)
    assert back.data_ptr() == theirs.data_ptr() and back.stride() == theirs.stride()
    assert torch.as_tensor(ours).data_ptr() == theirs.data_ptr()
