"""Categories drawn with given weights."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fastdl as fd

WEIGHTS = np.array([3.0, 0.0, 1.0, 6.0, 0.5])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_with_replacement(dtype):
    fd.manual_seed(0)
    weights = fd.tensor(WEIGHTS.astype(dtype))
    x = fd.multinomial(weights, 50_000, True)
    assert x.dtype is fd.int64 and x.shape == (50_000,)
    counts = np.bincount(x.numpy(), minlength=5) / 50_000
    np.testing.assert_allclose(counts, WEIGHTS / WEIGHTS.sum(), atol=5 * 0.5 / 50_000**0.5)
    assert counts[1] == 0


def test_the_draw_inverts_the_cumulative_weights():
    fd.manual_seed(4)
    x = fd.tensor(WEIGHTS).expand(3, 5).multinomial(7, replacement=True)
    fd.manual_seed(4)
    u = fd.rand(3, 7, dtype=fd.float64).numpy()
    expected = np.searchsorted(np.cumsum(WEIGHTS) / WEIGHTS.sum(), u, side="right")
    np.testing.assert_array_equal(x.numpy(), expected)


def test_without_replacement_is_an_exponential_race():
    fd.manual_seed(4)
    weights = np.random.default_rng(0).uniform(0.1, 2, (5, 40))
    x = fd.multinomial(fd.tensor(weights), 40)
    fd.manual_seed(4)
    times = fd.empty(5, 40, dtype=fd.float64).exponential_().numpy() / weights
    np.testing.assert_array_equal(x.numpy(), np.argsort(times, 1))
    for n in (1, 2, 7, 39):
        fd.manual_seed(4)
        np.testing.assert_array_equal(fd.multinomial(fd.tensor(weights), n).numpy(), x[:, :n])


def test_law_without_replacement():
    """Each order of two has the probability of drawing them one after another."""
    fd.manual_seed(1)
    n = 40_000
    pairs = fd.multinomial(fd.tensor(WEIGHTS).expand(n, 5), 2).numpy()
    share = WEIGHTS / WEIGHTS.sum()
    for a, b in itertools.permutations(range(5), 2):
        expected = share[a] * share[b] / (1 - share[a])
        found = (pairs == [a, b]).all(1).mean()
        assert abs(found - expected) <= 5 * (expected / n) ** 0.5


def test_rows_do_not_depend_on_each_other():
    fd.manual_seed(2)
    rows = fd.tensor([[1.0, 0, 0], [0, 0, 2], [0, 3, 0]])
    assert fd.multinomial(rows, 1).tolist() == [[0], [2], [1]]
    assert fd.multinomial(rows, 4, True).tolist() == [[0] * 4, [2] * 4, [1] * 4]


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e300, 1e308])
def test_extreme_weights(scale):
    weights = fd.tensor(np.array([1.0, 0, 1.5, 0, 1.0]) * scale)
    for _ in range(20):
        assert sorted(fd.multinomial(weights, 3).tolist()) == [0, 2, 4]
        assert set(fd.multinomial(weights, 9, True).tolist()) <= {0, 2, 4}


def test_nothing():
    assert fd.multinomial(fd.ones(3), 0).shape == (0,)
    assert fd.multinomial(fd.ones(0, 3), 2).shape == (0, 2)
    assert fd.multinomial(fd.ones(2, 0), 0, True).shape == (2, 0)
    x = fd.multinomial(fd.ones(3, requires_grad=True), 2)
    assert not x.requires_grad


def test_a_generator_of_ones_own():
    weights = fd.ones(50)
    a, b = [weights.multinomial(5, generator=fd.Generator(7)) for _ in range(2)]
    assert a.tolist() == b.tolist()


W = fd.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.multinomial(fd.tensor([1.0, -1]), 1), ValueError,
         r"multinomial: input: .*at least 0, got -1 at position \(1,\)"),
        (lambda: fd.multinomial(fd.tensor([[1.0, 2], [np.nan, 1]]), 1, True), ValueError,
         r"got nan at position \(1, 0\)"),
        (lambda: fd.multinomial(fd.tensor([np.inf]), 1), ValueError, r"got inf"),
        (lambda: fd.multinomial(fd.zeros(3), 1, True), ValueError,
         r"at least 1 weights above 0 in row 0, got 0"),
        (lambda: fd.multinomial(fd.tensor([1.0, 0, 1]), 3), ValueError,
         r"at least 3 weights above 0 in row 0, got 2"),
        (lambda: fd.multinomial(W, 4), ValueError, r"num_samples: expected at most the 3 .*got 4"),
        (lambda: fd.multinomial(W, -1), ValueError, r"num_samples: expected at least 0, got -1"),
        (lambda: fd.multinomial(W[None], 1), ValueError, r"input: expected 1 or 2 dimensions"),
        (lambda: fd.multinomial(W[0, 0], 1), ValueError, r"got shape \(\)"),
        (lambda: fd.multinomial(W.long(), 1), TypeError, r"multinomial: input: .*int64"),
        (lambda: fd.multinomial(W, 1.5), TypeError, r"multinomial: num_samples: expected an int"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
