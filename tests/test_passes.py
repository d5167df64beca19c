"""What is done to a captured step before it is replayed: less work, the same bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.nn import functional as F

BLOCK = 8192  # elements that a chain does at a time
RNG = np.random.default_rng(0)


def drawn(*shape, dtype="float32"):
    return fd.tensor(RNG.standard_normal(shape).astype(dtype))


def calls_of(step):
    """The names in the latest capture."""
    return next(iter(step._captured.values()))[0].step.calls


def same_bits(f, *args, calls=None):
    """f compiled, twice, and on other threads, gives what f gives; returns its calls."""
    step = fd.compile(f)
    wanted = [x.numpy().tobytes() for x in each(f(*args))]
    for _ in range(2):
        assert [x.numpy().tobytes() for x in each(step(*args))] == wanted
    before = fd.get_num_threads()
    try:
        for threads in (1, 3):
            fd.set_num_threads(threads)
            assert [x.numpy().tobytes() for x in each(step(*args))] == wanted
    finally:
        fd.set_num_threads(before)
    if calls is not None:
        assert calls_of(step) == calls
    return step


def each(result):
    return result if isinstance(result, tuple) else (result,)


# ---- dead calls and constants ----------------------------------------------------------------


def test_what_nobody_looks_at_is_not_computed():
    def f(x):
        fd.exp(fd.tanh(x))
        return x * x

    same_bits(f, drawn(100), calls=["mul"])


def test_what_is_written_outside_is_computed():
    total = fd.zeros(3)

    def f(x):
        total.add_(x)

    step = fd.compile(f)
    for _ in range(3):
        step(fd.ones(3))
    assert total.tolist() == [3, 3, 3]


def test_constants_are_computed_once():
    step = same_bits(lambda x: x * (fd.full((3,), 2.0) + fd.ones(3)), drawn(3), calls=["mul"])
    assert step(fd.ones(3)).tolist() == [3, 3, 3]


def test_a_constant_that_is_changed_is_made_anew():
    def f(x):
        sum = fd.zeros(3)
        sum.add_(x)
        return sum * 2

    same_bits(f, drawn(3))


def test_a_constant_that_is_returned_may_be_changed_by_the_caller():
    step = fd.compile(lambda x: (fd.zeros(3), x * 2))
    for _ in range(3):
        zeros, _ = step(fd.ones(3))
        assert zeros.tolist() == [0, 0, 0]
        zeros.add_(1)


# ---- products --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 5, 3), (32, 64, 17), (7, 33, 1), (64, 700, 900)])
def test_relu_is_computed_with_the_product(shape):
    m, k, n = shape
    layer = nn.Linear(k, n)
    with fd.no_grad():
        same_bits(lambda x: F.relu(layer(x)), drawn(m, k), calls=["linear + relu"])


def test_a_product_that_is_looked_at_keeps_its_relu_apart():
    layer = nn.Linear(5, 3)
    with fd.no_grad():
        for f in (
            lambda x: (lambda y: (F.relu(y), y))(layer(x)),
            lambda x: (lambda y: F.relu(y) + y)(layer(x)),
            lambda x: F.relu(layer(x)[:, :2]),
            lambda x: F.relu(layer(x).T),
        ):
            assert "linear" in calls_of(same_bits(f, drawn(4, 5)))


@pytest.mark.parametrize("width", [3, 64, 100])
def test_gradients_of_a_weight_used_twice_are_added_in_the_product(width):
    layer = nn.Linear(width, width)

    def f(x):
        layer.zero_grad()
        layer(layer(x)).sum().backward()
        return layer.weight.grad, layer.bias.grad

    step = same_bits(f, drawn(32, width))
    assert "matmul + add" in calls_of(step)


def test_a_product_is_not_added_to_what_is_part_of_more():
    def f(x, a, b):
        more = x * 2
        return more[: len(a)] + a @ b

    same_bits(f, drawn(100_000, 3), drawn(5, 7), drawn(7, 3))


def test_gradients_from_before_are_added_to():
    layer = nn.Linear(20, 10)

    def run(wrap):
        layer.zero_grad()
        f = wrap(lambda x: F.relu(layer(x)).square().sum().backward())
        for k in range(5):
            f(fd.tensor(np.float32(range(40))).reshape(2, 20) * k)
        return layer.weight.grad.numpy().tobytes()

    assert run(lambda f: f) == run(fd.compile)


# ---- chains ----------------------------------------------------------------------------------

SIZES = [BLOCK, BLOCK + 1, 5 * BLOCK - 3]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_calls_over_the_same_elements_are_one(n, dtype):
    def f(x, y):
        return fd.tanh(fd.exp(-(x * y)) + x) * 2 - y

    x, y = drawn(n, dtype=dtype), drawn(n, dtype=dtype)
    step = same_bits(f, x, y)
    if n > BLOCK:
        assert calls_of(step) == ["mul + neg + exp + add + tanh + mul + sub"]


def test_chains_of_several_dtypes_and_a_mask():
    def f(x, y):
        larger = x.double() > y.double() * 2
        return fd.where(larger, x, y).int() + 1, F.dropout(x, 0.5, generator=fd.Generator(7)) * 3

    same_bits(f, drawn(3 * BLOCK + 5), drawn(3 * BLOCK + 5))


@pytest.mark.parametrize("shape", [(300, 100), (100, 300), (3, 20_000)])
def test_broadcast_and_turned_operands(shape):
    x, row, column = drawn(*shape), drawn(shape[1]), drawn(shape[0], 1)
    turned = drawn(*shape[::-1])

    def f(x, row, column, turned):
        y = (x + row) * column
        return y - turned.T, fd.exp(y) + row

    same_bits(f, x, row, column, turned)


def test_memory_that_is_seen_at_other_elements_breaks_the_chain():
    def f(x):  # y is written, then read turned over, then written again
        y = x * 2
        z = y.T + y
        y.mul_(3)
        return z + y, y[:, :1] + z * y

    same_bits(f, drawn(200, 200))


def test_changes_in_place():
    def f(x):
        y = x + 1
        y.mul_(x).add_(x)
        y.copy_(fd.exp(y))
        return y.sub_(1)

    same_bits(f, drawn(2 * BLOCK + 7))


def test_more_results_than_scratch_memory():
    def f(x):
        many = [x * k for k in range(1, 14)]
        while len(many) > 1:
            many = [a + b for a, b in itertools.pairwise(many)]
        return many[0]

    same_bits(f, drawn(2 * BLOCK + 7))


def test_a_result_that_found_no_scratch_memory_is_changed_in_place():
    def f(x):
        a, b, c, d, e, g = [x * k for k in range(1, 7)]
        some, others, last = x > 0, x > 0.5, x * 9
        last.add_(fd.where(some, a, b))
        last.mul_(fd.where(others, c, d))
        return last + e + g

    same_bits(f, drawn(2 * BLOCK + 7))


def test_a_result_within_a_chain_outlives_it():
    def f(x):
        y = fd.exp(x)
        return y, fd.tanh(y) * y

    x = drawn(3 * BLOCK)
    step = same_bits(f, x)
    kept, _ = step(x)
    step(x * 2)
    assert (kept.numpy() == fd.exp(x).numpy()).all()


def test_gradients_of_activations_by_blocks():
    for name in ("gelu", "silu", "mish", "elu", "softplus", "hardswish"):
        function = getattr(F, name)
        p = drawn(2, BLOCK + 5).requires_grad_()

        def f(g, function=function, p=p):
            (grad,) = fd.autograd.grad((function(p) * g).sum(), [p])
            return grad

        same_bits(f, drawn(2, BLOCK + 5))


def test_chains_of_any_length_need_little_memory():
    """Thirty results over the same elements, of which the last is wanted."""
    n = 100 * BLOCK

    def f(x):
        for k in range(30):
            x = fd.exp(x * (0.001 * k))
        return x

    x = fd.zeros(n)
    fd.compile(f)(x)
    before = fd._C.pool_stats()["live_bytes"]
    step = fd.compile(f)
    result = step(x)
    assert fd._C.pool_stats()["live_bytes"] - before < 4 * 4 * n
    assert result.numpy().tobytes() == f(x).numpy().tobytes()
