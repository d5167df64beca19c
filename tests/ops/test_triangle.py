"""The triangles of matrices."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

CASES = [
    OpCase(f"{name}{k}", lambda x, f=f, k=k: f(x, k), [randn(2, 3, 5)],
           lambda x, n=n, k=k: n(x, k), ulp=0)
    for name, f, n in (("tril", fd.tril, np.tril), ("triu", fd.triu, np.triu))
    for k in (-4, -1, 0, 1, 7)
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", [fd.float64, fd.int64, fd.int32, fd.uint8, fd.bool])
def test_every_dtype(dtype):
    x = fd.ones(3, 4, dtype=dtype)
    for f, n in ((fd.tril, np.tril), (fd.triu, np.triu)):
        assert f(x).dtype is dtype
        np.testing.assert_array_equal(f(x, 1).numpy(), n(x.numpy(), 1))


def test_what_is_left_out_spreads_no_nan():
    x = fd.full((3, 3), np.nan)
    assert (fd.tril(x, -3).numpy() == 0).all() and (fd.triu(x, 3).numpy() == 0).all()
    assert np.isnan(fd.tril(x).numpy()).tolist() == np.tri(3, dtype=bool).tolist()


def test_far_diagonals():
    x = fd.ones(2, 3)
    for k in (2**63 - 1, -(2**63)):
        assert fd.tril(x, k).sum().item() == (6 if k > 0 else 0)
        assert fd.triu(x, k).sum().item() == (0 if k > 0 else 6)


def test_in_place():
    x = fd.ones(3, 3)
    assert x.tril_() is x and x.tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert x.triu_(0).tolist() == fd.eye(3).tolist()
    w = fd.ones(2, 2, requires_grad=True)
    y = w * 2
    y.T.tril_()
    y.sum().backward()
    assert w.grad.tolist() == [[2, 2], [0, 2]]


@pytest.mark.parametrize("shape", [(3, 4), (4, 2), (1, 1), (0, 3), (3, 0)])
def test_indices(shape):
    for k in (-5, -1, 0, 1, 5):
        expected = np.stack(np.tril_indices(shape[0], k, shape[1]))
        np.testing.assert_array_equal(fd.tril_indices(*shape, k).numpy(), expected)
        expected = np.stack(np.triu_indices(shape[0], k, shape[1]))
        np.testing.assert_array_equal(fd.triu_indices(*shape, k).numpy(), expected)
    i, j = fd.tril_indices(*shape, dtype=fd.int32)
    assert i.dtype is fd.int32 and i.shape == j.shape


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.tril(fd.ones(3)), ValueError, r"tril: input: .*2 dimensions, got shape \(3"),
        (lambda: fd.triu(fd.tensor(1.0)), ValueError, r"triu: input: .*got shape \(\)"),
        (lambda: fd.triu([1]), TypeError, r"triu: input"),
        (lambda: fd.tril(fd.ones(2, 2), 0.5), TypeError, r"tril: diagonal"),
        (lambda: fd.tril_indices(-1, 2), ValueError, r"tril_indices: row: .*got -1"),
        (lambda: fd.triu_indices(1, -2), ValueError, r"triu_indices: col: .*got -2"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
