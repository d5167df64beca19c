"""Unit vectors, and the distances of all pairs of vectors."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import gradcheck, gradgradcheck
from fastdl.nn import functional as F
from fastdl.ops import distance
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf


def unit(x, p=2.0, dim=1):
    norm = (
        (abs(x) ** p).sum(dim, keepdims=True) ** (1 / p)
        if p < inf
        else abs(x).max(dim, keepdims=True)
    )
    return x / norm


def pairs(a, b, p=2.0):
    d = abs(a[..., :, None, :] - b[..., None, :, :])
    if p == inf:
        return d.max(-1)
    return (d != 0).sum(-1).astype(d.dtype) if p == 0 else (d**p).sum(-1) ** (1 / p)


CASES = [
    OpCase("normalize", F.normalize, [randn(3, 37)], unit),
    *[OpCase(f"normalize_{p}", F.normalize, [randn(3, 5)], unit, kwargs={"p": p, "dim": 0},
             empty=False) for p in (1.0, 3.0, inf)],
    OpCase("normalize_two", F.normalize, [randn(3, 4, 5)], unit, kwargs={"dim": (0, -1)}),
    OpCase("cdist", fd.cdist, [randn(5, 3), randn(7, 3)], pairs, exact=False),
    OpCase("cdist_stacks", fd.cdist, [randn(2, 5, 3), randn(4, 1, 6, 3)], pairs, exact=False),
    *[OpCase(f"cdist_{p}", fd.cdist, [randn(5, 3), randn(7, 3)], pairs, kwargs={"p": p},
             empty=False) for p in (1.0, 3.0, inf)],
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normalize_at_edges(dtype):
    """Zeros stay, with the slope 1 / eps; lengths neither over- nor underflow in float32."""
    x = fd.tensor([[0.0, 0.0], [3e30, 4e30], [3e-30, 4e-30], [inf, 1.0], [nan, 1.0]], dtype=dtype)
    y = F.normalize(x, eps=1e-35).numpy()
    np.testing.assert_allclose(y[:3], [[0, 0], [0.6, 0.8], [0.6, 0.8]], rtol=1e-6)
    assert np.isnan(y[3, 0]) and y[3, 1] == 0 and np.isnan(y[4]).all()
    z = fd.zeros(1, 2, dtype=dtype).requires_grad_()
    F.normalize(z, eps=0.25).sum().backward()
    assert z.grad.tolist() == [[4, 4]]
    assert F.normalize(fd.zeros(0, 3, dtype=dtype)).shape == (0, 3)


def test_cdist_at_edges():
    a = fd.tensor([[0.0, 0.0], [1.0, inf], [nan, 0.0]])
    d = fd.cdist(a, a).numpy()
    assert d[0].tolist()[:2] == [0, inf] and np.isnan(d[1, 1]) and np.isnan(d[2]).all()
    assert fd.cdist(a[:2], a[:1], p=0).tolist() == [[0], [2]]
    assert fd.cdist(fd.zeros(0, 3), fd.zeros(2, 3)).shape == (0, 2)
    assert fd.cdist(fd.zeros(3, 0), fd.zeros(2, 0)).tolist() == [[0, 0]] * 3
    assert fd.cdist(fd.zeros(2, 3), fd.zeros(0, 3)).shape == (2, 0)
    for p in (0.0, 0.5, 3.0, inf):
        assert fd.cdist(fd.zeros(1, 0), fd.zeros(2, 0), p=p).tolist() == [[0, 0]]
    far = fd.cdist(fd.tensor([[1e6, 1.0]]), fd.tensor([[1e6, 1.5]]))
    assert far.item() == 0.5  # |a|² - 2 a·b + |b|² gives 0


@pytest.mark.parametrize("scale", [2.0**-8, 2.0**-140])
def test_cdist_of_neighbours_far_out_has_its_slope(scale):
    """Products of matrices, |a|² - 2 a·b + |b|² derived, leave nothing of it."""
    centre = fd.tensor([[2.0**12, -(2.0**12)]]) if scale > 1e-6 else fd.zeros(1, 2)
    a = (centre + fd.tensor([[3.0, 4.0], [0.0, 0.0]]) * scale).requires_grad_()
    b = (centre + fd.tensor([[0.0, 0.0]]) * scale).requires_grad_()
    fd.cdist(a, b).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(b.grad.numpy(), [[-0.6, -0.8]], rtol=1e-6)


def test_cdist_of_equal_rows_has_no_slope():
    a = fd.tensor(np.ones((2, 3))).requires_grad_()
    fd.cdist(a, a.detach()).sum().backward()
    assert a.grad.tolist() == [[0, 0, 0]] * 2


def test_cdist_in_pieces(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = (fd.tensor(rng.standard_normal(s)) for s in ((9, 3), (2, 4, 3)))
    whole = fd.cdist(a, b)
    monkeypatch.setattr(distance, "_PIECE", 50)
    assert fd.cdist(a, b).tolist() == whole.tolist()
    gradcheck(fd.cdist, (a.requires_grad_(), b.requires_grad_()))
    gradgradcheck(fd.cdist, (a, b))


X = fd.zeros(4, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.normalize(fd.arange(3)), TypeError, "normalize: input: expected dtype float32"),
        (lambda: F.normalize(X, dim=2), IndexError, "normalize: dim"),
        (lambda: F.normalize(X, p=nan), ValueError, "normalize: p: expected a number"),
        (lambda: F.normalize(X, eps=0.0), ValueError, "normalize: eps: expected a number"),
        (lambda: fd.cdist(X, X.double()), TypeError, "cdist: x2: expected dtype float32 as x1"),
        (lambda: fd.cdist(X, X[:, :2]), ValueError, r"cdist: x2: expected vectors of 3 as x1, got"),
        (lambda: fd.cdist(X, X[0]), ValueError, "cdist: x2: expected at least 2 dimensions"),
        (lambda: fd.cdist(X, X, p=-1.0), ValueError, "cdist: p: expected a number"),
        (lambda: fd.cdist(X, 3), TypeError, "cdist: x2: expected a Tensor, got 3"),
        (lambda: fd.cdist(fd.zeros(2, 4, 3), fd.zeros(3, 4, 3)), ValueError, "cdist: .*broadcast"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
