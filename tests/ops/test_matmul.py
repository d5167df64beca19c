"""Matrix products."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

SHAPES = {
    "vectors": ((7,), (7,)),
    "vector_matrix": ((7,), (7, 4)),
    "matrix_vector": ((3, 7), (7,)),
    "matrices": ((3, 7), (7, 4)),
    "row": ((1, 7), (7, 4)),
    "column": ((3, 7), (7, 1)),
    "one_by_one": ((1, 7), (7, 1)),
    "outer": ((3, 1), (1, 4)),
    "large": ((65, 70), (70, 33)),
    "batch_matrix": ((5, 3, 7), (7, 4)),
    "batch_vector": ((5, 3, 7), (7,)),
    "vector_batch": ((7,), (5, 7, 4)),
    "matrix_batch": ((3, 7), (5, 7, 4)),
    "batches": ((5, 3, 7), (5, 7, 4)),
    "broadcast": ((5, 1, 3, 7), (6, 7, 4)),
    "batch_of_rows": ((5, 1, 7), (5, 7, 4)),
}


def numpy_linear(x, w, b=None):
    return x @ w.T if b is None else x @ w.T + b


CASES = [
    *[
        OpCase(f"matmul_{name}", fd.matmul, [randn(*a), randn(*b)], np.matmul, exact=False)
        for name, (a, b) in SHAPES.items()
    ],
    *[
        OpCase(
            f"linear_{name}{'' if bias else '_unbiased'}",
            fd.linear,
            [randn(*shape, 7), randn(4, 7), *[randn(4)] * bias],
            numpy_linear,
            fallback=lambda x, w, *b: sum(b, x @ w.T),
            exact=False,
        )
        for name, shape in {"vector": (), "row": (1,), "rows": (3,), "batch": (5, 3)}.items()
        for bias in (True, False)
    ],
]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def layouts(x):
    """The same matrix in every memory layout: row-major, column-major, parts of larger ones."""
    rows, columns = x.shape
    wide = np.full((rows + 1, columns + 3), np.nan, x.dtype)
    wide[:rows, :columns] = x
    tall = np.full((columns + 2, rows + 1), np.nan, x.dtype)
    tall[:columns, :rows] = x.T
    steps = np.full((2 * rows, 2 * columns), np.nan, x.dtype)
    steps[::2, ::2] = x
    yield fd.tensor(x)
    yield fd.tensor(x.T.copy()).T
    yield fd.tensor(wide)[:rows, :columns]
    yield fd.tensor(tall)[:columns, :rows].T
    yield fd.tensor(steps)[::2, ::2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("m", "n", "k"), [(3, 4, 5), (1, 4, 5), (3, 1, 5), (3, 4, 1), (1, 1, 1)])
def test_every_layout_of_both_operands(m, n, k, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (k, n)))
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    bound = k * np.finfo(dtype).eps * (abs(a) @ abs(b))
    for x in layouts(a):
        for y in layouts(b):
            assert (np.abs((x @ y).numpy() - exact) <= bound).all()


def test_expanded_operands():
    x, w = fd.tensor([[1.0, 2.0, 3.0]]), fd.tensor([2.0, 3.0, 4.0])
    assert (x.expand(4, 3) @ w).tolist() == [20] * 4
    assert (x.expand(4, 3) @ x.expand(2, 3).T).tolist() == [[14, 14]] * 4
    assert fd.linear(x.expand(5, 4, 3), x, fd.tensor([1.0])).tolist() == [[[15]] * 4] * 5
    assert (x.expand(5, 1, 3) @ x.expand(5, 2, 3).mT).tolist() == [[[14, 14]]] * 5


@pytest.mark.parametrize("shape", [(1, 64), (64, 1), (8, 8)])
def test_old_memory_does_not_shine_through(shape):
    m, n = shape
    for _ in range(3):  # the pool hands the same memory out again
        fd.full(shape, float("nan"))
        assert (fd.ones(m, 4) @ fd.ones(4, n)).tolist() == [[4] * n] * m
        fd.full(shape, float("nan"))
        assert (fd.ones(m, 0) @ fd.ones(0, n)).tolist() == [[0] * n] * m


def test_nothing_to_sum_over():
    w, b = fd.zeros(2, 0, requires_grad=True), fd.tensor([1.0, 2.0], requires_grad=True)
    y = fd.linear(fd.zeros(3, 0), w, b)
    assert y.tolist() == [[1, 2]] * 3
    y.sum().backward()
    assert w.grad.shape == (2, 0) and b.grad.tolist() == [3, 3]
    assert fd.matmul(fd.zeros(4, 2, 0), fd.zeros(0, 3)).tolist() == [[[0] * 3] * 2] * 4
    assert fd.matmul(fd.zeros(0), fd.zeros(0)).item() == 0


def test_nan_stays_in_its_row_and_column():
    x = fd.ones(3, 4)
    x[1, 2] = float("nan")
    assert np.isnan((x @ fd.ones(4, 2)).numpy()).tolist() == [[False] * 2, [True] * 2, [False] * 2]


def test_only_wanted_gradients():
    x, w, b = fd.ones(2, 3), fd.ones(4, 3, requires_grad=True), fd.ones(4, requires_grad=True)
    fd.linear(x, w, b).sum().backward()
    assert x.grad is None and w.grad.tolist() == [[2] * 3] * 4 and b.grad.tolist() == [2] * 4
    node = fd.linear(x, w).grad_fn
    assert [t is None for t in node.saved_tensors] == [False, True]


def test_operators():
    x = fd.ones(2, 3)
    assert (x @ np.ones((3, 4), "float32")).shape == (2, 4)
    assert (np.ones((4, 2), "float32") @ x).shape == (4, 3)
    with pytest.raises(TypeError):
        x @ 2


z = fd.zeros
ERRORS = [
    (lambda: fd.matmul(z(2, 3), z(4, 5)), ValueError,
     r"matmul: other: expected 3 rows for input of shape \(2, 3\), got shape \(4, 5\)"),
    (lambda: fd.matmul(z(3), z(4)), ValueError, "matmul: other: expected 3 rows"),
    (lambda: fd.matmul(z(2, 2, 3), z(5, 3, 2)), ValueError, r"matmul: .* got \(2,\) and \(5,\)"),
    (lambda: fd.matmul(z(()), z(2)), ValueError, "matmul: expected at least one dimension"),
    (lambda: fd.matmul(z(2, 3), z(3, 2, dtype=fd.float64)), TypeError, "got float32 and float64"),
    (lambda: fd.matmul(fd.arange(3), fd.arange(3)), TypeError, "got int64 and int64"),
    (lambda: fd.linear(z(2, 3), z(4, 5)), ValueError, r"linear: input: expected shape \(..., 5\)"),
    (lambda: fd.linear(z(()), z(4, 5)), ValueError, r"linear: input: expected shape \(..., 5\)"),
    (lambda: fd.linear(z(2, 3), z(3)), ValueError, "linear: weight: expected shape"),
    (lambda: fd.linear(z(2, 3), z(4, 3), z(1)), ValueError, r"bias: expected shape \(4,\)"),
    (lambda: fd.linear(z(2, 3), z(4, 3), z(4, dtype=fd.float64)), TypeError, "linear: bias:"),
    (lambda: fd.linear(z(2, 3), z(4, 3).int()), TypeError, "input, weight: .* float32 and int32"),
    (lambda: fd.matmul(z(1).expand(2**31, 1), z(1, 1)), ValueError, r"sizes below 2\*\*31"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# What each kernel does at the ends of its blocks: rows 8 4 2 1, columns of two vectors, depths of
# 128; the product turned, in runs of 256; rows with rows; tiles, those of BLAS too; runs of a
# vector product.
ENDS = [
    (9, 33, 130), (15, 16, 1), (64, 31, 257), (70, 100, 300), (3, 65, 128), (67, 48, 129),
    (210, 400, 500), (401, 203, 601), (33, 2100, 700),
    (33, 300, 140), (19, 550, 70), (32, 4, 600), (5, 10, 150), (2, 9, 200), (13, 7, 640),
    (1, 1030, 70), (1, 70, 1031), (1100, 1, 33), (33, 1, 1100), (1, 5, 9), (2, 1, 600),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("m", "n", "k"), ENDS)
def test_the_ends_of_blocks(m, n, k, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (k, n)))
    bias = rng.standard_normal(n).astype(dtype)
    wide_a, wide_b = (x.astype(np.float64 if dtype == "float32" else np.longdouble) for x in (a, b))
    exact = wide_a @ wide_b
    # A sum of k products errs by some ulp of sum |a| |b|, the more the longer: eps sqrt(k) of it.
    scale = np.finfo(dtype).eps * (np.sqrt(k) + 2) * (np.abs(wide_a) @ np.abs(wide_b))
    fd._C.set_guards(True)
    try:
        for x in layouts(a):
            for y in layouts(b):
                assert (np.abs(fd.matmul(x, y).numpy() - exact) <= scale).all()
                with_bias = fd.nn.functional.linear(x, y.T, fd.tensor(bias)).numpy()
                assert (
                    np.abs(with_bias - (exact + bias)) <= scale + np.finfo(dtype).eps * np.abs(bias)
                ).all()
        fd._C.check_guards()
    finally:
        fd._C.set_guards(False)


@pytest.mark.parametrize(("m", "n", "k"), [(9, 33, 20), (1, 600, 20), (33, 1, 20), (300, 401, 300)])
def test_nan_reaches_its_row_and_column_alone(m, n, k):
    a, b = np.ones((m, k), "float32"), np.ones((k, n), "float32")
    a[m // 2, 3] = np.nan
    b[5, n // 2] = np.nan
    expected = np.zeros((m, n), bool)
    expected[m // 2] = expected[:, n // 2] = True
    assert (np.isnan(fd.matmul(fd.tensor(a), fd.tensor(b)).numpy()) == expected).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("m", "n", "k"), [*ENDS, (5, 4, 0)])
def test_what_a_compiled_step_lets_a_product_do(m, n, k, dtype):
    """`relu` and the addition to a sum give the bits of the calls one after the other."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (k, n)))
    bias, before = (fd.tensor(rng.standard_normal(s).astype(dtype)) for s in (n, (m, n)))
    if k:
        a[m // 2, k // 2] = np.nan
    fd._C.set_guards(True)
    try:
        for x in layouts(a):
            y = fd.tensor(b.T.copy())
            for row in (bias, None):
                apart = fd.relu(fd.linear(x, y, row))
                together = fd._C.linear(x, y, row, relu=True)
                assert together.numpy().tobytes() == apart.numpy().tobytes()
            if 2 * m * n * k > 64e6:  # in tiles by BLAS
                continue
            for y in layouts(b):
                together = before.clone()
                fd._C.matmul_add(together, x, y)
                assert together.numpy().tobytes() == (before + x @ y).numpy().tobytes()
        fd._C.check_guards()
    finally:
        fd._C.set_guards(False)


@pytest.mark.parametrize("m", [2, 9, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_rows_times_a_matrix_beyond_the_caches(m, dtype):
    """Also where k and n end within a block, and with the same bits for any number of threads."""
    rng = np.random.default_rng(m)
    a, b = rng.standard_normal((m, 1603)).astype(dtype), rng.standard_normal((1603, 1271))
    bias = rng.standard_normal(1271)
    x, y, z = fd.tensor(a), fd.tensor(b.astype(dtype)), fd.tensor(bias.astype(dtype))
    threads = fd.get_num_threads()
    try:
        found = []
        for n in (1, 2, 3):
            fd.set_num_threads(n)
            found.append(fd.nn.functional.linear(x, y.T, z).numpy())
    finally:
        fd.set_num_threads(threads)
    assert all(np.array_equal(f, found[0]) for f in found)
    wanted = a.astype(np.float64) @ b + bias
    np.testing.assert_allclose(found[0], wanted, atol=1e-3 if dtype is np.float32 else 1e-11)
    np.testing.assert_allclose(fd.matmul(x, y).numpy() + bias, wanted, atol=1e-3)
    together = fd._C.linear(x, y.T, z, relu=True).numpy()
    assert together.tobytes() == np.maximum(found[0], 0).tobytes()
    added = x @ y
    fd._C.matmul_add(added, x, y)
    assert np.array_equal(added.numpy(), 2 * fd.matmul(x, y).numpy())
