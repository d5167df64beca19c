"""softmin, gumbel_softmax, soft_argmax."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf


def softmax(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


def soft_argmax(x, dim=-1, temperature=1.0):
    p = np.moveaxis(softmax(x / x.dtype.type(temperature), dim), dim, -1)
    return (p * np.arange(p.shape[-1]).astype(x.dtype)).sum(-1)


def gumbel(x, **more):
    return F.gumbel_softmax(x, generator=fd.Generator(5), **more)


DRAWN = {"dtypes": ["float64"], "exact": False}  # floats and doubles draw differently
CASES = [
    OpCase("softmin", F.softmin, [randn(3, 37)], lambda x, dim: softmax(-x, dim), kwargs={"dim": 1},
           empty=False),
    OpCase("soft_argmax", F.soft_argmax, [randn(3, 37)], soft_argmax, empty=False),
    OpCase("soft_argmax_cold", F.soft_argmax, [randn(3, 7, 5)], soft_argmax,
           kwargs={"dim": 1, "temperature": 0.5}, empty=False),
    OpCase("gumbel_softmax", gumbel, [randn(3, 37)], kwargs={"tau": 0.7}, **DRAWN),
    OpCase("gumbel_softmax_dim", gumbel, [randn(3, 7)], kwargs={"dim": 0}, **DRAWN),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_soft_argmax_nears_the_argmax():
    x = fd.tensor([[0.0, 1.0, 3.0, 2.0]])
    assert F.soft_argmax(x, temperature=0.01).item() == pytest.approx(2, abs=1e-6)
    assert F.soft_argmax(x, temperature=1e9).item() == pytest.approx(1.5, abs=1e-6)


def test_shares_of_the_samples_are_the_probabilities():
    p = np.array([0.1, 0.2, 0.7], "float32")
    logits = fd.tensor(np.log(p)).expand(100_000, 3)
    samples = F.gumbel_softmax(logits, hard=True, generator=fd.Generator(1)).numpy()
    assert set(np.unique(samples)) == {0, 1} and (samples.sum(1) == 1).all()
    np.testing.assert_allclose(samples.mean(0), p, atol=5 * np.sqrt(0.25 / 100_000))


def test_hard_has_the_gradient_of_soft():
    logits, g = fd.randn(4, 5, generator=fd.Generator(1)), fd.randn(4, 5, generator=fd.Generator(2))
    found = []
    for hard in (False, True):
        x = logits.detach().requires_grad_()
        y = gumbel(x, tau=0.5, hard=hard)
        y.backward(g)
        found.append((y.detach().numpy().argmax(1).tolist(), x.grad.tolist()))
    assert found[0] == found[1]


def test_draws():
    x = fd.zeros(50)
    fd.manual_seed(0)
    first, second = F.gumbel_softmax(x), F.gumbel_softmax(x)
    assert first.tolist() != second.tolist()
    fd.manual_seed(0)
    assert F.gumbel_softmax(x).tolist() == first.tolist()


def test_an_impossible_class_is_never_drawn():
    x = fd.tensor([0.0, -inf, 0.0]).expand(1000, 3)
    y = F.gumbel_softmax(x).numpy()
    assert (y[:, 1] == 0).all() and np.isfinite(y).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.softmin(fd.zeros(2), 1), IndexError, "dim"),
        (lambda: F.softmin(fd.zeros(2).long(), 0), TypeError, "softmin: input: expected dtype"),
        (lambda: F.gumbel_softmax(fd.zeros(2), 0.0), ValueError, "gumbel_softmax: tau: expected"),
        (lambda: F.gumbel_softmax(fd.zeros(2), dim=1), IndexError, "gumbel_softmax: dim"),
        (lambda: F.soft_argmax(fd.zeros(2), temperature=-1.0), ValueError, "soft_argmax: temp"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
