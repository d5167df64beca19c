"""Diagonals."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

A = (2, 3, 5)


def numpy_embed(x, offset, dim1, dim2):
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size), x.dtype)
    i = np.arange(x.shape[-1])
    out[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def case(name, fn, reference, *shape):
    return OpCase(name, fn, [randn(*(shape or A))], reference, ulp=0)


CASES = [
    *[case(f"diagonal{k}", lambda x, k=k: fd.diagonal(x, k, 1, 2),
           lambda x, k=k: np.diagonal(x, k, 1, 2)) for k in (-3, -1, 0, 2, 5, 9)],
    case("diagonal_swapped", lambda x: x.diagonal(1, -1, 0), lambda x: np.diagonal(x, 1, -1, 0)),
    case("diag_embed", fd.diag_embed, lambda x: numpy_embed(x, 0, -2, -1), 2, 3),
    case("diag_embed_offset", lambda x: x.diag_embed(-2), lambda x: numpy_embed(x, -2, -2, -1),
         2, 3),
    case("diag_embed_dims", lambda x: x.diag_embed(1, 2, 0), lambda x: numpy_embed(x, 1, 2, 0),
         2, 3),
    case("diag_of_vector", lambda x: fd.diag(x, 1), lambda x: np.diag(x, 1), 3),
    case("diag_of_matrix", lambda x: x.diag(-1), lambda x: np.diag(x, -1), 4, 3),
    OpCase("trace", fd.trace, [randn(3, 5)], np.trace),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_diagonal_is_a_view_and_diag_a_copy():
    x = fd.zeros(3, 4)
    x.diagonal(1).fill_(5)
    x.diag().fill_(9)
    assert x.tolist() == [[0, 5, 0, 0], [0, 0, 5, 0], [0, 0, 0, 5]]
    assert x.fill_diagonal_(2) is x and x.diagonal().tolist() == [2, 2, 2]
    y = fd.ones(2, 2, requires_grad=True) * 1
    y.diagonal().mul_(3)
    g = fd.autograd.grad((y * y).sum(), y)[0]
    assert g.tolist() == [[6, 2], [2, 6]]


def test_eye():
    np.testing.assert_array_equal(fd.eye(3).numpy(), np.eye(3, dtype="float32"))
    np.testing.assert_array_equal(fd.eye(2, 4, dtype=fd.int64).numpy(), np.eye(2, 4, dtype=int))
    np.testing.assert_array_equal(fd.eye(4, 2, dtype=bool).numpy(), np.eye(4, 2, dtype=bool))
    assert fd.eye(0).shape == (0, 0) and fd.eye(3, 0).shape == (3, 0)
    assert fd.eye(2, requires_grad=True).requires_grad


def test_far_offsets():
    x = fd.ones(2, 3)
    for offset in (2**62, -(2**63), 2**63 - 1):
        assert x.diagonal(offset).shape == (0,)


X = fd.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X[0].diagonal(), ValueError, r"diagonal: input: .*2 dimensions, got shape \(3"),
        (lambda: X.diagonal(0, 1, -1), ValueError, r"diagonal: dim1, dim2: .*got 1 and -1"),
        (lambda: X.diagonal(0, 0, 2), IndexError, r"diagonal: dim: .*got 2"),
        (lambda: X[0, 0].diag_embed(), ValueError, r"diag_embed: input: .*got shape \(\)"),
        (lambda: X.diag_embed(0, 1, 1), ValueError, r"diag_embed: dim1, dim2"),
        (lambda: X.diag_embed(0, 1, 3), IndexError, r"diag_embed: dim2: .*got 3"),
        (lambda: X[None].diag(), ValueError, r"diag: input: expected 1 or 2"),
        (lambda: X[0].trace(), ValueError, r"trace: input: expected 2 dimensions"),
        (lambda: X[0].fill_diagonal_(1), ValueError, r"fill_diagonal_: input"),
        (lambda: fd.eye(-1), ValueError, r"eye: n: expected at least 0, got -1"),
        (lambda: fd.eye(2, 1.5), TypeError, r"eye: m: expected an int, got 1.5"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
