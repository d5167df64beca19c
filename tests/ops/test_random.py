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


def wide_words(seed, draw, n):
    w = words(seed, draw, 2 * n)
    return [w[2 * i + 1] << 32 | w[2 * i] for i in range(n)]


def test_randint():
    fd.manual_seed(0)
    x = fd.randint(-2, 3, (50, 100))
    assert x.dtype == fd.int64 and x.shape == (50, 100)
    assert x.reshape(-1)[:77].tolist() == [-2 + (b * 5 >> 64) for b in wide_words(0, 0, 77)]
    values, counts = np.unique(x.numpy(), return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2] and (abs(counts - 1000) < 150).all()
    assert set(fd.randint(2, (99,)).tolist()) == {0, 1}
    high = fd.randint(2**62, 2**63 - 1, (100,)).numpy()
    assert (high >= 2**62).all()
    assert fd.randint(5, (0, 3)).shape == (0, 3)
    assert fd.randint(5, (2,), dtype=fd.float32).dtype is fd.float32
    like = fd.randint_like(fd.zeros(3, 2), 4, 6)
    assert like.dtype is fd.float32 and like.shape == (3, 2) and like.amin().item() >= 4
    assert set(fd.randint_like(x, 2).reshape(-1).tolist()) == {0, 1}


def test_random_():
    fd.manual_seed(0)
    assert set(fd.empty(200).random_(3).tolist()) == {0, 1, 2}
    assert set(fd.empty(200).int().random_(-1, 1).tolist()) == {-1, 0}
    assert set(fd.zeros(99).bool().random_().tolist()) == {False, True}
    for dtype, most in ((fd.uint8, 255), (fd.int32, 2**31 - 1), (fd.int64, 2**63 - 1),
                        (fd.float32, 2**24), (fd.float64, 2**53)):  # fmt: skip
        x = fd.zeros(5000, dtype=dtype).random_().double().numpy()
        assert 0 <= x.min() < 0.01 * most and 0.99 * most < x.max() <= most
        assert (x == np.floor(x)).all()
    x = fd.zeros(9).long().random_(-(2**63), 2**63 - 1)
    assert x.amin().item() < 0 < x.amax().item()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponential(dtype):
    fd.manual_seed(9)
    x = fd.empty(100_000, dtype=dtype).exponential_(2.0).numpy()
    if dtype == "float32":
        w = np.array(words(9, 0, 2000), "uint64")
        u = ((w >> np.uint64(1)) + 0.5) * 2.0**-31
    else:
        u = ((np.array(wide_words(9, 0, 2000), "uint64") >> np.uint64(11)) + 1.0) * 2.0**-53
    np.testing.assert_allclose(x[:2000], -np.log(u) / 2, rtol=8 * np.finfo(dtype).eps, atol=2e-16)
    assert 0 < x.min() < 1e-4
    x = x.astype("float64")
    n = len(x) ** 0.5
    np.testing.assert_allclose([x.mean(), x.std()], [0.5, 0.5], atol=5 / n)
    np.testing.assert_allclose(np.mean(x > 1), np.exp(-2), atol=5 / n)


def test_log_normal():
    fd.manual_seed(0)
    x = fd.empty(50_000).log_normal_(1, 0.5)
    fd.manual_seed(0)
    assert x.tolist() == fd.exp(fd.empty(50_000).normal_(1, 0.5)).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cauchy(dtype):
    fd.manual_seed(9)
    n = 50_000
    x = fd.empty(n, dtype=dtype).cauchy_(2.0, 0.5).numpy()
    u = ((np.array(wide_words(9, 0, n), "uint64") >> np.uint64(11)) + 0.0) * 2.0**-53
    np.testing.assert_allclose(x, 2 + 0.5 * np.tan(np.pi * (u - 0.5)), rtol=1e-6, atol=1e-6)
    share = [np.mean(x <= q) for q in (2 - 0.5, 2, 2 + 0.5, 2 + 0.5 * np.tan(0.45 * np.pi))]
    np.testing.assert_allclose(share, [0.25, 0.5, 0.75, 0.95], atol=5 * 0.5 / n**0.5)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
