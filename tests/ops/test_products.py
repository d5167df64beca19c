"""Products of vectors and matrices by name."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, positive, randn


def case(name, fn, inputs, reference, **more):
    return OpCase(name, fn, inputs, reference, exact=False, **more)


CASES = [
    case("dot", fd.dot, [positive(7), positive(7)], np.dot),
    case("inner", fd.inner, [randn(3, 7), randn(2, 5, 7)], np.inner, empty=False),
    case("inner_vectors", lambda a, b: a.inner(b), [positive(7), positive(7)], np.inner),
    case("outer", fd.outer, [randn(3), randn(5)], np.outer),
    case("mv", fd.mv, [randn(3, 5), randn(5)], np.matmul),
    case("mm", fd.mm, [randn(3, 5), randn(5, 2)], np.matmul),
    case("bmm", fd.bmm, [randn(4, 3, 5), randn(4, 5, 2)], np.matmul),
    case("addmm", fd.addmm, [randn(3, 2), randn(3, 5), randn(5, 2)], lambda c, a, b: c + a @ b),
    case("addmm_scaled", lambda c, a, b: fd.addmm(c, a, b, beta=0.5, alpha=-2),
         [randn(2), randn(3, 5), randn(5, 2)], lambda c, a, b: c * 0.5 - 2 * (a @ b)),
    case("addmv", fd.addmv, [randn(3), randn(3, 5), randn(5)], lambda c, a, b: c + a @ b),
    case("baddbmm", lambda c, a, b: c.baddbmm(a, b, alpha=3),
         [randn(3, 1), randn(4, 3, 5), randn(4, 5, 2)], lambda c, a, b: c + 3 * (a @ b),
         empty=False),
    case("kron", fd.kron, [randn(2, 3), randn(5, 4)], np.kron),
    case("kron_mixed", fd.kron, [randn(3), randn(2, 5, 4)], np.kron),
    case("cross", fd.cross, [randn(5, 3), randn(5, 3)], np.cross, empty=False, fixed=True),
    case("cross_first", lambda a, b: a.cross(b, 0), [randn(3, 5), randn(3, 1)],
         lambda a, b: np.cross(a, b, axis=0), empty=False, fixed=True),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_beta_of_zero_reads_no_input():
    a = fd.ones(2, 2)
    c = fd.full((2, 2), np.nan)
    assert fd.addmm(c, a, a, beta=0).tolist() == [[2, 2], [2, 2]]


def test_products_of_integers():
    i = fd.arange(3)
    assert fd.outer(i, i).tolist() == [[0, 0, 0], [0, 1, 2], [0, 2, 4]]
    assert fd.kron(i, fd.tensor([1, 10])).tolist() == [0, 0, 1, 10, 2, 20]
    assert fd.cross(i, fd.tensor([1, 0, 0])).tolist() == [0, 2, -1]


def test_nothing():
    z = fd.zeros
    assert fd.dot(z(0), z(0)).item() == 0
    assert fd.mm(z(2, 0), z(0, 3)).tolist() == [[0] * 3] * 2
    assert fd.bmm(z(0, 2, 3), z(0, 3, 4)).shape == (0, 2, 4)
    assert fd.inner(z(2, 0), z(3, 0)).tolist() == [[0] * 3] * 2
    assert fd.inner(z(0, 4), z(3, 4)).shape == (0, 3)
    assert fd.inner(fd.tensor(2.0), fd.ones(2, 3)).tolist() == [[2] * 3] * 2
    assert fd.outer(z(0), z(2)).shape == (0, 2)
    assert fd.addmm(fd.ones(3), z(2, 0), z(0, 3)).tolist() == [[1] * 3] * 2


M, V, B = fd.zeros(2, 3), fd.zeros(3), fd.zeros(4, 2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.dot(M, V), ValueError, r"dot: input: expected 1 dimension, got shape \(2, 3\)"),
        (lambda: fd.dot(V, V[:2]), ValueError, r"dot: tensor: expected shape \(3,\) .*got \(2,\)"),
        (lambda: fd.dot(V, V.double()), TypeError, r"float32 and float64"),
        (lambda: fd.dot(V, 3), TypeError, r"dot: tensor: expected a Tensor, got 3"),
        (lambda: fd.outer(M, V), ValueError, r"outer: input: expected 1 dimension"),
        (lambda: fd.inner(M, V[:2]), ValueError, r"inner: other: .*size 3 as of input, got .*2"),
        (lambda: fd.inner(M, 3), TypeError, r"inner: other: expected a Tensor, got 3"),
        (lambda: fd.inner(M, V.double()), TypeError, "inner: .*float32 and float64"),
        (lambda: fd.mv(M, V[:2]), ValueError, r"mv: vec: expected shape \(3,\)"),
        (lambda: fd.mm(M, M), ValueError, r"mm: mat2: expected shape \(3, n\) .*got \(2, 3\)"),
        (lambda: fd.mm(M, V), ValueError, r"mm: mat2: expected 2 dimensions"),
        (lambda: fd.bmm(B, B), ValueError, r"bmm: mat2: expected shape \(4, 3, n\)"),
        (lambda: fd.bmm(B, B.mT[:1]), ValueError, r"bmm: mat2: expected shape \(4, 3, n\)"),
        (lambda: fd.bmm(B, M), ValueError, r"bmm: mat2: expected 3 dimensions"),
        (lambda: fd.addmm(V, M, M.T), ValueError, r"addmm: input: .*\(2, 2\), got \(3,\)"),
        (lambda: fd.addmm(V.double(), M, M.T), ValueError, r"addmm: input"),
        (lambda: fd.addmm(M[:, :2].double(), M, M.T), TypeError, r"addmm: input: .*float64"),
        (lambda: fd.addmv(B, M, V), ValueError, r"addmv: input: .*\(2,\), got \(4, 2, 3\)"),
        (lambda: fd.baddbmm(V, B, B), ValueError, r"baddbmm: batch2: expected shape \(4, 3, n\)"),
        (lambda: fd.kron(fd.zeros([1] * 5), V), ValueError, r"kron: .*at most 4 dimensions"),
        (lambda: fd.cross(M, V), ValueError, r"cross: other: expected 2 dimensions"),
        (lambda: fd.cross(M, M, 0), ValueError, r"cross: input: expected size 3 in dimension 0"),
        (lambda: fd.cross(V, V, 1), IndexError, r"cross: dim: .*got 1"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
