"""Random tensors: the bits, the distributions, the draws."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd

MASK = 0xFFFFFFFF


def philox(seed, draw, block):
    """Philox4x32-10 of Salmon et al. (SC 2011), in plain Python."""
    c = [block & MASK, block >> 32, draw & MASK, draw >> 32]
    k = [seed & MASK, seed >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def words(seed, draw, n):
    return [w for block in range(-(-n // 4)) for w in philox(seed, draw, block)]


def test_reference_is_philox():
    # the known answers of the Random123 distribution
    assert philox(0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = (1 << 64) - 1
    assert philox(ones, ones, ones) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


@pytest.mark.parametrize("seed", [0, 12345678901234567890])
def test_bits_of_uniform_draws(seed):
    fd.manual_seed(seed)
    fd.rand(3)
    fd.rand(3)
    got, wide = fd.rand(77), fd.rand(77, dtype=fd.float64)
    expected = [(w >> 8) * 2.0**-24 for w in words(seed, 2, 77)]
    assert got.tolist() == expected[:77]
    w = words(seed, 3, 2 * 77)
    expected = [((w[2 * i + 1] << 32 | w[2 * i]) >> 11) * 2.0**-53 for i in range(77)]
    assert wide.tolist() == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_draws_are_box_and_muller(dtype):
    fd.manual_seed(9)
    z = fd.randn(2001, dtype=dtype).numpy()
    if dtype == "float32":
        w = np.array(words(9, 0, 2002), "uint64")
        u, v = ((w[0::2] >> np.uint64(1)) + 0.5) * 2.0**-31, (w[1::2] >> np.uint64(8)) * 2.0**-24
    else:
        w = np.array(words(9, 0, 2 * 2002), "uint64")
        bits = (w[1::2] << np.uint64(32) | w[0::2]) >> np.uint64(11)
        u, v = (bits[0::2] + 1.0) * 2.0**-53, bits[1::2] * 2.0**-53
    radius = np.sqrt(-2 * np.log(u))
    pairs = np.stack([radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)], 1)
    n = len(z) // 2  # pairs that are whole
    # for u near 1, log u hangs on the last bit of u as a float: sqrt(2 · 2^-25)
    error = np.abs(z[: 2 * n].astype("float64") - pairs[:n].reshape(-1))
    tolerance = 4 * np.finfo(dtype).eps * 7
    assert (error <= np.where(np.repeat(u[:n], 2) > 0.999, 3e-4, tolerance)).all()


@pytest.mark.parametrize("draw", [fd.rand, fd.randn])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_element_depends_on_its_index_alone(draw, dtype):
    """Not on length, shape or blocks of work."""
    fd.manual_seed(4)
    long = draw(40_003, dtype=dtype).numpy()
    for shape in [(5,), (8193,), (3, 7), (2, 3, 50), (1,), ()]:
        fd.manual_seed(4)
        short = draw(*shape, dtype=dtype).numpy().reshape(-1)
        np.testing.assert_array_equal(short, long[: short.size])


@pytest.mark.parametrize("fill", ["uniform_", "normal_"])
def test_logical_order_whatever_the_strides(fill):
    fd.manual_seed(1)
    expected = getattr(fd.empty(3, 5, 7), fill)().numpy()
    for layout in (fd.zeros(7, 3, 5).permute(1, 2, 0), fd.zeros(3, 5, 7, 2)[..., 1]):
        fd.manual_seed(1)
        getattr(layout, fill)()
        np.testing.assert_array_equal(layout.numpy(), expected)
    memory = fd.zeros(30)
    fd.manual_seed(1)
    getattr(memory[1:22:2], fill)()
    np.testing.assert_array_equal(memory[1:22:2].numpy(), expected.reshape(-1)[:11])
    assert (memory[0::2].numpy() == 0).all() and (memory[22:].numpy() == 0).all()


def test_seeds_and_states():
    fd.manual_seed(3)
    first, state, second = fd.rand(5), fd.get_rng_state(), fd.rand(5)
    assert first.tolist() != second.tolist()
    fd.set_rng_state(state)
    assert fd.rand(5).tolist() == second.tolist()
    fd.manual_seed(3)
    assert fd.rand(5).tolist() == first.tolist()
    fd.manual_seed(4)
    assert fd.rand(5).tolist() != first.tolist()
    state = fd.get_rng_state()
    assert fd.rand(5, generator=fd.Generator(3)).tolist() == first.tolist()
    assert fd.get_rng_state() == state


def moments(x):
    return x.mean(), x.var(), ((x - x.mean()) ** 3).mean(), ((x - x.mean()) ** 4).mean()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments(dtype):
    fd.manual_seed(0)
    n = 400_000
    x = fd.rand(n, dtype=dtype).numpy().astype("float64")
    assert 0 <= x.min() < 1e-4 and 1 - 1e-4 < x.max() < 1
    np.testing.assert_allclose(moments(x), [1 / 2, 1 / 12, 0, 1 / 80], atol=5 * 0.3 / n**0.5)
    z = fd.randn(n, dtype=dtype).numpy().astype("float64")
    np.testing.assert_allclose(moments(z), [0, 1, 0, 3], atol=5 * 10 / n**0.5)
    assert abs(np.corrcoef(z[0::2], z[1::2])[0, 1]) < 5 / (n / 2) ** 0.5
    counts = np.histogram(z, bins=[-np.inf, -2, -1, 0, 1, 2, np.inf])[0] / n
    half = [0.0227501, 0.1359051, 0.3413447]
    np.testing.assert_allclose(counts, [*half, *half[::-1]], atol=5 * 0.5 / n**0.5)


def test_parameters():
    fd.manual_seed(0)
    x = fd.empty(10_000).uniform_(-3, 5).numpy()
    assert -3 <= x.min() < -2.9 and 4.9 < x.max() < 5
    z = fd.empty(10_000, dtype=fd.float64).normal_(10, 0.5).numpy()
    assert abs(z.mean() - 10) < 0.025 and abs(z.std() - 0.5) < 0.025
    assert fd.empty(4).normal_(2, 0).tolist() == [2] * 4
    assert fd.empty(4).uniform_(2, 2).tolist() == [2] * 4


@pytest.mark.parametrize(("a", "b"), [(1, 1 + 2**-20), (-1 - 2**-20, -1), (-(2**-149), 0)])
def test_uniform_never_gives_its_upper_end(a, b):
    x = fd.empty(100_000).uniform_(a, b).numpy()
    assert x.min() >= np.float32(a) and x.max() < np.float32(b)


def test_randint():
    fd.manual_seed(0)
    x = fd.randint(-2, 3, (50, 100))
    assert x.dtype == fd.int64 and x.shape == (50, 100)
    values, counts = np.unique(x.numpy(), return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2] and (abs(counts - 1000) < 150).all()
    assert set(fd.randint(2, (99,)).tolist()) == {0, 1}
    high = fd.randint(2**62, 2**63 - 1, (100,)).numpy()
    assert (high >= 2**62).all()
    assert fd.randint(5, (0, 3)).shape == (0, 3)


def test_randperm():
    fd.manual_seed(0)
    p, q = fd.randperm(1000), fd.randperm(1000)
    assert p.dtype == fd.int64
    assert sorted(p.tolist()) == list(range(1000)) == sorted(q.tolist())
    assert p.tolist() != q.tolist()
    fd.manual_seed(0)
    assert fd.randperm(1000).tolist() == p.tolist()
    assert fd.randperm(0).shape == (0,)


def test_bernoulli():
    fd.manual_seed(0)
    p = fd.tensor([0.0, 0.25, 1.0]).expand(20_000, 3)
    x = fd.bernoulli(p).numpy()
    assert set(np.unique(x)) == {0, 1} and x.dtype == np.float32
    np.testing.assert_allclose(x.mean(0), [0, 0.25, 1], atol=0.02)
    assert x[:, 0].max() == 0 and x[:, 2].min() == 1


def test_likes_and_gradients():
    x = fd.zeros(2, 3, dtype=fd.float64)
    assert fd.rand_like(x).dtype == fd.randn_like(x).dtype == fd.float64
    assert fd.randn_like(x, dtype=fd.float32).dtype == fd.float32
    assert fd.randn(2, requires_grad=True).requires_grad
    w = fd.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        w.normal_()
    version = w._version
    with fd.no_grad():
        w.normal_()
    assert w._version > version
    y = w * 2
    y.uniform_()
    assert not y.requires_grad


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.empty(3).uniform_(2, 1), ValueError, "uniform_: a, b: expected"),
        (lambda: fd.empty(3).uniform_(-3e38, 3e38), ValueError, "finite in float32"),
        (lambda: fd.empty(3).uniform_(0, np.nan), ValueError, "uniform_"),
        (lambda: fd.empty(3).normal_(0, -1), ValueError, "normal_: std: expected"),
        (lambda: fd.empty(1).expand(3).uniform_(), ValueError, "uniform_: .*share memory"),
        (lambda: fd.empty(1).expand(3).normal_(), ValueError, "normal_: .*share memory"),
        (lambda: fd.rand(3, dtype=fd.int64), TypeError, "float32 or float64, got int64"),
        (lambda: fd.rand(-1), ValueError, "sizes of at least 0"),
        (lambda: fd.randint(3, 3, (2,)), ValueError, "low < high, got 3 and 3"),
        (lambda: fd.randint(0, 2**64, (2,)), TypeError, "high: expected an int that int64"),
        (lambda: fd.randint(3, 2), TypeError, "size: expected a tuple"),
        (lambda: fd.randint(3, (-1,)), ValueError, "size: expected"),
        (lambda: fd.randperm(-1), ValueError, "at least 0, got -1"),
        (lambda: fd.randperm(2.5), TypeError, "expected an int"),
        (lambda: fd.bernoulli(fd.tensor([1.5])), ValueError, "probabilities"),
        (lambda: fd.bernoulli(fd.tensor([np.nan])), ValueError, "probabilities"),
        (lambda: fd.bernoulli(fd.ones(2, dtype=fd.int64)), TypeError, "got int64"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
