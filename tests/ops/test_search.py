"""Searching in sorted sequences, distinct elements, counts."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, booleans, given, integers, parametrize, randn

nan, inf = np.nan, np.inf
SORTED = np.array([-1.5, -1, -1, 0, 0.25, 0.25, 0.25, 2])


def in_rows(sequence, values, side):
    return np.stack([np.searchsorted(s, v, side) for s, v in zip(sequence, values, strict=True)])


CASES = [
    OpCase("searchsorted", fd.searchsorted, [given(SORTED), randn(3, 37)],
           lambda s, x: np.searchsorted(s, x).astype(np.int64), differentiable=False, empty=False),
    OpCase("searchsorted_rows", lambda s, x: fd.searchsorted(s, x, side="right"),
           [given(np.stack([SORTED, 2 * SORTED, SORTED + 1])), randn(3, 37)],
           lambda s, x: in_rows(s, x, "right"), differentiable=False, empty=False),
    OpCase("bucketize", lambda x, b: fd.bucketize(x, b, right=True), [randn(3, 37), given(SORTED)],
           lambda x, b: np.searchsorted(b, x, "right"), differentiable=False, empty=False),
    OpCase("isin", fd.isin, [integers(4, 9, low=0, high=9), integers(3, low=0, high=9)], np.isin),
    OpCase("histc", lambda x: fd.histc(x, 7, -1, 1.5), [randn(9, 37)],
           lambda x: np.histogram(x, 7, (-1, 1.5))[0].astype(x.dtype), differentiable=False),
    OpCase("bincount", lambda x: fd.bincount(x, minlength=12), [integers(37, low=0, high=9)],
           lambda x: np.bincount(x, minlength=12)),
    OpCase("bincount_weighted", fd.bincount, [integers(37, low=0, high=9), randn(37)],
           lambda x, w: np.array([w[x == i].sum() for i in range(x.max() + 1)]), empty=False),
    OpCase("unique", lambda x: fd.unique(x, True, True, True), [integers(9, 7, low=-9, high=9)],
           lambda x: np.unique(x, return_inverse=True, return_counts=True)),
    OpCase("unique_rows", lambda x: fd.unique(x, return_counts=True, dim=0), [booleans(29, 3)],
           lambda x: np.unique(x, axis=0, return_counts=True)),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", [fd.float32, fd.float64, fd.int64, fd.int32, fd.uint8])
def test_searchsorted_every_length(dtype):
    rng = np.random.default_rng(0)
    for n in (*range(20), 63, 64, 65, 1000):
        s = np.sort(rng.integers(0, 40, n)).astype(dtype.name)
        x = rng.integers(0, 42, 100).astype(dtype.name)
        for side in ("left", "right"):
            got = fd.searchsorted(fd.tensor(s), fd.tensor(x), side=side)
            np.testing.assert_array_equal(got.numpy(), np.searchsorted(s, x, side))


def test_searchsorted_puts_nan_last():
    s = fd.tensor([1.0, inf, nan, nan])
    x = fd.tensor([nan, inf, 5.0, -inf])
    assert fd.searchsorted(s, x).tolist() == [2, 1, 1, 0]
    assert fd.searchsorted(s, x, right=True).tolist() == [4, 2, 1, 0]


def test_searchsorted_forms():
    s = fd.tensor([1.0, 3.0, 5.0])
    assert fd.searchsorted(s, 3).item() == 1 and fd.searchsorted(s, 3.0, right=True).item() == 2
    assert fd.searchsorted(s, 4, out_int32=True).dtype is fd.int32
    x = fd.tensor([5.0, 1.0, 3.0])
    assert fd.searchsorted(x, fd.tensor([2.0, 9.0]), sorter=x.argsort()).tolist() == [1, 3]
    assert fd.bucketize(fd.tensor([[0.0, 3.0], [4.0, 9.0]]), s).tolist() == [[0, 1], [2, 3]]
    assert fd.searchsorted(s, fd.zeros(0, 4)).shape == (0, 4)
    assert fd.searchsorted(s[:0], fd.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("sequence", "value", "place"),
    [
        ([1, 2, 3], 2.5, 2),
        ([1, 2, 3], nan, 3),
        ([1, 2, 3], inf, 3),
        (fd.tensor([1, 2], dtype=fd.uint8), 300.0, 2),
        (fd.tensor([1, 2], dtype=fd.uint8), 300, 2),
        (fd.tensor([1, 2], dtype=fd.uint8), -1, 0),
        ([2**24, 2**24 + 1], 2.0**24 + 1, 1),
        ([0.1], 0.1, 0),  # taken as float32
        ([1, 2, 3], fd.tensor(2.5), 2),
        ([1.0, 2.5], fd.tensor(2), 1),
        ([1.0, 2.0], fd.tensor(1.0 + 1e-12, dtype=fd.float64), 1),
    ],
)
def test_searchsorted_promotes(sequence, value, place):
    sequence = fd.tensor(sequence) if isinstance(sequence, list) else sequence
    assert fd.searchsorted(sequence, value).item() == place
    assert fd.bucketize(value, sequence).item() == place


def test_isin_forms():
    x = fd.tensor([1.0, nan, 3.0])
    assert fd.isin(x, fd.tensor([3, 7])).tolist() == [False, False, True]
    assert fd.isin(x, fd.tensor([nan])).tolist() == [False] * 3
    assert fd.isin(x, 1, invert=True).tolist() == [False, True, True]
    assert fd.isin(2, fd.tensor([1, 2])).item() is True
    assert fd.isin(fd.tensor([0.1], dtype=fd.float64), 0.1).item() is True
    assert fd.isin(x, fd.zeros(0)).tolist() == [False] * 3


def test_unique_forms():
    x = fd.tensor([[3.0, -0.0, 3.0], [0.0, nan, nan]])
    values, inverse, counts = fd.unique(x, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(values.numpy(), [0, 3, nan, nan])
    assert inverse.tolist() == [[1, 0, 1], [0, 2, 3]] and counts.tolist() == [2, 2, 1, 1]
    x = fd.tensor([1, 1, 2, 2, 2, 1])
    assert x.unique_consecutive().tolist() == [1, 2, 1]
    values, inverse, counts = x.unique_consecutive(True, True)
    assert inverse.tolist() == [0, 0, 1, 1, 1, 2] and counts.tolist() == [2, 3, 1]
    x = fd.tensor([[1, 2, 1], [0, 2, 0]])
    values, inverse = x.unique(return_inverse=True, dim=1)
    assert values.tolist() == [[1, 2], [0, 2]] and inverse.tolist() == [0, 1, 0]
    assert x.unique_consecutive(dim=0).tolist() == x.tolist()
    assert fd.zeros(0).unique().shape == (0,) and fd.tensor(4).unique().tolist() == [4]
    assert not fd.ones(3, requires_grad=True).unique().requires_grad


def test_histc_forms():
    x = fd.tensor([1.0, 2.0, 1.0, nan, inf])
    assert fd.histc(x, 4, 0, 3).tolist() == [0, 2, 1, 0]
    assert fd.histc(x[:3], 2).tolist() == [2, 1] and fd.histc(x[:1], 3).tolist() == [0, 1, 0]
    assert fd.histc(fd.zeros(0), 3).tolist() == [0, 0, 0]
    big = fd.tensor([-1e308, 1e308, 0.0], dtype=fd.float64)  # max - min overflows
    assert fd.histc(big, 2).tolist() == [1, 2] and fd.histc(big, 2, -1e308, 1e308).tolist() == [
        1,
        2,
    ]


ERRORS = [
    (lambda x: fd.searchsorted(x[0, 0], x), ValueError, "searchsorted: sorted_sequence"),
    (lambda x: fd.searchsorted(x, fd.zeros(3, 3)), ValueError, "searchsorted: input: expected a"),
    (lambda x: fd.searchsorted(x[0], x, side="up"), ValueError, "searchsorted: side: .* 'up'"),
    (lambda x: fd.searchsorted(x[0], x, right=True, side="left"), ValueError, "side: .* 'left'"),
    (lambda x: fd.searchsorted(x[0], x, sorter=fd.arange(2)), ValueError, "sorter: expected shape"),
    (lambda x: fd.searchsorted(x[0], x, sorter=fd.arange(1, 4)), IndexError, "index"),
    (lambda x: fd.bucketize(x, x), ValueError, "bucketize: boundaries: expected one dimension"),
    (lambda x: x.unique(dim=2), IndexError, "unique: dim"),
    (lambda x: x.histc(0), ValueError, "histc: bins: expected at least 1, got 0"),
    (lambda x: x.histc(2, 1, 0), ValueError, "histc: min, max: expected finite min <= max"),
    (lambda x: (x / 0).histc(2), ValueError, "histc: min, max: expected finite"),
    (lambda x: x.int().histc(2), TypeError, "histc: input: expected dtype float32"),
    (lambda x: x.bincount(), TypeError, "bincount: input: expected a dtype of ints"),
    (lambda x: x.int().bincount(), ValueError, "bincount: input: expected one dimension"),
    (lambda x: fd.tensor([1, -1]).bincount(), ValueError, "bincount: input: .* at least 0, got -1"),
    (lambda x: fd.tensor([1]).bincount(x), ValueError, "bincount: weights: expected shape"),
    (lambda x: fd.tensor([1]).bincount(minlength=-1), ValueError, "bincount: minlength"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.zeros(2, 3))


@pytest.mark.parametrize("f", [fd.unique, fd.unique_consecutive, fd.bincount])
def test_shapes_that_depend_on_values_are_refused_in_a_compiled_step(f):
    with pytest.raises(fd.CaptureError, match=r"shape depends on values"):
        fd.compile(f)(fd.arange(3))
