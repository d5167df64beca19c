"""Matrix products: squares, the shapes of small networks, one row, many small ones.

The floor of a row is its fastest contender: what the machine can do.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Op, Work

SIZES = (  # rows x inner x columns, in front of it the number of products
    "1x64x32",
    "1x784x256",
    "1x1024x1024",
    "32x64x32",
    "32x32x10",
    "128x784x256",
    "128x256x128",
    "128x128x10",
    "256x256x256",
    "1024x1024x1024",
    "2048x2048x2048",
    "64*32x32x32",
    "256*16x64x16",
)


def _dimensions(size: str) -> tuple[int, int, int, int]:
    batch, _, rest = size.rpartition("*")
    m, k, n = map(int, rest.split("x"))
    return int(batch or 1), m, k, n


def _operands(size: str) -> tuple[np.ndarray, np.ndarray]:
    batch, m, k, n = _dimensions(size)
    front = (batch,) if "*" in size else ()
    rng = np.random.default_rng(0)
    scale = np.float32(1 / math.sqrt(k))
    return (
        rng.standard_normal((*front, m, k), np.float32),
        rng.standard_normal((*front, k, n), np.float32) * scale,
    )


def _contender(product: Any) -> Any:
    def build(lib: Any, size: str) -> Any:
        (a, b), call = map(lib.array, _operands(size)), lib.function(product(lib.module))
        return lambda: call(a, b)

    return build


OPS = [
    Op(
        "matmul",
        SIZES,
        lambda size: Work(flops=2 * math.prod(_dimensions(size))),
        {
            "fastdl": _contender(lambda fd: fd.matmul),
            "numpy": _contender(lambda np: np.matmul),
            "torch": _contender(lambda torch: torch.matmul),
            "jax": _contender(lambda jax: jax.numpy.matmul),
            "mlx": _contender(lambda mlx: mlx.core.matmul),
        },
        kind="matmul",
    )
]
