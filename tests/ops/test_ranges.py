"""Points at equal distances, and grids of them."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

LINES = [randn(3), randn(5), randn(2)]
CASES = [
    OpCase("meshgrid", fd.meshgrid, LINES, lambda *x: tuple(np.meshgrid(*x, indexing="ij")), ulp=0),
    OpCase("meshgrid_xy", lambda *x: fd.meshgrid(x, indexing="xy"), LINES,
           lambda *x: tuple(np.meshgrid(*x)), ulp=0),
    OpCase("meshgrid_one", fd.meshgrid, LINES[:1], lambda x: (x,), ulp=0),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("ends", [(0, 1), (-3.5, 7), (5, -5), (2, 2), (0.1, 0.7)])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 100, 1001])
def test_linspace(ends, steps):
    for dtype in ("float32", "float64"):
        x = fd.linspace(*ends, steps, dtype=dtype).numpy()
        np.testing.assert_array_equal(x, np.linspace(*ends, steps).astype(dtype))
        if steps > 1:
            assert x[0] == np.dtype(dtype).type(ends[0]) and x[-1] == np.dtype(dtype).type(ends[1])


def test_dtypes():
    assert fd.linspace(0, 1, 3).dtype is fd.float32
    assert fd.linspace(np.float32(0), np.int64(1), np.int64(2)).tolist() == [0, 1]
    assert fd.linspace(-3, 3, 5, dtype=fd.int64).tolist() == [-3, -1, 0, 1, 3]  # -1.5 to zero
    assert fd.linspace(0, 1, 3, requires_grad=True).requires_grad
    assert fd.logspace(0, 3, 4).tolist() == [1, 10, 100, 1000]
    assert fd.logspace(-1, 2, 4, base=2, dtype=fd.float64).tolist() == [0.5, 1, 2, 4]
    assert fd.logspace(0, 400, 2, dtype=fd.float64).tolist() == [1, np.inf]


def test_grids_are_views():
    x = fd.arange(3)
    a, b = fd.meshgrid(x, fd.tensor(7))
    assert a.shape == b.shape == (3, 1)
    assert a.data_ptr() == x.data_ptr()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.linspace(0, 1, -1), ValueError, r"linspace: steps: .*got -1"),
        (lambda: fd.linspace(0, 1, 2.5), TypeError, r"linspace: steps: expected an int, got 2.5"),
        (lambda: fd.linspace("a", 1, 2), TypeError, r"linspace: start: expected a number, got str"),
        (lambda: fd.logspace(0, None, 2), TypeError, r"logspace: end: expected a number"),
        (lambda: fd.meshgrid(), ValueError, r"meshgrid: tensors: expected at least one"),
        (lambda: fd.meshgrid(fd.ones(2), 3), TypeError, r"meshgrid: tensors\[1\]"),
        (lambda: fd.meshgrid(fd.ones(2, 2)), ValueError, r"meshgrid: tensors\[0\]: .*\(2, 2\)"),
        (lambda: fd.meshgrid(fd.ones(2), indexing="yx"), ValueError, r"meshgrid: indexing: .*'yx'"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
