"""A step of Adam over the parameters of an MLP, gradients given.

Counted: parameter and both means are read and written, the gradient is read.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..op import Op, Work

RATE, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
WIDTHS = {  # by the number of parameters, about
    "10^4": (64, 100, 32, 10),
    "10^6": (784, 800, 400, 128, 10),
    "3*10^7": (784, 4096, 4096, 2048, 512, 10),
}


def shapes(size: str) -> list[tuple[int, ...]]:
    """Of weights and biases."""
    pairs = itertools.pairwise(WIDTHS[size])
    return [shape for n, m in pairs for shape in ((m, n), (m,))]


def _work(size: str) -> Work:
    nbytes = 4 * sum(math.prod(shape) for shape in shapes(size))
    return Work(7 * nbytes, 4 * nbytes)


def _values(size: str, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape, np.float32) for shape in shapes(size)]


def _eager(**options: Any) -> Any:
    """fastdl and PyTorch: their scripts read the same."""

    def build(lib: Any, size: str) -> Any:
        params = [lib.array(x).requires_grad_() for x in _values(size, 0)]
        optimizer = lib.module.optim.Adam(params, lr=RATE, **options)
        for p, g in zip(params, _values(size, 1), strict=True):
            (p * lib.array(g)).sum().backward()
        return optimizer.step

    return build


def _jax(lib: Any, size: str) -> Any:
    jax, tree = lib.module, lib.module.tree
    params, grads = ([lib.array(x) for x in _values(size, seed)] for seed in (0, 1))
    first, second = ([jax.numpy.zeros_like(p) for p in params] for _ in range(2))
    count = jax.numpy.zeros((), "int32")

    def adam(params: Any, first: Any, second: Any, count: Any, grads: Any) -> Any:
        count = count + 1
        first = tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, grads)
        second = tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, grads)
        rate, root = RATE / (1 - BETA1**count), jax.numpy.sqrt(1 - BETA2**count)

        def update(p: Any, m: Any, v: Any) -> Any:
            return p - rate * m / (jax.numpy.sqrt(v) / root + EPS)

        return tree.map(update, params, first, second), first, second, count

    step = lib.function(adam, donate_argnums=(0, 1, 2, 3))
    state = (params, first, second, count)

    def call() -> None:
        nonlocal state
        state = step(*state, grads)

    return call


def _mlx(lib: Any, size: str) -> Any:
    mlx = lib.module
    params = {str(i): lib.array(x) for i, x in enumerate(_values(size, 0))}
    grads = {str(i): lib.array(x) for i, x in enumerate(_values(size, 1))}
    optimizer = mlx.optimizers.Adam(RATE, [BETA1, BETA2], EPS, bias_correction=True)

    optimizer.init(params)

    def update(params: Any, state: Any, grads: Any) -> Any:
        optimizer.state = state
        return optimizer.apply_gradients(grads, params), optimizer.state

    step, state = mlx.core.compile(update), optimizer.state

    def call() -> None:
        nonlocal params, state
        params, state = step(params, state, grads)
        mlx.core.eval(params, state)

    return call


OPS = [
    Op(
        "adam",
        tuple(WIDTHS),
        _work,
        {
            "fastdl": _eager(),
            "torch": _eager(),
            "torch foreach": _eager(foreach=True),
            "torch fused": _eager(fused=True),
            "jax": _jax,
            "mlx": _mlx,
        },
        same=False,  # nothing is returned
    )
]
