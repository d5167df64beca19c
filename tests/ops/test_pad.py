"""Padding."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, randn

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
PADS = {"last": (1, 2), "two": (2, 0, 1, 2), "all": (0, 3, 1, 1, 1, 0), "none": (0, 0), "": ()}


def numpy_pad(x, pad, mode):
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    pairs += [(0, 0)] * (x.ndim - len(pairs))
    return np.pad(x, pairs[::-1], MODES[mode])


CASES = [
    OpCase(f"{mode}_{name}", lambda x, p=p, m=mode: F.pad(x, p, m), [randn(2, 3, 5)],
           lambda x, p=p, m=mode: numpy_pad(x, p, m), ulp=0, empty=mode == "constant", exact=False,
           fixed=mode != "constant")
    for mode in MODES
    for name, p in PADS.items()
] + [
    OpCase("crop", lambda x: F.pad(x, (-1, -2, 0, -1)), [randn(2, 3, 5)],
           lambda x: x[:, :-1, 1:-2], ulp=0, empty=False, fixed=True),
    OpCase("crop_and_pad", lambda x: F.pad(x, (-1, 2), value=1.5), [randn(2, 3, 5)],
           lambda x: np.pad(x[..., 1:], ((0, 0), (0, 0), (0, 2)), constant_values=1.5), ulp=0,
           empty=False, fixed=True),
    OpCase("crop_circular", lambda x: F.pad(x, (-1, 2), "circular"), [randn(2, 3, 5)],
           lambda x: np.pad(x[..., 1:], ((0, 0), (0, 0), (0, 2)), "wrap"), ulp=0, empty=False,
           fixed=True, exact=False),
    OpCase("crop_reflect", lambda x: F.pad(x, (-1, 2), "reflect"), [randn(2, 3, 5)],
           lambda x: np.pad(x, ((0, 0), (0, 0), (0, 2)), "reflect")[..., 1:], ulp=0, empty=False,
           fixed=True, exact=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_dtypes_and_nothing():
    assert F.pad(fd.tensor([1, 2]), (1, 0), value=7).tolist() == [7, 1, 2]
    assert F.pad(fd.tensor([True]), (1, 1)).tolist() == [False, True, False]
    assert F.pad(fd.zeros(0), (1, 2), value=3).tolist() == [3, 3, 3]
    assert F.pad(fd.ones(3), (-1, -2)).shape == (0,)
    assert F.pad(fd.tensor(2.0), ()).item() == 2
    assert F.pad(fd.ones(2), (1, 1), value=np.inf).tolist() == [np.inf, 1, 1, np.inf]
    with pytest.raises(ValueError, match="replicate padding for dimension 0 of size 0"):
        F.pad(fd.zeros(0), (1, 0), "replicate")


X = fd.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.pad(X, (1,)), ValueError, r"pad: pad: expected pairs .*got \(1,\)"),
        (lambda: F.pad(X, (1,) * 6), ValueError, r"pad: pad: .*at most 2 dimensions"),
        (lambda: F.pad(X, (1.5, 0)), TypeError, r"pad: pad: expected a tuple of ints"),
        (lambda: F.pad(X, 1), TypeError, r"pad: pad: expected a tuple of ints, got 1"),
        (lambda: F.pad(X, (1, 1), "mirror"), ValueError, r"pad: mode: .*'mirror'"),
        (lambda: F.pad(X, (1, 1), "reflect", 2.0), ValueError, r"pad: value: expected None"),
        (lambda: F.pad(X, (-2, -2)), ValueError, r"pad: pad: .*3 elements of dimension 1"),
        (lambda: F.pad(X, (-4, 4)), ValueError, r"pad: pad: .*got -4 and 4"),
        (lambda: F.pad(X, (3, 0), "reflect"), ValueError, r"at most 2 elements of reflect padding"),
        (lambda: F.pad(X, (0, 4), "circular"), ValueError, r"at most 3 .*circular.*size 3, got 0"),
        (lambda: F.pad([1], (1, 1)), TypeError, r"pad: input: expected a Tensor"),
        (lambda: F.pad(X.to(fd.uint8), (1, 1), value=256), ValueError, r"fits into uint8, got 256"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
