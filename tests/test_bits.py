"""The same bits: whatever the place of an element in vectors, blocks, offsets and strides.

(Threads, the compiled step and devices have their tests where they are made.)
"""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd

UNARY = [
    name
    for name, op in fd._C.op_table().items()
    if op["stem"] == "unary" and "float32" in op["dtypes"]
]
INNER = {"gelu_tanh": lambda x: fd.gelu(x, "tanh")}
BINARY = [
    "add", "sub", "mul", "div", "pow", "maximum", "minimum", "fmod", "remainder", "floor_divide",
    "atan2", "hypot", "copysign", "logaddexp", "logaddexp2", "xlogy",
]  # fmt: skip
DTYPES = ["float32", "float64"]
BLOCK = 8192  # work is handed out in blocks of so many elements

SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3e38, -3e38, 88.7, -103.9, 1, -1, 0.5]


def unary(name):
    return INNER.get(name) or getattr(fd, name)


def values(n, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 10.0 ** rng.integers(-6, 3, n)
    x[rng.permutation(n)[: len(SPECIAL)]] = SPECIAL[: min(n, len(SPECIAL))]
    with np.errstate(over="ignore"):
        return x.astype(dtype)


def bits(x):
    """The bits, with one NaN for all: which NaN comes out of NaN + NaN is up to the compiler."""
    return np.where(np.isnan(x), x.dtype.type(np.nan), x).view(f"u{x.itemsize}")


def same(got, expected):
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    wrong = bits(got) != bits(expected)
    assert not wrong.any(), f"bits differ at {np.argwhere(wrong)[:5].tolist()} of {got.shape}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_offsets_and_lengths(name, dtype):
    f, array = unary(name), values(120, dtype)
    x = fd.tensor(array)
    expected = np.concatenate([f(fd.tensor(array[i : i + 1])).numpy() for i in range(120)])
    same(f(x).numpy(), expected)
    for length in (*range(1, 36), 63, 64, 65):
        for offset in (0, 1, 3, 8, 15, 16, 17):
            same(f(x[offset : offset + length]).numpy(), expected[offset : offset + length])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_strides(name, dtype):
    f, array = unary(name), values(12 * 35, dtype).reshape(12, 35)
    x = fd.tensor(array)
    y = f(x).numpy()
    for step in (2, 3, 7):
        same(f(x[:, ::step]).numpy(), y[:, ::step])
        same(f(x[::step, 1:]).numpy(), y[::step, 1:])
    same(f(x.T).numpy(), y.T)
    same(f(x[:, 3]).numpy(), y[:, 3])
    same(f(x.reshape(3, 4, 35).permute(2, 0, 1)).numpy(),
         y.reshape(3, 4, 35).transpose(2, 0, 1))  # fmt: skip
    same(f(x[:1].expand(5, 35)).numpy(), np.repeat(y[:1], 5, axis=0))
    same(f(x[:, :1].expand(12, 40)).numpy(), np.repeat(y[:, :1], 40, axis=1))


@pytest.mark.parametrize("name", UNARY)
def test_blocks(name):
    f, array = unary(name), values(3 * BLOCK + 13, "float32")
    x = fd.tensor(array)
    whole = f(x).numpy()
    for offset, length in ((BLOCK - 5, 11), (1, 2 * BLOCK), (BLOCK, BLOCK + 1), (7, 3 * BLOCK)):
        same(f(x[offset : offset + length]).numpy(), whole[offset : offset + length])
    wide = np.zeros((3 * BLOCK + 13, 2), "float32")
    wide[:, 0] = array
    same(f(fd.tensor(wide)[:, 0]).numpy(), whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name, dtype):
    f = getattr(fd, name)
    a, b = values(12 * 35, dtype).reshape(12, 35), values(12 * 35, dtype, 1).reshape(12, 35)
    x, y = fd.tensor(a), fd.tensor(b)
    each = [f(fd.tensor(p), fd.tensor(q)).item() for p, q in zip(a.ravel(), b.ravel(), strict=True)]
    expected = np.array(each, dtype).reshape(12, 35)
    same(f(x, y).numpy(), expected)
    same(f(x.T, y.T).numpy(), expected.T)
    same(f(fd.tensor(a.T).T, y).numpy(), expected)
    same(f(x[:, ::2], y[:, ::2]).numpy(), expected[:, ::2])
    same(f(x[1:, 3:], y[1:, 3:]).numpy(), expected[1:, 3:])
    row, column = f(x, y[3]).numpy(), f(x, y[:, 3:4]).numpy()
    for i in range(12):
        same(f(x[i], y[3]).numpy(), row[i])
        same(f(x[i], y[i, 3]).numpy(), column[i])
        same(f(x[i], float(b[i, 3])).numpy(), column[i])
        same(f(y[i, 3], x[i]).numpy(), f(float(b[i, 3]), x[i]).numpy())
    for length in (*range(1, 36), 64):
        flat_x, flat_y = x.reshape(-1)[:length], y.reshape(-1)[5 : 5 + length]
        whole = f(x.reshape(-1)[:70], y.reshape(-1)[5:75]).numpy()
        same(f(flat_x, flat_y).numpy(), whole[:length])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_do_not_depend_on_the_layout(dtype):
    array = values(12 * 35, dtype).reshape(12, 35)
    for name in UNARY:
        if not unary(name)(fd.ones(1)).is_floating_point():
            continue
        grads = []
        for x in (fd.tensor(array), fd.tensor(array.T).T):
            x.requires_grad_()
            y = unary(name)(x)
            y.backward(fd.tensor(np.linspace(1, 2, array.size).reshape(array.shape).astype(dtype)))
            grads.append(np.ascontiguousarray(x.grad.numpy()))
        same(*grads)


def test_twice_the_same():
    array = values(10_000, "float32")
    for name in UNARY:
        same(*[unary(name)(fd.tensor(array)).numpy() for _ in range(2)])
