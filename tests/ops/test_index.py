"""Indexing by arrays and masks; selecting and adding along a dimension."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, given, integers, parametrize, randn

ROW = given([2, 0, 2, 1]).constant()
PLACES = integers(2, 6, 3, low=0, high=4)


def along(axis, index):
    """The index arrays that mean "index along axis" for an array of three dimensions."""
    grid = list(np.ix_(*[range(n) for n in index.shape]))
    grid[axis] = index
    return tuple(grid)


def numpy_index_add(x, index, source):
    out = x.copy()
    np.add.at(out, (slice(None), index), source)
    return out


def numpy_index_copy(x, index, source):
    out = x.copy()
    out[:, index] = source
    return out


def numpy_scatter_add(x, index, src):
    out = x.copy()
    np.add.at(out, along(1, index), src[:, :6])
    return out


def numpy_scatter(x, index, src):
    out = x.copy()
    out[along(1, index)] = src[:, : index.shape[1]]
    return out


def numpy_scatter_last(x, index, src):
    out = x.copy()
    out[[[0], [1]], index] = src
    return out


def assigned(x, value):
    y = x * 1
    y[:, [2, 0]] = value
    return y


def numpy_assigned(x, value):
    y = x.copy()
    y[:, [2, 0]] = value
    return y


CASES = [
    OpCase("index_select", lambda x, i: fd.index_select(x, 1, i), [randn(5, 3, 2), ROW],
           lambda x, i: x[:, i], ulp=0, empty=False),
    OpCase("index_select_first", lambda x, i: x.index_select(0, i), [randn(3, 7), ROW],
           lambda x, i: x[i], ulp=0, empty=False),
    OpCase("index_add", lambda x, i, s: fd.index_add(x, 1, i, s),
           [randn(5, 3, 2), ROW, randn(5, 4, 2)], numpy_index_add, empty=False),
    OpCase("index_add_last", lambda x, i, s: fd.index_add(x, -1, i, s, alpha=0.5),
           [randn(5, 3), ROW, randn(5, 4)], lambda x, i, s: numpy_index_add(x, i, s / 2),
           empty=False),
    OpCase("index_copy", lambda x, s: fd.index_copy(x, 1, fd.tensor([2, 0]), s),
           [randn(5, 3, 4), randn(5, 2, 4)], lambda x, s: numpy_index_copy(x, [2, 0], s), ulp=0,
           empty=False),
    OpCase("gather", lambda x, i: fd.gather(x, 1, i), [randn(2, 4, 3), PLACES],
           lambda x, i: np.take_along_axis(x, i, 1), ulp=0, empty=False),
    OpCase("gather_part", lambda x, i: fd.gather(x, 0, i), [randn(4, 7, 3), PLACES],
           lambda x, i: np.take_along_axis(x[:, :6], i, 0), ulp=0, empty=False),
    OpCase("scatter_add", lambda x, i, s: fd.scatter_add(x, 1, i, s),
           [randn(2, 4, 3), PLACES, randn(2, 6, 3)], numpy_scatter_add, empty=False),
    OpCase("scatter_add_part", lambda x, i, s: fd.scatter_add(x, 1, i, s),
           [randn(2, 4, 3), PLACES, randn(2, 8, 3)], numpy_scatter_add, empty=False),
    OpCase("scatter", lambda x, i, s: fd.scatter(x, 1, i, s),
           [randn(2, 4, 3), PLACES, randn(2, 6, 3)], numpy_scatter, ulp=0, empty=False),
    OpCase("scatter_part", lambda x, i, s: x.scatter(1, i, s),
           [randn(2, 4, 3), PLACES, randn(2, 8, 3)], numpy_scatter, ulp=0, empty=False),
    OpCase("scatter_last", lambda x, i, s: x.scatter(-1, i, s),
           [randn(3, 5), given([[1, 4, 1], [0, 0, 2]]).constant(), randn(2, 3)],
           lambda x, i, s: numpy_scatter_last(x, i, s), ulp=0, empty=False),
    OpCase("scatter_value", lambda x, i: x.scatter(1, i, 0.5), [randn(2, 4, 3), PLACES],
           lambda x, i: numpy_scatter(x, i, np.full_like(i, 0.5, x.dtype)), ulp=0, empty=False),
    OpCase("index_fill", lambda x, i: x.index_fill(1, i, 0.5), [randn(5, 3, 2), ROW],
           lambda x, i: numpy_index_copy(x, i, 0.5), ulp=0, empty=False),
    OpCase("index_fill_tensor", lambda x, i, v: x.index_fill(1, i, v),
           [randn(5, 3, 2), given([2, 0]).constant(), randn()], numpy_index_copy, ulp=0,
           empty=False),
    OpCase("take_along_dim", lambda x, i: fd.take_along_dim(x, i, -2),
           [randn(5, 4, 3), integers(1, 6, 3, low=0, high=4)],
           lambda x, i: np.take_along_axis(x, i, -2), ulp=0, empty=False),
    OpCase("take_along_dim_flat", lambda x, i: x.take_along_dim(i),
           [randn(5, 4), integers(2, 3, low=0, high=20)],
           lambda x, i: np.take_along_axis(x, i.reshape(-1), None), ulp=0, empty=False),
    OpCase("getitem", lambda x, i: x[i], [randn(3, 7), ROW], lambda x, i: x[i], ulp=0, empty=False),
    OpCase("getitem_pairs", lambda x, i: x[fd.arange(4), i], [randn(4, 3), ROW],
           lambda x, i: x[np.arange(4), i], ulp=0, empty=False),
    OpCase("getitem_mask", lambda x: x[:, [True, False, True]], [randn(5, 3)],
           lambda x: x[:, [True, False, True]], ulp=0, empty=False),
    OpCase("setitem", assigned, [randn(5, 3, 4), randn(2, 4)], numpy_assigned, ulp=0, empty=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


ROWS, MASK = np.array([0, -1, 2]), np.array([True, False, True, True])
FIRST_TWO = np.arange(20).reshape(4, 5) % 3 == 0
FULL = slice(None)
KEYS = {
    "array": ROWS,
    "list": [0, 2],
    "list_mask": [True, False, True, True],
    "int32": ROWS.astype(np.int32),
    "second": (FULL, ROWS),
    "last": (..., ROWS),
    "middle_from_the_end": (..., ROWS, FULL),
    "mask": MASK,
    "mask_of_two": FIRST_TWO,
    "mask_of_all": np.arange(120).reshape(4, 5, 6) % 7 == 0,
    "mask_of_last_two": (FULL, np.arange(30).reshape(5, 6) % 4 == 1),
    "mask_and_array": (MASK, ROWS),
    "mask_of_none": np.zeros(4, bool),
    "no_index": [],
    "pair": (ROWS, ROWS),
    "pair_broadcast": (ROWS, np.array([[1], [3]])),
    "pair_apart": (ROWS, FULL, ROWS),
    "triple": (ROWS, ROWS, ROWS),
    "matrix": np.array([[1, 2], [3, 0]]),
    "after_slice": (slice(1, 3), ROWS),
    "before_slice": (ROWS, slice(1, 4, 2)),
    "with_none": (None, ROWS),
    "none_after": (ROWS, None),
    "with_int": (ROWS, 1),
    "numpy_int": (np.int64(1), ROWS),
    "int_last": (ROWS, FULL, 0),
}


def as_tensors(key):
    if isinstance(key, tuple):
        return tuple(as_tensors(k) if isinstance(k, np.ndarray) else k for k in key)
    return fd.tensor(key) if isinstance(key, np.ndarray) else key


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("convert", [lambda key: key, as_tensors], ids=["numpy", "tensor"])
def test_keys_as_in_numpy(name, contiguous, convert):
    rng = np.random.default_rng(0)
    x, key = rng.standard_normal((4, 5, 6)).astype("float32"), KEYS[name]
    expected = x[key] if name != "int_last" else x[..., 0][ROWS]

    def make():
        return fd.tensor(x) if contiguous else fd.tensor(x.T.copy()).permute(2, 1, 0)

    got = make()[convert(key)].numpy()
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)
    for value in (
        7.5,
        rng.standard_normal(expected.shape),
        rng.standard_normal(expected.shape[1:]),
    ):
        changed, t = x.copy(), make()
        version = t._version
        changed[key] = value
        t[convert(key)] = value
        np.testing.assert_array_equal(t.numpy(), changed)
        assert t._version > version


def test_ints_are_applied_before_arrays():
    x = fd.arange(120).reshape(4, 5, 6)
    rows = fd.tensor([0, 2, 3])
    assert x[0, :, rows].shape == (5, 3)  # PyTorch's rule; NumPy has (3, 5)
    assert x[0, :, rows].tolist() == x[0][:, rows].tolist()


def test_gradient_of_assignment_goes_to_both():
    x, v = fd.ones(4, requires_grad=True), fd.ones(2, requires_grad=True)
    y = x * 1
    y[fd.tensor([3, 0])] = v * 2
    (y * fd.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert x.grad.tolist() == [0, 2, 3, 0] and v.grad.tolist() == [8, 2]


def test_repeated_indices():
    x = fd.zeros(5)
    x[[1, 1, 3]] = fd.tensor([1.0, 2.0, 3.0])
    assert x.tolist() == [0, 2, 0, 3, 0]  # the last one stays
    w = fd.ones(3, requires_grad=True)
    w[fd.tensor([1, 1, 0, -2])].sum().backward()
    assert w.grad.tolist() == [1, 3, 0]


def test_the_last_of_several_has_the_gradient():
    x, src = fd.zeros(3, requires_grad=True), fd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.scatter(0, fd.tensor([1, 1, 0]), src)
    assert y.tolist() == [3, 2, 0]
    y.backward(fd.tensor([5.0, 6.0, 7.0]))
    assert x.grad.tolist() == [0, 0, 7] and src.grad.tolist() == [0, 6, 5]


def test_index_fill_counts_from_the_end():
    x = fd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for dtype in (fd.int64, fd.int32):
        assert x.index_fill(0, fd.tensor([-1, 0], dtype=dtype), 9).tolist() == [9, 2, 9]
    x.index_fill(0, fd.tensor([-1]), 9).sum().backward()
    assert x.grad.tolist() == [1, 1, 0]


@pytest.mark.parametrize("dtype", [fd.float64, fd.int64, fd.int32, fd.uint8, fd.bool])
def test_every_dtype_is_scattered(dtype):
    x = fd.zeros(2, 2, dtype=dtype).scatter(1, fd.tensor([[1], [0]]), fd.ones(2, 1, dtype=dtype))
    assert x.dtype is dtype and x.int().tolist() == [[0, 1], [1, 0]]


def test_in_place():
    i, s = fd.tensor([2, 0]), fd.tensor([5.0, 6.0])
    places = i.unsqueeze(0)
    w = fd.ones(2, requires_grad=True)
    for change, expected in [
        (lambda x: x.index_add_(1, i, s.expand(2, 2)), [[7, 1, 6], [7, 1, 6]]),
        (lambda x: x.index_copy_(1, i, s.expand(2, 2)), [[6, 1, 5], [6, 1, 5]]),
        (lambda x: x.index_fill_(1, i, 9.0), [[9, 1, 9], [9, 1, 9]]),
        (lambda x: x.scatter_(1, places, s.unsqueeze(0)), [[6, 1, 5], [1, 1, 1]]),
        (lambda x: x.scatter_(1, places, 3), [[3, 1, 3], [1, 1, 1]]),
        (lambda x: x.scatter_(1, places, value=3), [[3, 1, 3], [1, 1, 1]]),
        (lambda x: x.scatter_add_(1, places, s.unsqueeze(0)), [[7, 1, 6], [1, 1, 1]]),
    ]:
        x = fd.ones(2, 3)
        version = x._version
        assert change(x) is x and x._version > version
        assert x.tolist() == expected
        with pytest.raises(RuntimeError, match="leaf"):
            change(fd.ones(2, 3, requires_grad=True))
    y = w * 2
    y.scatter_(0, fd.tensor([1]), 7.0)
    y.sum().backward()
    assert w.grad.tolist() == [2, 0]


def test_overlapping_assignment():
    x = fd.arange(5)
    x[[1, 2, 3]] = x[:3]
    assert x.tolist() == [0, 0, 1, 2, 4]
    i = fd.tensor([2, 0, 1])
    i[i] = i * 10
    assert i.tolist() == [0, 10, 20]


def test_sums_have_a_fixed_order():
    x = fd.tensor([1.0], dtype=fd.float32)
    source = fd.tensor([1e8, -1e8, 1.0])
    index = fd.zeros(3, dtype=fd.int64)
    expected = np.float32(np.float32(np.float32(1 + 1e8) - 1e8) + 1)
    assert x.index_add(0, index, source).item() == expected
    assert x.scatter_add(0, index, source).item() == expected


@pytest.mark.parametrize("dtype", [fd.float32, fd.int64, fd.int32, fd.uint8, fd.bool])
def test_every_dtype_is_selected(dtype):
    x = fd.tensor([[0, 1], [1, 1], [1, 0]]).to(dtype)
    assert x[[2, 0]].dtype is dtype
    assert x[[2, 0]].int().tolist() == [[1, 0], [0, 1]]
    assert x.gather(1, fd.tensor([[1], [0]])).int().tolist() == [[1], [1]]


def test_changed_index_is_noticed():
    x, index = fd.ones(3, requires_grad=True), fd.tensor([0, 1])
    y = x.index_select(0, index)
    index[0] = 2
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_nothing():
    none = fd.zeros(0, dtype=fd.int64)
    assert fd.ones(3, 2)[none].shape == (0, 2)
    assert fd.ones(3, 0).index_select(0, fd.tensor([1, 1])).shape == (2, 0)
    assert fd.ones(3).index_add(0, none, fd.zeros(0)).tolist() == [1, 1, 1]
    assert fd.ones(2, 3).gather(1, fd.zeros(2, 0, dtype=fd.int64)).shape == (2, 0)
    assert fd.ones(2, 3).scatter_add(1, fd.zeros(2, 0, dtype=fd.int64), fd.ones(2, 0)).shape == (
        2,
        3,
    )


X = fd.ones(4, 5, 6)
t, z = fd.tensor, fd.zeros
ERRORS = [
    (lambda: X[t([0, 4])], IndexError,
     r"ints in \[-4, 3\] for dimension 0 of size 4, got 4 at position \(1,\)"),
    (lambda: X[:, t([[0], [-6]])], IndexError,
     r"ints in \[-5, 4\] for dimension 1 of size 5, got -6 at position \(1, 0\)"),
    (lambda: X.index_select(0, t([-1])), IndexError,
     r"index_select: index: expected ints in \[0, 3\] for dimension 0 of size 4, got -1"),
    (lambda: X.gather(1, t([[[5]]])), IndexError, "gather: index: .* got 5 at position"),
    (lambda: X.index_add(0, t([9]), z(1, 5, 6)), IndexError, "index_add: index: .* got 9"),
    (lambda: X.index_copy(0, t([9]), z(1, 5, 6)), IndexError, "index_copy: index: .* got 9"),
    (lambda: X.scatter_add(1, t([[[-1]]]), z(1, 1, 1)), IndexError, "scatter_add: .* got -1"),
    (lambda: X.__setitem__(t([0, 9]), 0), IndexError, "got 9 at position"),
    (lambda: z(0)[t([0])], IndexError, "of size 0, got 0"),
    (lambda: X[t([1.0])], TypeError, "index: expected arrays of int64, int32 or bool, got float32"),
    (lambda: X[[0.5]], TypeError, "index: expected arrays of ints or bools, got float64"),
    (lambda: X[t([0], dtype=fd.uint8)], TypeError, "index: .* got uint8"),
    (lambda: X[True], TypeError, "index: .* got the bool True"),
    (lambda: X["a"], TypeError, "index: .* got str"),
    (lambda: X[t([True, False])], IndexError,
     r"a mask of shape \(2,\) does not fit dimensions 0 to 0 of shape \(4, 5, 6\)"),
    (lambda: X[t([0, 1]), t([0, 1, 2])], IndexError, r"broadcast together, got shapes \(2,\) and"),
    (lambda: X[t([0]), 0, 0, 0], IndexError, "index: expected at most 3 indices"),
    (lambda: X.__setitem__(t([0, 1]), z(3, 5, 6)), ValueError,
     r"__setitem__: value: expected a shape that broadcasts to \(2, 5, 6\), got \(3, 5, 6\)"),
    (lambda: X.index_add(0, t([0]), z(2, 5, 6)), ValueError,
     r"index_add: source: expected shape \(1, 5, 6\), got \(2, 5, 6\)"),
    (lambda: X.index_add(0, t([0]), z(1, 5, 6, dtype=fd.float64)), TypeError,
     "index_add: source: expected dtype float32, got float64"),
    (lambda: z(3).bool().index_add(0, t([0]), z(1).bool()), TypeError, "no sums of dtype bool"),
    (lambda: X.index_select(0, t([[0]])), ValueError, "index: expected one dimension"),
    (lambda: X.index_select(0, t([1.0])), TypeError, "index: expected dtype int64"),
    (lambda: X.index_select(3, t([0])), IndexError, "index_select: dim: expected an int in"),
    (lambda: X.gather(1, t([0])), ValueError, "gather: index: expected 3 dimensions"),
    (lambda: X.gather(1, z(5, 1, 6).long()), ValueError, "gather: index: .* those of input"),
    (lambda: X.scatter_add(1, t([[[0]]]), z(1)), ValueError, "scatter_add: src: expected"),
    (lambda: X.scatter(1, t([[[5]]]), z(1, 1, 1)), IndexError, "scatter: index: .* got 5"),
    (lambda: X.scatter(1, t([[[-1]]]), 1), IndexError, "scatter: index: .* got -1"),
    (lambda: X.scatter(1, t([[[0]]])), TypeError, "scatter: expected one of src and value"),
    (lambda: X.scatter(1, t([[[0]]]), z(1, 1, 1).double()), TypeError,
     "scatter: src: expected dtype float32, got float64"),
    (lambda: X.to(fd.uint8).scatter(1, t([[[0]]]), 256), ValueError, "fits into uint8, got 256"),
    (lambda: X.scatter(1, t([0]), 1), ValueError, "scatter: index: expected 3 dimensions"),
    (lambda: X.index_fill(1, t([-6]), 1), IndexError,
     r"index_fill: index: expected ints in \[-5, 4\] for dimension 1 of size 5, got -6"),
    (lambda: X.index_fill(1, t([True]), 1), TypeError, "index_fill: index: .* got bool"),
    (lambda: X.index_fill(1, t([5]), 1), IndexError, "index_fill: index: .* got 5"),
    (lambda: X.index_fill(1, t([0]), z(1)), ValueError, "index_fill: value: expected a 0-d"),
    (lambda: X.index_fill(1, t([[0]]), 1), ValueError, "index_fill: input, index: expected"),
    (lambda: X.index_fill(3, t([0]), 1), IndexError, "index_fill: dim: expected"),
    (lambda: X.take_along_dim(t([[[5]]]), 1), IndexError, "take_along_dim: indices: .* got 5"),
    (lambda: X.take_along_dim(z(3, 1, 1).long(), 1), ValueError,
     r"take_along_dim: indices: .* \(4, 5, 6\) except in dimension 1, got \(3, 1, 1\)"),
    (lambda: X.take_along_dim(t([0]), 1), ValueError, "take_along_dim: indices: expected"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert (X.numpy() == 1).all()