@pytest.mark.parametrize("p", [0.05, 0.3, 0.9, 1])
def test_geometric(p, dtype):
    fd.manual_seed(1)
    n = 50_000
    x = fd.zeros(n, dtype=dtype).geometric_(p)
    k = x.numpy().astype("float64")
    assert x.dtype is getattr(fd, dtype) and k.min() == 1 and (k == np.floor(k)).all()
    for j in (1, 2, 5):
        expected = p * (1 - p) ** (j - 1)
        assert abs(np.mean(k == j) - expected) <= 5 * (expected / n) ** 0.5
    assert abs(k.mean() - 1 / p) <= 5 * (1 - p) ** 0.5 / p / n**0.5


def test_geometric_of_rare_successes():
    fd.manual_seed(0)
    assert 250 < fd.zeros(99, dtype=fd.uint8).geometric_(1e-9).float().mean().item() <= 255
    assert fd.zeros(99).long().geometric_(1e-300).amin().item() > 1 << 62
    k = fd.empty(20_000, dtype=fd.float64).geometric_(1e-12)
    assert abs(k.mean().item() / 1e12 - 1) < 5 / 20_000**0.5


def test_normal():
    mean, std = fd.tensor([0.0, 100.0]), fd.tensor([[1.0], [0.0]])
    fd.manual_seed(0)
    x = fd.normal(mean, std)
    fd.manual_seed(0)
    z = fd.randn(2, 2)
    assert x.tolist() == (z * std + mean).tolist()
    assert fd.normal(mean, 2.0).shape == fd.normal(3.0, std[:, 0]).shape == (2,)
    assert fd.normal(1.0, 0.0, (2, 3)).tolist() == [[1] * 3] * 2
    assert fd.normal(0, 1, (2,), dtype=fd.float64).dtype is fd.float64
    assert fd.normal(mean.double(), std).dtype is fd.float64
    assert not fd.normal(mean.requires_grad_(), std).requires_grad


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
    fd.manual_seed(3)
    p = fd.linspace(0, 1, 77)
    expected = [w < round(q * 2**32) for w, q in zip(words(3, 0, 77), p.tolist(), strict=False)]
    assert fd.bernoulli(p).bool().tolist() == expected
    fd.manual_seed(3)
    assert p.double().bernoulli().bool().tolist() == expected
    fd.manual_seed(3)
    assert fd.zeros(77).bool().bernoulli_(p).tolist() == expected


def test_bernoulli_with_one_probability():
    fd.manual_seed(0)
    x = fd.empty(20_000, dtype=fd.int64)
    assert x.bernoulli_(0.25) is x and set(x.tolist()) == {0, 1}
    assert abs(x.float().mean().item() - 0.25) < 0.02
    assert fd.zeros(9).bernoulli_(1).tolist() == [1] * 9
    y = fd.bernoulli(fd.full((20_000,), 7.0), 0.25)
    assert abs(y.mean().item() - 0.25) < 0.02
    assert 0 < fd.empty(50).bernoulli_().mean().item() < 1
    memory = fd.full((4, 2), 5.0)
    memory[:, 0].bernoulli_(0.5)
    assert memory[:, 1].tolist() == [5] * 4 and set(memory[:, 0].tolist()) <= {0, 1}
    w = fd.ones(3, requires_grad=True) * 2
    assert not w.bernoulli_().requires_grad


DRAWS = {
    "randint": lambda x: fd.randint(0, 1000, (7,)),
    "bernoulli": lambda x: fd.bernoulli(fd.sigmoid(x)),
    "bernoulli_": lambda x: (x * 0).bernoulli_(0.4),
    "exponential_": lambda x: (x * 0).exponential_(),
    "cauchy_": lambda x: (x * 0).cauchy_(1.0, 2.0),
    "geometric_": lambda x: (x * 0).geometric_(0.2),
    "poisson": lambda x: fd.poisson(fd.exp(x) * 9),
    "random_": lambda x: (x * 0).random_(50),
    "log_normal_": lambda x: (x * 0).log_normal_(),
    "normal": lambda x: fd.normal(x, abs(x)),
    "multinomial": lambda x: fd.multinomial(fd.exp(x), 4),
    "multinomial again": lambda x: fd.multinomial(fd.exp(x), 40, True),
}


@pytest.mark.parametrize("name", DRAWS)
def test_compiled_draws_are_the_eager_ones(name):
    f = DRAWS[name]
    x = fd.tensor(np.random.default_rng(0).standard_normal(9).astype("float32"))
    step = fd.compile(lambda x: (fd.rand(2), f(x)))
    fd.manual_seed(5)
    expected = [[t.tolist() for t in (fd.rand(2), f(x))] for _ in range(4)]
    fd.manual_seed(5)
    assert [[t.tolist() for t in step(x)] for _ in range(4)] == expected
    assert expected[0] != expected[1]


