"""Activations: 4 bytes are read for each element and 4 written (softmax and its kin over the last
dimension, a row of which stays in the cache).  NumPy's forms are those one would write."""

from __future__ import annotations

from functools import partial
from typing import Any

from .row import COMPOSED, row

_row = partial(row, "activation")


def _softmax(np: Any, x: Any) -> Any:
    y = np.exp(x - x.max(-1, keepdims=True))
    return y / y.sum(-1, keepdims=True)


def _log_softmax(np: Any, x: Any) -> Any:
    y = x - x.max(-1, keepdims=True)
    return y - np.log(np.exp(y).sum(-1, keepdims=True))


def _gelu_tanh(np: Any, x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


OPS = [
    _row("relu", 8, lambda m, x: m.relu(x), lambda m, x: m.maximum(x, 0),
         jax=lambda jax, x: jax.nn.relu(x)),
    _row("leaky_relu", 8, lambda m, x: m.nn.functional.leaky_relu(x),
         lambda m, x: m.where(x > 0, x, 0.01 * x), jax=lambda jax, x: jax.nn.leaky_relu(x)),
    _row("prelu", 8, lambda m, x: m.nn.functional.prelu(x, x[0, :1]),
         lambda m, x: m.where(x > 0, x, x[0, 0] * x), note=COMPOSED),
    _row("rrelu", 8, lambda m, x: m.nn.functional.rrelu(x),
         lambda m, x: m.where(x > 0, x, 0.2291667 * x)),
    _row("elu", 8, lambda m, x: m.nn.functional.elu(x),
         lambda m, x: m.where(x > 0, x, m.expm1(x)), jax=lambda jax, x: jax.nn.elu(x)),
    _row("selu", 8, lambda m, x: m.nn.functional.selu(x),
         lambda m, x: 1.0507010 * m.where(x > 0, x, 1.6732632 * m.expm1(x)),
         jax=lambda jax, x: jax.nn.selu(x)),
    _row("celu", 8, lambda m, x: m.nn.functional.celu(x, 2.0),
         lambda m, x: m.where(x > 0, x, 2 * m.expm1(x / 2)),
         jax=lambda jax, x: jax.nn.celu(x, 2.0)),
    _row("gelu", 8, lambda m, x: m.nn.functional.gelu(x), None,
         scipy=lambda sp, x: x * sp.special.ndtr(x),
         jax=lambda jax, x: jax.nn.gelu(x, approximate=False)),
    _row("gelu_tanh", 8, lambda m, x: m.nn.functional.gelu(x, approximate="tanh"), _gelu_tanh,
         jax=lambda jax, x: jax.nn.gelu(x)),
    _row("sigmoid", 8, lambda m, x: m.sigmoid(x), lambda m, x: 1 / (1 + m.exp(-x)),
         scipy=lambda sp, x: sp.special.expit(x), jax=lambda jax, x: jax.nn.sigmoid(x)),
    _row("logsigmoid", 8, lambda m, x: m.nn.functional.logsigmoid(x),
         lambda m, x: -m.logaddexp(0, -x), scipy=lambda sp, x: sp.special.log_expit(x),
         jax=lambda jax, x: jax.nn.log_sigmoid(x)),
    _row("silu", 8, lambda m, x: m.nn.functional.silu(x), lambda m, x: x / (1 + m.exp(-x)),
         jax=lambda jax, x: jax.nn.silu(x)),
    _row("mish", 8, lambda m, x: m.nn.functional.mish(x),
         lambda m, x: x * m.tanh(m.logaddexp(0, x)), jax=lambda jax, x: jax.nn.mish(x)),
    _row("softplus", 8, lambda m, x: m.nn.functional.softplus(x), lambda m, x: m.logaddexp(0, x),
         jax=lambda jax, x: jax.nn.softplus(x)),
    _row("softsign", 8, lambda m, x: m.nn.functional.softsign(x), lambda m, x: x / (1 + abs(x)),
         jax=lambda jax, x: jax.nn.soft_sign(x)),
    _row("hardtanh", 8, lambda m, x: m.nn.functional.hardtanh(x), lambda m, x: m.clip(x, -1, 1),
         jax=lambda jax, x: jax.nn.hard_tanh(x), note=COMPOSED),
    _row("relu6", 8, lambda m, x: m.nn.functional.relu6(x), lambda m, x: m.clip(x, 0, 6),
         jax=lambda jax, x: jax.nn.relu6(x)),
    _row("hardsigmoid", 8, lambda m, x: m.nn.functional.hardsigmoid(x),
         lambda m, x: m.clip(x / 6 + 0.5, 0, 1), jax=lambda jax, x: jax.nn.hard_sigmoid(x)),
    _row("hardswish", 8, lambda m, x: m.nn.functional.hardswish(x),
         lambda m, x: x * m.clip(x / 6 + 0.5, 0, 1), jax=lambda jax, x: jax.nn.hard_swish(x)),
    _row("hardshrink", 8, lambda m, x: m.nn.functional.hardshrink(x),
         lambda m, x: m.where(abs(x) > 0.5, x, 0), note=COMPOSED),
    _row("softshrink", 8, lambda m, x: m.nn.functional.softshrink(x),
         lambda m, x: m.sign(x) * m.maximum(abs(x) - 0.5, 0), note=COMPOSED),
    _row("tanhshrink", 8, lambda m, x: m.nn.functional.tanhshrink(x), lambda m, x: x - m.tanh(x),
         note=COMPOSED),
    _row("threshold", 8, lambda m, x: m.nn.functional.threshold(x, 0.1, 2.0),
         lambda m, x: m.where(x > 0.1, x, 2), note=COMPOSED),
    _row("glu", 6, lambda m, x: m.nn.functional.glu(x),
         lambda m, x: (lambda a, b: a / (1 + m.exp(-b)))(*m.split(x, 2, -1)),
         jax=lambda jax, x: jax.nn.glu(x), note=COMPOSED),
    _row("maxout", 6, lambda m, x: m.nn.functional.maxout(x, 2),
         lambda m, x: x.reshape(len(x), -1, 2).max(-1),
         torch=lambda m, x: x.view(len(x), -1, 2).amax(-1), note=COMPOSED),
    _row("softmax", 8, lambda m, x: m.softmax(x, -1), _softmax,
         scipy=lambda sp, x: sp.special.softmax(x, -1), jax=lambda jax, x: jax.nn.softmax(x)),
    _row("softmin", 8, lambda m, x: m.nn.functional.softmin(x, -1), lambda m, x: _softmax(m, -x),
         jax=lambda jax, x: jax.nn.softmax(-x)),
    _row("log_softmax", 8, lambda m, x: m.log_softmax(x, -1), _log_softmax,
         scipy=lambda sp, x: sp.special.log_softmax(x, -1),
         jax=lambda jax, x: jax.nn.log_softmax(x)),
    _row("soft_argmax", 4, lambda m, x: m.nn.functional.soft_argmax(x),
         lambda m, x: _softmax(m, x) @ m.arange(x.shape[-1], dtype="float32"),
         torch=lambda m, x: m.softmax(x, -1) @ m.arange(x.shape[-1], dtype=m.float32),
         note=COMPOSED),
]  # fmt: skip
