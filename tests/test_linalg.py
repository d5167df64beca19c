"""fastdl.linalg: values, both derivatives, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import linalg
from fastdl.autograd import gradcheck, gradgradcheck, jvp
from fastdl.linalg import products

rng = np.random.default_rng(0)


def randn(*shape):
    return fd.tensor(rng.standard_normal(shape))


SQUARE, TALL, WIDE = randn(2, 3, 3), randn(2, 4, 3), randn(2, 3, 4)


def definite(x):
    return x @ x.mT + fd.tensor(np.eye(x.shape[-1]))


def even(x):
    """Vectors are known up to their sign."""
    return tuple(part * part for part in x)


DIFFERENTIABLE = {
    "inv": (linalg.inv, SQUARE),
    "solve": (linalg.solve, SQUARE, randn(3, 2)),
    "solve vector": (linalg.solve, SQUARE[0], randn(3)),
    "solve vectors": (linalg.solve, SQUARE, randn(2, 3)),
    "solve from the right": (lambda a, b: linalg.solve(a, b, left=False), SQUARE, randn(2, 3)),
    "solve upper": (lambda a, b: linalg.solve_triangular(a, b, upper=True), SQUARE, randn(3, 2)),
    "solve lower, right, ones": (
        lambda a, b: linalg.solve_triangular(a, b, upper=False, left=False, unitriangular=True),
        SQUARE, randn(2, 3),
    ),
    "cholesky": (lambda x: linalg.cholesky(definite(x)), SQUARE),
    "cholesky upper": (lambda x: linalg.cholesky(definite(x), upper=True), SQUARE),
    "cholesky_solve": (
        lambda b, x: linalg.cholesky_solve(b, linalg.cholesky(definite(x))), randn(3, 2), SQUARE,
    ),
    "lstsq tall": (lambda a, b: linalg.lstsq(a, b).solution, TALL, randn(4, 2)),
    "lstsq wide": (lambda a, b: linalg.lstsq(a, b).solution, WIDE, randn(2, 3, 2)),
    "pinv tall": (linalg.pinv, TALL),
    "pinv wide": (linalg.pinv, WIDE),
    "qr": (linalg.qr, TALL),
    "eigh": (lambda a: even(linalg.eigh(a + a.mT)), SQUARE),
    "eigvalsh": (lambda a: linalg.eigvalsh(a + a.mT), SQUARE),
    "svd tall": (lambda a: even(linalg.svd(a, False)), TALL),
    "svd wide": (lambda a: even(linalg.svd(a, False)), WIDE),
    "svd square": (lambda a: even(linalg.svd(a)), SQUARE),
    "svdvals": (linalg.svdvals, WIDE),
    "det": (linalg.det, SQUARE),
    "slogdet": (lambda a: linalg.slogdet(a)[1], SQUARE),
    "cond": (linalg.cond, SQUARE),
    "cond fro": (lambda a: linalg.cond(a, "fro"), SQUARE),
    "norm nuc": (lambda a: linalg.matrix_norm(a, "nuc"), WIDE),
    "norm 1": (lambda a: linalg.matrix_norm(a, 1), WIDE),
    "norm fro": (lambda a: linalg.norm(a, dim=(0, 2), keepdim=True), WIDE),
    "norm 2": (lambda a: linalg.matrix_norm(a, 2, (2, 0), True), WIDE),
    "vector norm": (lambda a: linalg.vector_norm(a, 3, (0, 1)), WIDE),
    "chain": (lambda *xs: linalg.multi_dot(xs), randn(2), randn(2, 4), randn(4, 3), randn(3)),
    "power": (lambda a: linalg.matrix_power(a, 3), SQUARE),
    "power of the inverse": (lambda a: linalg.matrix_power(a, -2), SQUARE),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives(name):
    function, *arguments = DIFFERENTIABLE[name]
    arguments = [x.clone().requires_grad_() for x in arguments]
    gradcheck(function, arguments)
    gradgradcheck(function, arguments, atol=1e-4)


REFERENCES = {
    "inv": (linalg.inv, np.linalg.inv, (SQUARE,)),
    "det": (linalg.det, np.linalg.det, (SQUARE,)),
    "solve": (linalg.solve, np.linalg.solve, (SQUARE, randn(2, 3, 2))),
    "pinv": (linalg.pinv, np.linalg.pinv, (WIDE,)),
    "svdvals": (linalg.svdvals, lambda a: np.linalg.svd(a)[1], (WIDE,)),
    "cond": (linalg.cond, np.linalg.cond, (SQUARE,)),
    "rank": (linalg.matrix_rank, np.linalg.matrix_rank, (TALL @ WIDE,)),
    "norm": (linalg.matrix_norm, lambda a: np.linalg.norm(a, axis=(1, 2)), (WIDE,)),
    **{
        f"power {n}": (
            lambda a, n=n: linalg.matrix_power(a, n),
            lambda a, n=n: np.linalg.matrix_power(a, n),
            (SQUARE,),
        )
        for n in (0, 1, 5, -3)
    },
    **{
        f"norm {ord}": (
            lambda a, ord=ord: linalg.matrix_norm(a, ord),
            lambda a, ord=ord: np.array([np.linalg.norm(x, ord) for x in a]),
            (WIDE,),
        )
        for ord in ("nuc", 1, -1, 2, -2, float("inf"), -float("inf"))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("dtype", [fd.float32, fd.float64])
def test_values(name, dtype):
    ours, theirs, arguments = REFERENCES[name]
    got = ours(*[x.to(dtype) for x in arguments]).numpy()
    want = theirs(*[x.numpy() for x in arguments])
    assert got.shape == np.shape(want)
    assert got.dtype.name == ("int64" if name == "rank" else dtype.name)
    assert np.allclose(got, want, rtol=1e-4 if dtype is fd.float32 else 1e-12)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf])
def test_norms_along_dimensions(ord):
    A = randn(4, 3, 5)
    for dims in ((0, 2), (-1, 0), (1, 2)):
        for keep in (False, True):
            want = np.linalg.norm(A.numpy(), ord, dims, keep)
            got = linalg.norm(A, ord, dims, keep)
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-12)
            if ord is not None:
                got = linalg.matrix_norm(A, ord, dims, keep)
                np.testing.assert_allclose(got.numpy(), want, rtol=1e-12)
    want = np.linalg.norm(A[0].numpy(), ord)
    np.testing.assert_allclose(linalg.norm(A[0], ord).item(), want, rtol=1e-12)


@pytest.mark.parametrize("ord", [2, 1, 3.5, -1.5, 0, np.inf, -np.inf])
def test_norms_of_vectors(ord):
    A = randn(4, 3, 5)
    for dim in (0, -1):
        want = np.linalg.norm(A.numpy(), ord, dim)
        np.testing.assert_allclose(linalg.vector_norm(A, ord, dim).numpy(), want, rtol=1e-12)
        np.testing.assert_allclose(linalg.norm(A, ord, dim).numpy(), want, rtol=1e-12)
    want = np.linalg.norm(A.numpy().reshape(-1), ord)
    np.testing.assert_allclose(linalg.vector_norm(A, ord).item(), want, rtol=1e-12)
    assert linalg.vector_norm(A, ord, (0, 1), True).shape == (1, 1, 5)
    assert linalg.norm(A.float(), dtype=fd.float64).dtype is fd.float64


def test_norms_at_edges():
    zero = fd.zeros(2, 2, requires_grad=True)
    for norm in (linalg.norm, linalg.vector_norm, linalg.matrix_norm):
        (g,) = fd.autograd.grad(norm(zero), zero)
        assert g.tolist() == [[0, 0]] * 2
    big = fd.tensor([[3e30, 4e30]])
    assert linalg.norm(big).item() == linalg.matrix_norm(big).item() == pytest.approx(5e30)
    assert linalg.vector_norm(fd.tensor([np.inf, 1.0])).item() == np.inf
    assert np.isnan(linalg.matrix_norm(fd.tensor([[np.nan, 1.0]])).item())
    assert linalg.norm(fd.zeros(0)).item() == 0
    assert linalg.matrix_norm(fd.zeros(2, 0, 3), 1).tolist() == [0, 0]


def test_chains_of_products():
    """In the order that takes the fewest multiplications, here from the right."""
    chain = [randn(*s) for s in ((20, 10), (10, 30), (30, 2), (2, 5))]
    want = np.linalg.multi_dot([x.numpy() for x in chain])
    np.testing.assert_allclose(linalg.multi_dot(chain).numpy(), want, rtol=1e-12, atol=1e-12)
    assert products._splits([20, 10, 30, 2, 5]) == {
        (0, 2): 1, (1, 3): 2, (2, 4): 3, (0, 3): 1, (1, 4): 3, (0, 4): 3,
    }  # fmt: skip
    a, b = randn(3), randn(3)
    assert linalg.multi_dot([a, b]).item() == pytest.approx(a.numpy() @ b.numpy())
    assert linalg.multi_dot([a, randn(3, 4)]).shape == (4,)
    assert linalg.multi_dot([randn(4, 3), b]).shape == (4,)
    assert linalg.multi_dot([fd.zeros(2, 0), fd.zeros(0, 3)]).tolist() == [[0] * 3] * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linalg.norm(SQUARE, 2), ValueError, "norm: A: expected a vector or a matrix"),
        (lambda: linalg.norm(SQUARE, 2, (0, 1, 2)), ValueError, "norm: dim: expected one dim"),
        (lambda: linalg.norm(fd.arange(3)), TypeError, "norm: A: expected dtype float32"),
        (lambda: linalg.vector_norm(SQUARE, "fro"), TypeError, "vector_norm: ord: expected a num"),
        (lambda: linalg.vector_norm(SQUARE, 2, 3), IndexError, "vector_norm: .*dim"),
        (lambda: linalg.matrix_norm(SQUARE, 3), ValueError, "matrix_norm: ord: expected 'fro'"),
        (lambda: linalg.matrix_norm(SQUARE, dim=1), ValueError, "matrix_norm: dim: expected two"),
        (lambda: linalg.matrix_norm(SQUARE, dim=(1, 1)), ValueError, "matrix_norm: dim: .*once"),
        (lambda: linalg.matrix_norm(SQUARE, dim=(1, 3)), IndexError, "matrix_norm: dim: expected"),
        (lambda: linalg.multi_dot([randn(2, 2)]), ValueError, "multi_dot: tensors: .*2, got 1"),
        (lambda: linalg.multi_dot([randn(2, 2), 3]), TypeError, "multi_dot: tensors: .*got 3"),
        (lambda: linalg.multi_dot([randn(2, 2), SQUARE]), ValueError, r"s\[1\]: expected a m"),
        (lambda: linalg.multi_dot([randn(2, 3), randn(2)]), ValueError, r"\[1\]: expected 3 rows"),
    ],
)  # fmt: skip
def test_norms_and_products_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_factorizations_give_the_matrix_back():
    close = {"rtol": 1e-13, "atol": 1e-13}
    for A in (TALL, WIDE):
        Q, R = linalg.qr(A)
        assert np.allclose((Q @ R).numpy(), A.numpy(), **close)
        for full in (False, True):
            U, S, Vh = linalg.svd(A, full_matrices=full)
            k = S.shape[-1]
            assert U.shape[-1] == (A.shape[-2] if full else k)
            back = (U[..., :k] * S.unsqueeze(-2)) @ Vh[..., :k, :]
            assert np.allclose(back.numpy(), A.numpy(), **close)
    A = definite(SQUARE)
    L = linalg.cholesky(A)
    assert np.allclose((L @ L.mT).numpy(), A.numpy(), **close)
    w, V = linalg.eigh(A, UPLO="U")
    assert np.allclose((V * w.unsqueeze(-2) @ V.mT).numpy(), A.numpy(), **close)
    sign, log = linalg.slogdet(SQUARE)
    assert np.allclose((sign * log.exp()).numpy(), linalg.det(SQUARE).numpy(), **close)


def test_the_other_triangle_is_not_read():
    A, B = randn(3, 3), randn(3, 2)
    changed = A.clone()
    changed[0, 2] = float("nan")
    want = linalg.solve_triangular(A, B, upper=False).tolist()
    assert linalg.solve_triangular(changed, B, upper=False).tolist() == want


def test_lstsq_of_low_rank_is_the_shortest():
    A = randn(5, 2) @ randn(2, 4)
    B = randn(5, 3)
    found = linalg.lstsq(A, B)
    want, _, rank, values = np.linalg.lstsq(A.numpy(), B.numpy(), rcond=None)
    assert np.allclose(found.solution.numpy(), want, rtol=1e-10)
    assert found.rank.item() == rank == 2
    assert np.allclose(found.singular_values.numpy(), values)
    distance = A.numpy() @ want - B.numpy()
    assert np.allclose(found.residuals.numpy(), (distance**2).sum(0))


def test_repeated_eigenvalues_have_a_gradient_in_eigvalsh():
    A = fd.tensor(np.eye(3)).requires_grad_()
    linalg.eigvalsh(A).sum().backward()
    assert np.allclose(A.grad.numpy(), np.eye(3))
    zero = fd.zeros(3, 2, requires_grad=True)
    linalg.svdvals(zero).sum().backward()
    assert np.isfinite(zero.grad.numpy()).all()


def test_forward_derivatives_do_not_stop_at_zero_cotangents():
    A, direction = definite(SQUARE), randn(2, 3, 3)
    direction = direction + direction.mT
    _, (values, _) = jvp(lambda a: linalg.eigh(a), A, direction)
    _, V = linalg.eigh(A)
    want = (V * (direction @ V)).sum(-2)
    assert np.allclose(values.numpy(), want.numpy(), rtol=1e-10)


def hilbert(n):
    i = np.arange(n)
    return 1.0 / (i[:, None] + i + 1)


def test_solving_beats_inverting_on_hilbert_matrices():
    """The residual of a solution stays at rounding; that of inv(A) @ b grows with cond(A)."""
    for n in (6, 9, 12):
        A, b = fd.tensor(hilbert(n)), fd.tensor(hilbert(n)) @ fd.ones(n, dtype=fd.float64)
        solved, inverted = linalg.solve(A, b), linalg.inv(A) @ b
        scale = linalg.matrix_norm(A, 2) * 1e-16
        by_solve = ((A @ solved - b).abs().amax() / (scale * solved.abs().amax())).item()
        by_inverse = ((A @ inverted - b).abs().amax() / (scale * inverted.abs().amax())).item()
        assert by_solve < 10
        assert by_inverse > 100 * by_solve


def test_empty():
    nothing = fd.zeros(0, 3, 3)
    assert linalg.inv(nothing).shape == (0, 3, 3) and linalg.det(nothing).shape == (0,)
    assert linalg.det(fd.zeros(0, 0)).item() == 1


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: linalg.inv(TALL), ValueError, r"inv: A: expected square matrices, got shape"),
        (lambda: linalg.inv(randn(3)), ValueError, "inv: A: expected at least 2 dimensions"),
        (lambda: linalg.inv([[1.0]]), TypeError, "inv: A: expected a Tensor"),
        (lambda: linalg.det(SQUARE.long()), TypeError, "det: A: expected dtype float32 or float64"),
        (lambda: linalg.solve(SQUARE, randn(4, 2)), ValueError, "solve: B: expected 3 rows as A"),
        (lambda: linalg.solve(SQUARE, randn(3, 3, 2)), ValueError, "solve: B: expected a stack"),
        (lambda: linalg.solve(SQUARE, fd.ones(3, 2)), TypeError, "solve: B: expected dtype"),
        (lambda: linalg.inv(fd.zeros(2, 2)), linalg.LinAlgError, "inv: A: Singular matrix"),
        (lambda: linalg.cholesky(-definite(SQUARE)), linalg.LinAlgError, "cholesky: A: .*definite"),
        (lambda: linalg.matrix_norm(WIDE, 3), ValueError, "matrix_norm: ord: expected 'fro'"),
        (lambda: linalg.eigh(SQUARE, "x"), ValueError, "eigh: UPLO: expected one of 'L', 'U'"),
        (lambda: linalg.matrix_power(SQUARE, 0.5), TypeError, "matrix_power: n: expected an int"),
        (lambda: fd.compile(linalg.inv)(SQUARE), fd.CaptureError, "values of a tensor are read"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_number_of_one_matrix_has_no_dimensions():
    A = TALL[0, :3].clone().requires_grad_()
    sign, log = linalg.slogdet(A)
    assert sign.shape == log.shape == ()
    log.backward()
    np.testing.assert_allclose(A.grad.numpy(), np.linalg.inv(A.detach().numpy()).T)


def test_the_norm_of_zeros_has_the_gradient_zero():
    A = fd.zeros(2, 3, 2, requires_grad=True)
    linalg.matrix_norm(A).sum().backward()
    assert A.grad.abs().sum().item() == 0


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 0, 0), (0, 3, 3), (2, 3, 0)])
def test_numbers_of_empty_matrices_are_zero(shape):
    A = fd.zeros(shape, dtype="float64", requires_grad=True)
    assert linalg.matrix_rank(A).tolist() == np.zeros(shape[:-2]).tolist()
    norms = ["fro", "nuc", 2, 1, np.inf]
    found = [linalg.matrix_norm(A, ord) for ord in norms] + [linalg.cond(A, p) for p in (None, -2)]
    if shape[-1] == shape[-2]:
        found += [linalg.cond(A, p) for p in (*norms, -1)]
    for x in found:
        assert x.tolist() == np.zeros(shape[:-2]).tolist()
    fd.stack(found).sum().backward()
    assert A.grad.shape == shape
    if shape == (0, 0):
        for ord in (-2, -1, -np.inf):  # the least of nothing
            with pytest.raises((IndexError, ValueError)):
                linalg.matrix_norm(A, ord)


def test_lstsq_of_vectors():
    A = fd.tensor([[1.0, 2], [3, 5], [7, 1]], dtype="float64")
    found = linalg.lstsq(A, fd.tensor([1.0, 2, 3], dtype="float64"))
    np.testing.assert_allclose(found.solution.numpy(), [0.4020, 0.1784], atol=1e-4)
    assert found.residuals.shape == ()
    b = fd.tensor([[1.0, 2, 3], [2, 1, 0]], dtype="float64")
    found = linalg.lstsq(A.expand(2, 3, 2), b).solution
    np.testing.assert_allclose(found.numpy(), [[0.4020, 0.1784], [-0.0553, 0.3442]], atol=1e-4)
    assert found.shape == (2, 2)


def test_the_singular_values_of_a_full_svd_have_a_gradient():
    A = fd.tensor([[1.0, 2], [3, 5], [7, 1]], dtype="float64").requires_grad_()
    U, S, Vh = linalg.svd(A)
    assert U.shape == (3, 3)
    np.testing.assert_allclose((U[:, :2] @ (S.unsqueeze(-1) * Vh)).tolist(), A.tolist())
    S.sum().backward()
    want = [[0.0381, 0.3754], [0.1695, 0.9109], [0.9848, -0.1713]]
    np.testing.assert_allclose(A.grad.numpy(), want, atol=1e-4)


def test_nan_is_not_positive_definite():
    for bad in ([[np.nan]], [[1.0, 0], [np.nan, 1]], [[4.0, 0], [2, np.nan]]):
        with pytest.raises(linalg.LinAlgError, match=r"cholesky: A: .*definite"):
            linalg.cholesky(fd.tensor(bad))
    unread = fd.tensor([[1.0, np.nan], [0, 1]])
    assert linalg.cholesky(unread).tolist() == [[1, 0], [0, 1]]


def test_gradients_that_do_not_exist_are_refused():
    for call, part in ((linalg.qr, 0), (linalg.svd, 2)):
        x = WIDE.clone().requires_grad_()
        with pytest.raises(RuntimeError, match="gradient"):
            call(x)[part].sum().backward()
