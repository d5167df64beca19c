"""A training step of an MLP: ReLU, cross-entropy, SGD or Adam; loss, gradients, update."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..op import Build, Call, Op, Work

# Thousands of steps on one batch: at a usual rate they would end in gradients of zero.
RATE, MOMENTUM = 1e-7, 0.9
SIZES = (
    "17-64-64-6 batch 1",
    "64-32-10 batch 32",
    "64-64-64-10 batch 32",
    "784-256-10 batch 64",
    "784-512-512-10 batch 128",
    "784-1024-1024-10 batch 256",
)
SWEEP = tuple(
    f"{n}-{n}-{n}-10 batch {batch}"
    for n in (16, 32, 45, 46, 64, 128, 256, 512, 1024)
    for batch in (1, 32, 256)
)
# What SimpleChains.jl published: tanh and squared errors, all samples as one batch.
SIMPLE_CHAINS = "4-32-16-4 batch 10000"
Layers = list[tuple[np.ndarray, np.ndarray]]


def _numbers(size: str) -> tuple[list[int], int]:
    """Widths and batch."""
    widths, _, batch = size.split()
    return [int(n) for n in widths.split("-")], int(batch)


def _is_regression(size: str) -> bool:
    return size == SIMPLE_CHAINS


def _inputs(size: str) -> tuple[Layers, np.ndarray, np.ndarray]:
    """Weights (out, in) with biases, images, labels or targets."""
    widths, batch = _numbers(size)
    rng = np.random.default_rng(0)
    layers = [
        (
            rng.standard_normal((m, n), np.float32) * np.float32(math.sqrt(2 / n)),
            np.zeros(m, np.float32),
        )
        for n, m in itertools.pairwise(widths)
    ]
    images = rng.random((batch, widths[0]), np.float32)
    if _is_regression(size):
        return layers, images, rng.random((batch, widths[-1]), np.float32)
    return layers, images, rng.integers(0, widths[-1], batch)


def _options(optimizer: str) -> dict[str, float]:
    return {"momentum": MOMENTUM} if optimizer == "SGD" else {}


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
        modules += [linear, nn.Tanh() if _is_regression(size) else nn.ReLU()]
    model = nn.Sequential(*modules[:-1])
    options = {**_options(optimizer), **options}
    rule = getattr(optim, optimizer)(model.parameters(), lr=RATE, **options)
    loss_of = nn.functional.mse_loss if _is_regression(size) else nn.functional.cross_entropy

    def step(x: Any, y: Any) -> Any:
        rule.zero_grad()
        loss = loss_of(model(x), y)
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
        options = {**_options(optimizer), "fused": True}
        rule = getattr(torch.optim, optimizer)(model.parameters(), lr=RATE, **options)
        functional = torch.nn.functional
        criterion = functional.mse_loss if _is_regression(size) else functional.cross_entropy

        @lib.compiled
        def loss_of(x: Any, y: Any) -> Any:
            return criterion(model(x), y)

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
        activation = jnp.tanh if _is_regression(size) else jax.nn.relu

        def loss_of(params: Any, x: Any, y: Any) -> Any:
            for w, b in params[:-1]:
                x = activation(x @ w.T + b)
            w, b = params[-1]
            logits = x @ w.T + b
            if _is_regression(size):
                return ((logits - y) ** 2).mean()
            picked = jnp.take_along_axis(logits, y[:, None], 1)[:, 0]
            return (jax.nn.logsumexp(logits, 1) - picked).mean()

        def sgd(state: Any, x: Any, y: Any) -> Any:
            params, momenta = state
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            momenta = tree.map(lambda v, g: MOMENTUM * v + g, momenta, grads)
            return loss, (tree.map(lambda p, v: p - RATE * v, params, momenta), momenta)

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

        zeros = [tree.map(jnp.zeros_like, params) for _ in range(2)]
        state: Any = (params, zeros[0])
        if optimizer == "Adam":
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
            modules += [linear, nn.Tanh() if _is_regression(size) else nn.ReLU()]
        model = nn.Sequential(*modules[:-1])
        options = {"bias_correction": True} if optimizer == "Adam" else _options(optimizer)
        rule = getattr(optimizers, optimizer)(RATE, **options)
        criterion = nn.losses.mse_loss if _is_regression(size) else nn.losses.cross_entropy
        loss_of = nn.value_and_grad(model, lambda x, y: criterion(model(x), y, reduction="mean"))
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


def floor(lib: Any, size: str) -> dict[str, Call]:
    """The step's matrix products alone, by OpenBLAS and as fastdl does them."""
    widths, batch = _numbers(size)
    zeros, products = lib.module.zeros, []
    for i, (n, m) in enumerate(itertools.pairwise(widths)):
        x, weight, gradient = zeros(batch, n), zeros(m, n), zeros(batch, m)
        products += [(x, weight.T), (gradient.T, x), *[(gradient, weight)] * (i > 0)]
    make = lib.module._C.Products
    calls = {"floor fastdl": make(products, 0).run, "floor OpenBLAS": make(products, 1).run}
    if lib.threads > 1:
        calls["floor OpenBLAS, in parts"] = make(products, lib.threads).run
    return calls


def _op(name: str, optimizer: str, sizes: tuple[str, ...], kind: str = "step") -> Op:
    contenders: dict[str, Build] = {
        "fastdl": _eager(optimizer),
        "fastdl compiled": _fastdl_compiled(optimizer),
        "torch": _eager(optimizer),
        "torch fused": _eager(optimizer, fused=True),
        "torch compiled": _torch_compiled(optimizer),
        "jax": _jax(optimizer),
        "mlx": _mlx(optimizer),
    }
    return Op(
        name, sizes, lambda _: Work(), contenders,
        kind=kind, representative=kind == "step", floor=floor,
    )  # fmt: skip


OPS = [
    _op("mlp_sgd", "SGD", SIZES),
    _op("mlp_adam", "Adam", (*SIZES, SIMPLE_CHAINS)),
    _op("mlp_widths", "SGD", SWEEP, "widths"),
]
