"""Dropout."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.autograd import grad
from fastdl.ops.dropout import dropout
from fastdl.testing import OpCase, parametrize, randn

nan, inf = np.nan, np.inf


def seeded(x, p=0.5):
    fd.manual_seed(7)
    return dropout(x, p)


def reference(x, p=0.5):
    mask = seeded(fd.ones(x.shape), p).numpy() != 0
    return np.where(mask, x / x.dtype.type(1 - p), 0)


def in_plain_ops(x, p=0.5):
    return fd.where(seeded(fd.ones(x.shape), p) != 0, x / (1 - p), 0.0)


CASES = [
    OpCase("dropout", seeded, [randn(5, 37)], reference, in_plain_ops, ulp=1.5),
    OpCase("dropout_0.1", seeded, [randn(3, 7, 5)], reference, kwargs={"p": 0.1}, ulp=1.5),
    OpCase("dropout_scalar", seeded, [randn()], reference, ulp=1.5),
    OpCase("dropout_blocks", seeded, [randn(3, 6001)], reference, ulp=1.5, second=False),
]


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_share_of_dropped_elements(p):
    fd.manual_seed(0)
    n = 200_000
    y = dropout(fd.ones(n), p).numpy()
    dropped = (y == 0).mean()
    assert abs(dropped - p) <= 5 * np.sqrt(p * (1 - p) / n)
    np.testing.assert_allclose(y[y != 0], 1 / (1 - p), rtol=1e-7)


def test_neighbours_and_draws_are_independent():
    fd.manual_seed(0)
    n = 200_000
    first, second = (dropout(fd.ones(n), 0.5).numpy() / 2 for _ in range(2))
    for a, b in [(first, second), (first[1:], first[:-1]), (first[4:], first[:-4])]:
        assert abs(((a - 0.5) * (b - 0.5)).mean()) < 5 * 0.25 / np.sqrt(len(a))


def test_words_of_the_draw_decide():
    # element i is dropped where word i of the draw, the uniform float's source, is below p 2^32
    fd.manual_seed(11)
    kept = dropout(fd.ones(1000), 0.25).numpy() != 0
    fd.manual_seed(11)
    np.testing.assert_array_equal(kept, fd.rand(1000).numpy() >= 0.25)


def test_same_mask_for_every_dtype_and_length():
    masks = [
        seeded(fd.ones(n, dtype=dtype), 0.3).numpy() != 0
        for n in (20_011, 777, 5)
        for dtype in (fd.float32, fd.float64)
    ]
    for mask in masks:
        np.testing.assert_array_equal(mask, masks[0][: len(mask)])


def test_the_gradient_has_the_mask():
    x = fd.tensor(np.random.default_rng(0).standard_normal(1000)).requires_grad_()
    y = seeded(x, 0.3)
    (g,) = grad(y, x, fd.ones_like(y))
    np.testing.assert_array_equal(g.numpy() != 0, y.detach().numpy() != 0)
    np.testing.assert_allclose(g.numpy() * x.detach().numpy(), y.detach().numpy(), rtol=1e-15)


def test_all_orders_of_derivatives():
    x = fd.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).double().requires_grad_()
    y = seeded(x, 0.5)
    kept = y.detach().numpy() != 0
    assert 0 < kept.sum() < 6
    value, coefficient = y, 4.0
    for order in range(1, 4):  # (2 x)^4, derived: 4 · 2 (2 x)^3, ...
        if order == 1:
            value = value**4
        (value,) = grad(value.sum(), x, create_graph=True)
        factor = np.prod([coefficient - k for k in range(order)]) * 2.0**4
        expected = np.where(kept, factor * x.detach().numpy() ** (4 - order), 0)
        np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-12)


def test_dropped_elements_do_not_spread():
    x = np.full(1000, nan)
    x[::2] = inf
    x = fd.tensor(x).requires_grad_()
    y = seeded(x)
    values, kept = y.detach().numpy(), seeded(fd.ones(1000)).numpy() != 0
    assert (values[~kept] == 0).all() and not np.isfinite(values[kept]).any()
    (g,) = grad(y, x, fd.full((1000,), nan, dtype=fd.float64))
    assert (g.numpy()[~kept] == 0).all() and np.isnan(g.numpy()[kept]).all()


def test_p_is_0_or_1():
    x = fd.tensor([1.5, -inf, nan]).requires_grad_()
    np.testing.assert_array_equal(dropout(x, 0.0).detach().numpy(), [1.5, -inf, nan])
    y = dropout(x, 1.0)
    assert y.tolist() == [0, 0, 0]
    (g,) = grad(y, x, fd.ones(3))
    assert g.tolist() == [0, 0, 0]


def test_evaluation_returns_the_input_and_draws_nothing():
    x, state = fd.ones(3), fd.get_rng_state()
    assert dropout(x, 0.5, training=False) is x
    assert fd.get_rng_state() == state


def test_generator():
    generator, x = fd.Generator(5), fd.ones(100)
    state = fd.get_rng_state()
    first, second = dropout(x, 0.5, generator=generator), dropout(x, 0.5, generator=generator)
    assert fd.get_rng_state() == state and first.tolist() != second.tolist()
    again = fd.Generator(5)
    assert dropout(x, 0.5, generator=again).tolist() == first.tolist()


@pytest.mark.parametrize("p", [-0.1, 1.1, nan])
def test_p_out_of_range(p):
    state = fd.get_rng_state()
    with pytest.raises(ValueError, match=r"dropout: p: expected a number in \[0, 1\]"):
        dropout(fd.ones(3), p)
    assert fd.get_rng_state() == state


def test_integers_are_refused():
    with pytest.raises(TypeError, match="float32 or float64, got int64"):
        dropout(fd.ones(3, dtype=fd.int64))
