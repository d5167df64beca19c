"""Sums of products over named dimensions."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

EQUATIONS = {
    "ij->ji": [(2, 3)],
    "ij": [(2, 3)],
    "ba": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->i": [(2, 3)],
    "ii->i": [(3, 3)],
    "ii": [(3, 3)],
    "iij->ji": [(3, 3, 2)],
    "iji->j": [(3, 2, 3)],
    "iii->i": [(3, 3, 3)],
    "i,i->i": [(3,), (3,)],
    "i,i": [(3,), (3,)],
    "i,j->ij": [(3,), (2,)],
    "i,j->ji": [(3,), (2,)],
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ij,kj->ki": [(2, 3), (4, 3)],
    "ij,ij->": [(2, 3), (2, 3)],
    "ij,ij->j": [(2, 3), (2, 3)],
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)],
    "bhid,bhjd->bhij": [(2, 3, 4, 5), (2, 3, 6, 5)],
    "bhij,bhjd->bihd": [(2, 3, 4, 6), (2, 3, 6, 5)],
    "bn,anm,bm->ba": [(2, 3), (4, 3, 5), (2, 5)],
    "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)],
    "ij,ik,il->jkl": [(2, 3), (2, 4), (2, 5)],
    "ijk,l->": [(2, 3, 4), (5,)],
    "...ij->...ji": [(2, 3, 4)],
    "...ij,...jk->...ik": [(2, 3, 4), (5, 2, 4, 6)],
    "i...,i...": [(3, 2), (3, 2)],
    "...,...": [(2, 3), (3,)],
    "...i,i": [(2, 3, 4), (4,)],
    "...->...": [(2, 3)],
    "i...->...": [(4, 2, 3)],
    "i...j,...->ji...": [(4, 2, 3), (2,)],
    "Ab,bA->bA": [(2, 3), (3, 2)],
    " i j , j -> i ": [(2, 3), (3,)],
    ",ij->ij": [(), (2, 3)],
    "->": [()],
}
CASES = [
    OpCase(f"einsum {equation}", lambda *x, e=equation: fd.einsum(e, *x),
           [randn(*shape) for shape in shapes],
           lambda *x, e=equation: np.asarray(np.einsum(e, *x)), exact=False)
    for equation, shapes in EQUATIONS.items()
] + [
    OpCase("broadcast_ones", lambda a, b: fd.einsum("ij,ij->ij", a, b), [randn(1, 3), randn(2, 1)],
           lambda a, b: a * b, exact=False, empty=False),
    OpCase("contracted_ones", lambda a, b: fd.einsum("ij,jk->ik", a, b), [randn(2, 1), randn(3, 4)],
           lambda a, b: a * b.sum(0), exact=False, empty=False),
    OpCase("all_ones", lambda a, b: fd.einsum("ij,ij->i", a, b), [randn(1, 1), randn(1, 1)],
           lambda a, b: (a * b)[0], exact=False, empty=False),
    OpCase("tensordot", lambda a, b: fd.tensordot(a, b), [randn(2, 3, 4), randn(3, 4, 5)],
           lambda a, b: np.tensordot(a, b), exact=False),
    OpCase("tensordot_pairs", lambda a, b: fd.tensordot(a, b, ([0, -1], [2, 0])),
           [randn(2, 3, 4), randn(4, 5, 2)], lambda a, b: np.tensordot(a, b, ([0, 2], [2, 0])),
           exact=False),
    OpCase("tensordot_none", lambda a, b: fd.tensordot(a, b, 0), [randn(2), randn(3, 4)],
           lambda a, b: np.tensordot(a, b, 0), exact=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_integers_and_lists():
    i = fd.arange(6).reshape(2, 3)
    expected = np.einsum("ij,kj->ik", i.numpy(), i.numpy())
    np.testing.assert_array_equal(fd.einsum("ij,kj->ik", i, i).numpy(), expected)
    np.testing.assert_array_equal(fd.einsum("ij,kj->ik", [i, i]).numpy(), expected)
    assert fd.einsum("ij->", i).item() == 15


def test_an_ellipsis_may_be_summed():
    x = np.arange(24.0).reshape(2, 3, 4)
    got = fd.einsum("i...j,...->ji", fd.tensor(x), fd.tensor([1.0, 2.0, 3.0]).double())
    np.testing.assert_array_equal(got.numpy(), (x * [[1], [2], [3]]).sum(1).T)


def test_a_permutation_is_a_view():
    x = fd.ones(2, 2)
    assert fd.einsum("ij->ji", x).data_ptr() == x.data_ptr()


M, V = fd.zeros(2, 3), fd.zeros(3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.einsum("ij,jk", M), ValueError, r"operands: expected 2 for 'ij,jk', got 1"),
        (
            lambda: fd.einsum("ij,j", M, M),
            ValueError,
            r"operands\[1\]: expected 1 dimensions for 'j', got shape \(2, 3\)",
        ),
        (
            lambda: fd.einsum("ij,ij", M, M.T),
            ValueError,
            r"operands\[1\]: expected size 2 for 'i' as in operands\[0\], got 3 of shape \(3, 2\)",
        ),
        (
            lambda: fd.einsum("ii", M),
            ValueError,
            r"operands\[0\]: expected one size for 'i', got 2 and 3",
        ),
        (lambda: fd.einsum("ii", fd.zeros(1, 3)), ValueError, r"operands\[0\]: expected one size"),
        (lambda: fd.einsum("...ij", V), ValueError, r"operands\[0\]: expected at least 2"),
        (lambda: fd.einsum("...,...", M, V[:2]), ValueError, r"operands\[1\]: .*'...'"),
        (lambda: fd.einsum("ij->ik", M), ValueError, r"'k' behind the arrow names no dimension"),
        (lambda: fd.einsum("ij->ii", M), ValueError, r"stands twice behind the arrow: 'ii'"),
        (lambda: fd.einsum("i1", M), ValueError, r"expected letters, .*got 'i1'"),
        (lambda: fd.einsum("i..j", M), ValueError, r"three points|expected letters"),
        (lambda: fd.einsum("ij->i->j", M), ValueError, r"expected letters"),
        (
            lambda: fd.einsum("ij,j", M, V.double()),
            TypeError,
            r"operands\[1\]: expected dtype float32 as of operands\[0\], got float64",
        ),
        (lambda: fd.einsum("ij,j", M, [1]), TypeError, r"operands\[1\]: expected a Tensor"),
        (lambda: fd.einsum(M, M), TypeError, r"einsum: equation: expected a str, got Tensor"),
        (lambda: fd.tensordot(M, M, 1), ValueError, r"tensordot: dims: .*equal sizes"),
        (lambda: fd.tensordot(M, M, 3), ValueError, r"tensordot: dims: .*\[0, 2\], got 3"),
        (lambda: fd.tensordot(M, M, ([0], [0, 1])), ValueError, r"tensordot: dims"),
        (lambda: fd.tensordot(M, M, ([0, 0], [0, 0])), ValueError, r"tensordot: dims\[0\]: .*once"),
        (
            lambda: fd.tensordot(M, M, "ab"),
            TypeError,
            r"tensordot: dims: expected an int or a pair",
        ),
        (lambda: fd.tensordot(M, M, ([2], [0])), IndexError, r"tensordot: dims\[0\]: .*got 2"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
