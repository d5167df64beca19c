"""Batch normalization with ReLU in training, forward and backward to input, weight and bias.

Counted: 3 passes forward (statistics; read, write) and 5 backward (two sums over the input and the
gradient; both again and the result), since statistics must be there before they are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import SIZES, Op, passes, shape
from .forward import normal

EPS, MOMENTUM = 1e-5, 0.1


def _inputs(size: str) -> list[np.ndarray]:
    """Input, cotangent, weight, bias, running mean, running variance."""
    rng, columns = np.random.default_rng(1), shape(size)[1]
    cotangent = rng.standard_normal(shape(size), np.float32)
    weight, bias = rng.random((2, columns), np.float32)
    zero, one = np.zeros(columns, np.float32), np.ones(columns, np.float32)
    return [normal(size), cotangent, weight, bias, zero, one]


def _backward(x: Any, g: Any, weight: Any, bias: Any, forward: Any) -> Any:
    leaves = [t.requires_grad_() for t in (x, weight, bias)]

    def call() -> Any:
        for leaf in leaves:
            leaf.grad = None
        y = forward()
        y.backward(g)
        return y, *[leaf.grad for leaf in leaves]

    return call


def _fastdl(lib: Any, size: str) -> Any:
    x, g, weight, bias, mean, var = map(lib.array, _inputs(size))
    F = lib.module.nn.functional
    arguments = (x, mean, var, weight, bias, True, MOMENTUM, EPS)
    return _backward(x, g, weight, bias, lambda: F.batch_norm(*arguments, relu=True))


def _compiled(lib: Any, size: str) -> Any:
    """fastdl's counterpart of jit."""
    x, g, weight, bias, mean, var = map(lib.array, _inputs(size))
    F = lib.module.nn.functional
    leaves = [t.requires_grad_() for t in (x, weight, bias)]

    @lib.module.compile
    def step(g: Any) -> Any:
        for leaf in leaves:
            leaf.grad = None
        y = F.batch_norm(x, mean, var, weight, bias, True, MOMENTUM, EPS, relu=True)
        y.backward(g)
        return y

    return lambda: (step(g), *[leaf.grad for leaf in leaves])


def _torch(compiled: bool = False) -> Any:
    def build(lib: Any, size: str) -> Any:
        x, g, weight, bias, mean, var = map(lib.array, _inputs(size))
        F = lib.module.nn.functional

        def forward() -> Any:
            return F.relu(F.batch_norm(x, mean, var, weight, bias, True, MOMENTUM, EPS))

        return _backward(x, g, weight, bias, lib.compiled(forward) if compiled else forward)

    return build


def _jax(lib: Any, size: str) -> Any:
    jax = lib.module
    x, g, weight, bias, mean, var = map(lib.array, _inputs(size))

    def forward(x: Any, weight: Any, bias: Any) -> Any:
        m, v = x.mean(0), x.var(0)
        return jax.nn.relu((x - m) * jax.lax.rsqrt(v + EPS) * weight + bias), (m, v)

    def both(x: Any, g: Any, weight: Any, bias: Any, mean: Any, var: Any) -> Any:
        y, vjp, (m, v) = jax.vjp(forward, x, weight, bias, has_aux=True)
        unbiased = v * (len(x) / (len(x) - 1))
        running = [o + MOMENTUM * (n - o) for o, n in ((mean, m), (var, unbiased))]
        return (y, *vjp(g)), running

    call = lib.function(both, donate_argnums=(4, 5))

    def step() -> Any:
        nonlocal mean, var
        result, (mean, var) = call(x, g, weight, bias, mean, var)
        return result

    return step


def _mlx(lib: Any, size: str) -> Any:
    mx, nn = lib.module.core, lib.module.nn
    x, g, weight, bias, _, _ = map(lib.array, _inputs(size))
    layer = nn.BatchNorm(len(weight), EPS, MOMENTUM)
    layer.weight, layer.bias = weight, bias

    def forward(x: Any, weight: Any, bias: Any) -> Any:
        layer.weight, layer.bias = weight, bias
        return nn.relu(layer(x))

    def both() -> Any:
        (y,), gradients = mx.vjp(forward, [x, weight, bias], [g])
        layer.weight, layer.bias = weight, bias
        mx.eval(y, gradients, layer.state)  # running statistics, too
        return y, *gradients

    return both


def _numpy(lib: Any, size: str) -> Any:
    x, g, weight, bias, mean, var = _inputs(size)
    n = np.float32(len(x))

    def call() -> Any:
        nonlocal mean, var
        m = x.mean(0)
        centered = x - m
        v = (centered * centered).mean(0)
        inverse = 1 / np.sqrt(v + np.float32(EPS))
        normed = centered * inverse
        y = np.maximum(normed * weight + bias, 0)
        mean = mean + np.float32(MOMENTUM) * (m - mean)
        var = var + np.float32(MOMENTUM) * (v * n / (n - 1) - var)
        h = g * (y > 0)
        to_bias, to_weight = h.sum(0), (h * normed).sum(0)
        to_x = (h - to_bias / n - normed * (to_weight / n)) * (weight * inverse)
        return y, to_x, to_weight, to_bias

    return call


OPS = [
    Op(
        "batchnorm_relu",
        SIZES,
        passes(8, 4),
        {
            "fastdl": _fastdl,
            "fastdl compiled": _compiled,
            "numpy": _numpy,
            "torch": _torch(),
            "torch compiled": _torch(compiled=True),
            "jax": _jax,
            "mlx": _mlx,
        },
    )
]
