"""Losses with margins, and the distances they are made of."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.ops import margin_loss
from fastdl.testing import Input, OpCase, integers, parametrize, positive, randn

nan, inf = np.nan, np.inf
REDUCE = {"none": lambda x: x, "sum": np.sum, "mean": np.mean}


def multi_margin(x, t, w=None, p=1, margin=1.0, reduction="mean"):
    at = t[..., None]
    short = np.maximum(0, x.dtype.type(margin) - np.take_along_axis(x, at, -1) + x) ** p
    short = short if w is None else short * w[at]
    others = np.arange(x.shape[-1]) != at
    return REDUCE[reduction](np.where(others, short, 0).sum(-1) / x.dtype.type(x.shape[-1]))


def weighted_multi_margin(x, t, w, p=1, margin=1.0, reduction="mean"):
    return F.multi_margin_loss(x, t, p, margin, w, reduction)


def distance(a, b, p=2.0, eps=1e-6, keepdim=False):
    d = abs(a - b + a.dtype.type(eps))
    if p == inf:
        return d.max(-1, keepdims=keepdim)
    return (d**p).sum(-1, keepdims=keepdim) ** a.dtype.type(1 / p)


def cosine(a, b, dim=1, eps=1e-8):
    lengths = [np.maximum(np.sqrt((x * x).sum(dim)), eps) for x in (a, b)]
    return (a * b).sum(dim) / (lengths[0] * lengths[1])


def multilabel(x, t, reduction="mean"):
    rows, targets = np.atleast_2d(x), np.atleast_2d(t)
    losses = np.zeros(len(rows), x.dtype)
    for n, (row, target) in enumerate(zip(rows, targets, strict=True)):
        hits = [j for k, j in enumerate(target) if (target[: k + 1] >= 0).all()]
        others = [i for i in range(len(row)) if i not in hits]
        losses[n] = sum(max(0, 1 - row[j] + row[i]) for j in hits for i in others) / len(row)
    return REDUCE[reduction](losses if x.ndim > 1 else losses[0])


def labelled(*shape):
    """Some classes of each row, a −1, and what does not count."""

    def make(rng, shape):
        t = np.array([rng.permutation(shape[-1]) for _ in range(int(np.prod(shape[:-1])))])
        t = t.reshape(shape).astype("int64")
        t[..., 3] = -1
        return t

    return Input(shape, make, False)


def ranking(a, b, t, margin=0.0, reduction="mean"):
    return REDUCE[reduction](np.maximum(0, margin - t * (a - b)))


def hinge_embedding(x, t, margin=1.0, reduction="mean"):
    return REDUCE[reduction](np.where(t == 1, x, np.maximum(0, margin - x)))


def cosine_embedding(a, b, t, margin=0.0, reduction="mean"):
    cos = cosine(a, b, -1)
    return REDUCE[reduction](np.where(t == 1, 1 - cos, np.maximum(0, cos - margin)))


def triplet(a, p_, n, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
    near, far = distance(a, p_, p, eps), distance(a, n, p, eps)
    far = np.minimum(far, distance(p_, n, p, eps)) if swap else far
    return REDUCE[reduction](np.maximum(0, near - far + a.dtype.type(margin)))


def labels(*shape):
    """−1 and 1."""
    return Input(shape, lambda rng, s: rng.integers(0, 2, s) * 2.0 - 1, False)


CLASSES = [randn(5, 37), integers(5, low=0, high=37)]
VECTORS = [randn(4, 37), randn(4, 37)]
CASES = [
    *[OpCase(f"multi_margin_{p}_{r}", F.multi_margin_loss, CLASSES, multi_margin,
             kwargs={"p": p, "margin": 0.8, "reduction": r}, empty=False, fixed=True)
      for p in (1, 2) for r in REDUCE],
    *[OpCase(f"multi_margin_weight_{p}", weighted_multi_margin, [*CLASSES, positive(37)],
             multi_margin, kwargs={"p": p}, empty=False, fixed=True) for p in (1, 2)],
    OpCase("multi_margin_vector", F.multi_margin_loss, [randn(5), integers(low=0, high=5)],
           multi_margin, empty=False),
    *[OpCase(f"multilabel_margin_{r}", F.multilabel_margin_loss, [randn(4, 7), labelled(4, 7)],
             multilabel, kwargs={"reduction": r}, empty=False) for r in REDUCE],
    OpCase("multilabel_margin_vector", F.multilabel_margin_loss, [randn(7), labelled(7)],
           multilabel, empty=False),
    *[OpCase(f"distance_{p}", F.pairwise_distance, VECTORS, distance, kwargs={"p": p}, empty=False,
             fixed=True)
      for p in (1, 2, 3, 1.5, inf)],
    OpCase("distance_keepdim", F.pairwise_distance, [randn(4, 37), randn(37)], distance,
           kwargs={"keepdim": True}),
    OpCase("cosine", F.cosine_similarity, VECTORS, cosine),
    OpCase("cosine_dim", F.cosine_similarity, [randn(2, 3, 4), randn(3, 4)], cosine,
           kwargs={"dim": -2}),
    *[OpCase(f"ranking_{r}", F.margin_ranking_loss, [randn(37), randn(37), labels(37)], ranking,
             kwargs={"margin": 0.3, "reduction": r}) for r in REDUCE],
    *[OpCase(f"hinge_embedding_{r}", F.hinge_embedding_loss, [positive(3, 37), labels(3, 37)],
             hinge_embedding, kwargs={"reduction": r}) for r in REDUCE],
    *[OpCase(f"cosine_embedding_{r}", F.cosine_embedding_loss, [*VECTORS, labels(4)],
             cosine_embedding, kwargs={"margin": -0.2, "reduction": r}) for r in REDUCE],
    OpCase("cosine_embedding_vector", F.cosine_embedding_loss, [randn(9), randn(9), labels()],
           cosine_embedding),
    *[OpCase(f"triplet_{r}", F.triplet_margin_loss, [*VECTORS, randn(4, 37)], triplet,
             kwargs={"reduction": r, "margin": 2.0}) for r in REDUCE],
    OpCase("triplet_swap", F.triplet_margin_loss, [*VECTORS, randn(4, 37)], triplet,
           kwargs={"swap": True, "p": 1.0, "margin": 9.0}),
]  # fmt: skip


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("p", [1, 2, 3, inf])
def test_norm_at_0(p):
    """Equal vectors: the distance and its gradients are 0."""
    a = fd.ones(2, 3, dtype="float64").requires_grad_()
    d = F.pairwise_distance(a, fd.ones(2, 3, dtype="float64"), p, eps=0.0)
    (g,) = fd.autograd.grad(d.sum(), a, create_graph=True)
    assert d.tolist() == [0, 0]
    assert (g.detach().numpy() == 0).all()
    if g.requires_grad:
        (h,) = fd.autograd.grad(g.sum(), a, allow_unused=True)
        assert h is None or (h.numpy() == 0).all()


def test_cosine_of_a_zero_vector():
    a = fd.zeros(1, 3).requires_grad_()
    b = fd.ones(1, 3)
    c = F.cosine_similarity(a, b)
    c.backward(fd.ones(1))
    assert c.item() == 0
    assert np.isfinite(a.grad.numpy()).all()
    assert F.cosine_similarity(b * 1e-3, b * 1e3).item() == pytest.approx(1, abs=1e-6)


def test_of_no_rows():
    x, t = fd.zeros(0, 3).requires_grad_(), fd.zeros(0, dtype="int64")
    assert np.isnan(F.multi_margin_loss(x, t).item())
    assert F.multi_margin_loss(x, t, reduction="none").shape == (0,)


def test_bad_classes():
    x = fd.zeros(4, 3)
    for value in (3, -1):
        with pytest.raises(IndexError, match=rf"multi_margin_loss: target: .*got {value}"):
            F.multi_margin_loss(x, fd.tensor([0, 1, value, 1]))
    with pytest.raises(ValueError, match=r"multi_margin_loss: target: .*of shape \(4,\)"):
        F.multi_margin_loss(x, fd.zeros(4, 1, dtype="int64"))
    with pytest.raises(ValueError, match="multi_margin_loss: p: expected 1 or 2, got 3"):
        F.multi_margin_loss(x, fd.zeros(4, dtype="int64"), p=3)
    with pytest.raises(ValueError, match="multi_margin_loss: input: expected shape"):
        F.multi_margin_loss(fd.zeros(2, 3, 4), fd.zeros(2, 4, dtype="int64"))
    with pytest.raises(ValueError, match=r"multi_margin_loss: weight: expected shape \(3,\)"):
        F.multi_margin_loss(x, fd.zeros(4, dtype="int64"), weight=fd.ones(4))


def test_bad_label_lists():
    x, t = fd.zeros(2, 3), fd.tensor([[0, 1, -1], [2, -1, -1]])
    assert F.multilabel_margin_loss(x, t).item() == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert np.isnan(F.multilabel_margin_loss(fd.zeros(0, 3), fd.zeros(0, 3, dtype="int64")).item())
    for value in (3, -2):
        with pytest.raises(IndexError, match=rf"multilabel_margin_loss: target: .*got {value}"):
            F.multilabel_margin_loss(x, fd.tensor([[0, value, 1], [0, 1, 2]]))
    with pytest.raises(ValueError, match=r"multilabel_margin_loss: target: expected the shape"):
        F.multilabel_margin_loss(x, t[:1])


def test_labels_and_shapes():
    x, y = fd.zeros(4, 3), fd.ones(4)
    for f in (F.cosine_embedding_loss, lambda a, b, t: F.hinge_embedding_loss(a[:, 0], t)):
        with pytest.raises(ValueError, match=r"expected -1 or 1, got 0 \(element 0\)"):
            f(x, x, fd.zeros(4))
    with pytest.raises(ValueError, match=r"cosine_embedding_loss: target: expected shape \(4,\)"):
        F.cosine_embedding_loss(x, x, fd.ones(4, 1))
    with pytest.raises(ValueError, match=r"margin_ranking_loss: input2: expected the shape \(4,\)"):
        F.margin_ranking_loss(y, fd.ones(4, 1), y)
    with pytest.raises(ValueError, match=r"margin_ranking_loss: target: expected the shape \(4,\)"):
        F.margin_ranking_loss(y, y, fd.ones(1))
    with pytest.raises(ValueError, match="triplet_margin_loss: negative: expected the shape"):
        F.triplet_margin_loss(x, x, fd.zeros(1, 3))
    with pytest.raises(ValueError, match="pairwise_distance: p: expected a number"):
        F.pairwise_distance(x, x, 0.5)
    with pytest.raises(IndexError, match="cosine_similarity: dim"):
        F.cosine_similarity(x, x, 2)


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    T = torch.nn.functional
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 6, 5))
    s = rng.choice([-1.0, 1.0], (6, 5))
    lists = np.array([rng.permutation(5) for _ in range(6)])
    lists[:, 2] = -1
    t, w = rng.integers(0, 5, 6), rng.uniform(0.5, 2, 5)
    for name, args, more in (
        ("multi_margin_loss", (x, t), {"p": 1, "margin": 0.5}),
        ("multi_margin_loss", (x, t), {"p": 2, "weight": w}),
        ("multilabel_margin_loss", (x, lists), {}),
        ("pairwise_distance", (x, y), {"p": 3.0, "keepdim": True}),
        ("cosine_similarity", (x, y), {"dim": 0}),
        ("margin_ranking_loss", (x, y, s), {"margin": 0.2}),
        ("hinge_embedding_loss", (x, s), {}),
        ("cosine_embedding_loss", (x, y, s[:, 0]), {"margin": 0.1}),
        ("triplet_margin_loss", (x, y, z), {"swap": True}),
    ):
        found = []
        for lib, f in ((fd, getattr(F, name)), (torch, getattr(T, name))):
            leaf = lib.tensor(args[0], requires_grad=True)
            options = {k: lib.tensor(v) if k == "weight" else v for k, v in more.items()}
            loss = f(leaf, *map(lib.tensor, args[1:]), **options)
            (g,) = lib.autograd.grad(loss.sum(), leaf)
            found.append([r.detach().numpy() for r in (loss, g)])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=name)


def test_errors_name_the_classes_there_are():
    x, t = fd.zeros(1, 3), fd.tensor([[5, -1, -1]])
    with pytest.raises(IndexError, match=r"multi_margin_loss: .* class in \[0, 2\], got 5"):
        F.multi_margin_loss(x, t[:, 0])
    with pytest.raises(IndexError, match=r"multilabel_margin_loss: .* \[0, 2\] or -1 \(ignored\)"):
        F.multilabel_margin_loss(x, t)


def test_pairs_of_classes_in_pieces(monkeypatch):
    """The same loss, slopes and second derivatives; NaN reaches its row alone."""
    rng = np.random.default_rng(0)
    x = fd.tensor(rng.standard_normal((4, 9))).requires_grad_()
    t = fd.tensor(np.argsort(rng.random((4, 9)), 1))
    t[:, 4], t[1, 0] = -1, -1
    found = []
    for piece in (1 << 20, 200, 100, 30, 1):
        monkeypatch.setattr(margin_loss, "_PIECE", piece)
        y = F.multilabel_margin_loss(x, t, reduction="none")
        (g,) = fd.autograd.grad((y * y).sum(), x, create_graph=True)
        (h,) = fd.autograd.grad((g * g).sum(), x)
        found.append([z.detach().numpy() for z in (y, g, h)])
    for pieces in found[1:]:
        for a, b in zip(found[0], pieces, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)
    bad = x.detach().clone()
    bad[2, 1] = np.nan
    losses = F.multilabel_margin_loss(bad, t, reduction="none").numpy()
    assert np.isnan(losses[2]) and np.isfinite(losses[[0, 1, 3]]).all()
    assert found[0][0][1] == 0  # no target