def test_bad_numbers_in_a_compiled_step():
    step = fd.compile(lambda std: fd.normal(0.0, std))
    step(fd.tensor([0.5, 1.0]))
    with pytest.raises(ValueError, match=r"normal: std: .*got -1"):
        step(fd.tensor([0.5, -1.0]))
    step = fd.compile(fd.bernoulli)
    step(fd.tensor([0.5, 1.0]))
    with pytest.raises(ValueError, match=r"bernoulli: p: .*got 1.5 at element 1"):
        step(fd.tensor([0.5, 1.5]))


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
        (lambda: fd.randint(3, (-1,)), ValueError, "expected sizes of at least 0, got"),
        (lambda: fd.randperm(-1), ValueError, "at least 0, got -1"),
        (lambda: fd.randperm(2.5), TypeError, "expected an int"),
        (lambda: fd.bernoulli(fd.tensor([1.5])), ValueError, "probabilities"),
        (lambda: fd.bernoulli(fd.tensor([np.nan])), ValueError, "probabilities"),
        (lambda: fd.bernoulli(fd.ones(2, dtype=fd.int64)), TypeError, "got int64"),
        (lambda: fd.zeros(2).bernoulli_(1.5), ValueError, "bernoulli_: p: expected a number in"),
        (lambda: fd.zeros(2).bernoulli_(fd.tensor(2.0)), ValueError, "bernoulli_: p: .* got 2 at"),
        (lambda: fd.zeros(2).bernoulli_(fd.ones(3)), ValueError, "bernoulli_"),
        (lambda: fd.zeros(2).bernoulli_(fd.ones(2).long()), TypeError, "bernoulli_: p: .*int64"),
        (lambda: fd.zeros(1).expand(3).bernoulli_(), ValueError, "bernoulli_: .*share memory"),
        (lambda: fd.zeros(2).exponential_(0), ValueError, "exponential_: lambd: .*got 0"),
        (lambda: fd.zeros(2).exponential_(np.nan), ValueError, "exponential_: lambd"),
        (lambda: fd.zeros(2).long().exponential_(), TypeError, "exponential_: input: .*int64"),
        (lambda: fd.zeros(2).cauchy_(0, 0), ValueError, "cauchy_: sigma: expected a number above"),
        (lambda: fd.zeros(2).cauchy_(np.inf), ValueError, "cauchy_: median: .*got inf"),
        (lambda: fd.zeros(2).long().cauchy_(), TypeError, "cauchy_: input: .*int64"),
        (lambda: fd.zeros(2).geometric_(0), ValueError, "geometric_: p: expected a number above 0"),
        (lambda: fd.zeros(2).geometric_(1.1), ValueError, r"geometric_: p: .*\[0, 1\], got 1.1"),
        (lambda: fd.zeros(2).bool().geometric_(0.5), TypeError, "geometric_: input: .*bool"),
        (lambda: fd.zeros(2).random_(0), ValueError, "random_: from_, to: .*got 0 and 0"),
        (lambda: fd.zeros(2).random_(5, 2), ValueError, "random_: from_, to: .*got 5 and 2"),
        (lambda: fd.zeros(2).to(fd.uint8).random_(257), ValueError, "<= 256 for uint8, got 0 and"),
        (lambda: fd.zeros(2).random_(-(2**24) - 1, 0), ValueError, "random_: from_, to"),
        (lambda: fd.zeros(2).random_(0.5), TypeError, "random_: to: expected an int, got"),
        (lambda: fd.zeros(1).expand(3).random_(), ValueError, "share memory"),
        (lambda: fd.zeros(2).log_normal_(0, -1), ValueError, "std: expected"),
        (lambda: fd.normal(0, 1), ValueError, "normal: size: expected with two numbers"),
        (lambda: fd.normal(fd.zeros(2), 1.0, (2,)), ValueError, "normal: size"),
        (lambda: fd.normal(fd.zeros(2), -1.0), ValueError, "normal: std: expected a number in"),
        (lambda: fd.normal(0.0, fd.tensor([-1.0])), ValueError, "normal: std: expected numbers in"),
        (lambda: fd.normal(fd.zeros(2).long(), 1.0), TypeError, "normal: mean, std: .*int64"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
