"""A training step of an MLP: ReLU, cross-entropy, SGD or Adam; loss, gradients, update."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..op import Op, Work

# Thousands of steps on one batch: at a usual rate they would end in gradients of zero.
RATE = 1e-7
SIZES = {"64-32-10 batch 32": 32, "784-256-128-10 batch 128": 128}
Layers = list[tuple[np.ndarray, np.ndarray]]


def _inputs(size: str) -> tuple[Layers, np.ndarray, np.ndarray]:
    """Weights (out, in) with biases, images, labels."""
    widths, rng = [int(n) for n in size.split()[0].split("-")], np.random.default_rng(0)
    layers = [
        (
            rng.standard_normal((m, n), np.float32) * np.float32(math.sqrt(2 / n)),
            np.zeros(m, np.float32),
        )
        for n, m in itertools.pairwise(widths)
    ]
    images = rng.random((SIZES[size], widths[0]), np.float32)
    return layers, images, rng.integers(0, widths[-1], SIZES[size])


def _script(lib: Any, size: str, optimizer: str, **options: Any) -> Any:
    """fastdl and PyTorch: their scripts read the same."""
    nn, optim = lib.module.nn, lib.module.optim
    layers, *batch = _inputs(size)
    images, labels = map(lib.array, batch)
    modules: list[Any] = []
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with lib.module.no_grad():
            linear.weight.copy_(lib.array(weight))
            linear.bias.copy_(lib.array(bias))
        modules += [linear, nn.ReLU()]
    model = nn.Sequential(*modules[:-1])
    rule = getattr(optim, optimizer)(model.parameters(), lr=RATE, **options)

    def step(x: Any, y: Any) -> Any:
        rule.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        rule.step()
        return loss

    return step, images, labels, model


def _eager(optimizer: str, **options: Any) -> Any:
    def build(lib: Any, size: str) -> Any:
        step, x, y, _ = _script(lib, size, optimizer, **options)
        return lambda: step(x, y)

    return build


def _fastdl_compiled(optimizer: str) -> Any:
    def build(lib: Any, size: str) -> Any:
        step, x, y, _ = _script(lib, size, optimizer)
        compiled = lib.module.compile(step)
        return lambda: compiled(x, y)

    return build


def _torch_compiled(optimizer: str) -> Any:
    """The model by torch.compile, as its users do; the optimizer in its fused form."""

    def build(lib: Any, size: str) -> Any:
        torch = lib.module
        _, x, y, model = _script(lib, size, optimizer)
        rule = getattr(torch.optim, optimizer)(model.parameters(), lr=RATE, fused=True)

        @lib.compiled
        def loss_of(x: Any, y: Any) -> Any:
            return torch.nn.functional.cross_entropy(model(x), y)

        def step() -> Any:
            rule.zero_grad()
            loss = loss_of(x, y)
            loss.backward()
            rule.step()
            return loss

        return step

    return build


def _jax(optimizer: str) -> Any:
    """The whole step compiled, parameters and state donated."""

    def build(lib: Any, size: str) -> Any:
        jax, jnp, tree = lib.module, lib.module.numpy, lib.module.tree
        layers, *batch = _inputs(size)
        x, y = map(lib.array, batch)
        params = [(lib.array(w), lib.array(b)) for w, b in layers]

        def loss_of(params: Any, x: Any, y: Any) -> Any:
            for w, b in params[:-1]:
                x = jax.nn.relu(x @ w.T + b)
            w, b = params[-1]
            logits = x @ w.T + b
            picked = jnp.take_along_axis(logits, y[:, None], 1)[:, 0]
            return (jax.nn.logsumexp(logits, 1) - picked).mean()

        def sgd(params: Any, x: Any, y: Any) -> Any:
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            return loss, tree.map(lambda p, g: p - RATE * g, params, grads)

        def adam(state: Any, x: Any, y: Any) -> Any:
            params, first, second, count = state
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            count = count + 1
            first = tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
            second = tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
            rate, root = RATE / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
            params = tree.map(
                lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + 1e-8), params, first, second
            )
            return loss, (params, first, second, count)

        state: Any = params
        if optimizer == "Adam":
            zeros = [tree.map(jnp.zeros_like, params) for _ in range(2)]
            state = (params, *zeros, jnp.zeros((), "int32"))
        step = lib.function(adam if optimizer == "Adam" else sgd, donate_argnums=0)

        def call() -> Any:
            nonlocal state
            loss, state = step(state, x, y)
            return loss

        return call

    return build


def _mlx(optimizer: str) -> Any:
    """The whole step compiled by mx.compile."""

    def build(lib: Any, size: str) -> Any:
        mx, nn, optimizers = lib.module.core, lib.module.nn, lib.module.optimizers
        layers, *batch = _inputs(size)
        x, y = map(lib.array, batch)
        modules: list[Any] = []
        for weight, bias in layers:
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight, linear.bias = lib.array(weight), lib.array(bias)
            modules += [linear, nn.ReLU()]
        model = nn.Sequential(*modules[:-1])
        options = {"bias_correction": True} if optimizer == "Adam" else {}
        rule = getattr(optimizers, optimizer)(RATE, **options)
        loss_of = nn.value_and_grad(
            model, lambda x, y: nn.losses.cross_entropy(model(x), y, reduction="mean")
        )
        rule.init(model.trainable_parameters())
        state = [model.state, rule.state]

        def step(x: Any, y: Any) -> Any:
            loss, grads = loss_of(x, y)
            rule.update(model, grads)
            return loss

        compiled = mx.compile(step, inputs=state, outputs=state)

        def call() -> Any:
            loss = compiled(x, y)
            mx.eval(loss, state)
            return loss

        return call

    return build


OPS = [
    Op(
        f"mlp_{optimizer.lower()}",
        tuple(SIZES),
        lambda _: Work(),
        {
            "fastdl": _eager(optimizer),
            "fastdl compiled": _fastdl_compiled(optimizer),
            "torch": _eager(optimizer),
            "torch fused": _eager(optimizer, fused=True),
            "torch compiled": _torch_compiled(optimizer),
            "jax": _jax(optimizer),
            "mlx": _mlx(optimizer),
        },
        kind="step",
    )
    for optimizer in ("SGD", "Adam")
]
