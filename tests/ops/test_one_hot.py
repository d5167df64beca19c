"""Classes as vectors."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import OpCase, integers, parametrize

LABELS = [integers(3, 5, low=0, high=4)]
CASES = [
    OpCase("one_hot", lambda i: F.one_hot(i, 6), LABELS, lambda i: np.eye(6, dtype=int)[i]),
    OpCase("one_hot_int32", lambda i: F.one_hot(i, 4),
           [integers(3, 5, low=0, high=4, dtype="int32")], lambda i: np.eye(4, dtype=int)[i]),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_number_of_classes():
    assert F.one_hot(fd.tensor([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert F.one_hot(fd.tensor(1)).tolist() == [0, 1]
    assert F.one_hot(fd.zeros(0, dtype=fd.int64), 3).shape == (0, 3)


def test_compiled():
    step = fd.compile(lambda i: F.one_hot(i, 3).float())
    for labels in ([0, 2], [1, 1]):
        assert step(fd.tensor(labels)).tolist() == F.one_hot(fd.tensor(labels), 3).tolist()
    with pytest.raises(IndexError, match=r"one_hot: tensor: .*got 3"):
        step(fd.tensor([0, 3]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.one_hot(fd.tensor([[0, 3]]), 3), IndexError,
         r"one_hot: tensor: expected ints in \[0, 2\] .*got 3 at position \(0, 1\)"),
        (lambda: F.one_hot(fd.tensor([-1]), 3), IndexError, r"one_hot: tensor: .*got -1"),
        (lambda: F.one_hot(fd.tensor([-1])), IndexError, r"one_hot: tensor: .*got -1"),
        (lambda: F.one_hot(fd.tensor([1.0])), TypeError, r"one_hot: tensor: .*got float32"),
        (lambda: F.one_hot(fd.tensor([1]), 0), ValueError, r"one_hot: num_classes: .*got 0"),
        (lambda: F.one_hot(fd.zeros(0).long()), ValueError, r"one_hot: num_classes"),
        (lambda: F.one_hot([1], 2), TypeError, r"one_hot: tensor: expected a Tensor"),
        (lambda: F.one_hot(fd.zeros([1] * 8).long(), 2), ValueError, r"at most 8"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
