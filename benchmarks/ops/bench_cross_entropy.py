"""The mean cross-entropy of logits with classes, and its gradient at the logits.

Counted: the loss reads the logits once, the gradient reads them once more and is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import SIZES, Op, passes, shape
from .forward import normal


def _inputs(size: str) -> tuple[np.ndarray, np.ndarray]:
    rows, classes = shape(size)
    return normal(size), np.random.default_rng(1).integers(0, classes, rows)


def _eager(lib: Any, size: str) -> Any:
    """fastdl and PyTorch: their scripts read the same."""
    return _step(lib, size, lib.module.nn.functional.cross_entropy)


def _torch_compiled(lib: Any, size: str) -> Any:
    return _step(lib, size, lib.compiled(lib.module.nn.functional.cross_entropy))


def _step(lib: Any, size: str, cross_entropy: Any) -> Any:
    logits, labels = map(lib.array, _inputs(size))
    logits.requires_grad_()

    def call() -> Any:
        logits.grad = None
        loss = cross_entropy(logits, labels)
        loss.backward()
        return loss, logits.grad

    return call


def _compiled(lib: Any, size: str) -> Any:
    """fastdl's counterpart of jit."""
    logits, labels = map(lib.array, _inputs(size))
    logits.requires_grad_()

    @lib.module.compile
    def step(logits: Any, labels: Any) -> Any:
        logits.grad = None
        loss = lib.module.nn.functional.cross_entropy(logits, labels)
        loss.backward()
        return loss

    return lambda: (step(logits, labels), logits.grad)


def _numpy(lib: Any, size: str) -> Any:
    logits, labels = _inputs(size)
    rows = np.arange(len(labels))

    def call() -> Any:
        top = logits.max(1, keepdims=True)
        gradient = np.exp(logits - top)
        total = gradient.sum(1, keepdims=True)
        loss = (np.log(total[:, 0]) + top[:, 0] - logits[rows, labels]).mean()
        gradient /= total
        gradient[rows, labels] -= 1
        gradient /= np.float32(len(rows))
        return loss, gradient

    return call


def _jax(lib: Any, size: str) -> Any:
    jax, (logits, labels) = lib.module, map(lib.array, _inputs(size))

    def loss(logits: Any, labels: Any) -> Any:
        picked = jax.numpy.take_along_axis(logits, labels[:, None], 1)[:, 0]
        return (jax.nn.logsumexp(logits, 1) - picked).mean()

    call = lib.function(jax.value_and_grad(loss))
    return lambda: call(logits, labels)


def _mlx(lib: Any, size: str) -> Any:
    mlx, (logits, labels) = lib.module, map(lib.array, _inputs(size))

    def loss(logits: Any, labels: Any) -> Any:
        return mlx.nn.losses.cross_entropy(logits, labels, reduction="mean")

    call = lib.function(mlx.core.value_and_grad(loss))
    return lambda: call(logits, labels)


OPS = [
    Op(
        "cross_entropy",
        SIZES,
        passes(3, 2),
        {
            "fastdl": _eager,
            "fastdl compiled": _compiled,
            "numpy": _numpy,
            "torch": _eager,
            "torch compiled": _torch_compiled,
            "jax": _jax,
            "mlx": _mlx,
        },
    )
]
