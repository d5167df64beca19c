"""Dropout with p = ½ in training: a new mask on every call."""

from __future__ import annotations

from typing import Any

from ..op import SIZES, Op, passes
from .forward import normal

P = 0.5


def _fastdl(lib: Any, size: str) -> Any:
    x, dropout = lib.array(normal(size)), lib.module.nn.functional.dropout
    return lambda: dropout(x, P)


def _numpy(lib: Any, size: str) -> Any:
    np, x = lib.module, normal(size)
    rng = np.random.default_rng(0)
    scale = np.float32(1 / (1 - P))
    return lambda: x * (rng.random(x.shape, np.float32) >= P) * scale


def _torch(lib: Any, size: str) -> Any:
    x, dropout = lib.array(normal(size)), lib.module.nn.functional.dropout
    return lambda: dropout(x, P)


def _jax(lib: Any, size: str) -> Any:
    jax, x = lib.module, lib.array(normal(size))

    def dropout(key: Any, x: Any) -> Any:
        key, now = jax.random.split(key)
        kept = jax.random.bernoulli(now, 1 - P, x.shape)
        return key, jax.numpy.where(kept, x / (1 - P), 0)

    step, key = lib.function(dropout), jax.random.key(0)

    def call() -> Any:
        nonlocal key
        key, y = step(key, x)
        return y

    return call


def _mlx(lib: Any, size: str) -> Any:
    x, layer = lib.array(normal(size)), lib.module.nn.Dropout(P)
    call = lib.function(layer)
    return lambda: call(x)


# The last size is 33 million elements.
OPS = [
    Op(
        "dropout",
        SIZES,
        passes(2, 2),
        {"fastdl": _fastdl, "numpy": _numpy, "torch": _torch, "jax": _jax, "mlx": _mlx},
        same=False,
    )
]
