"""Random numbers, and what is dropped at random: new ones on every call."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import channels, normal, unit
from .row import BY_NUMPY, COMPOSED, draw

_draw = partial(draw, "random")
P = 0.5


def _dropped(jax: Any, key: Any, x: Any, shape: tuple[int, ...]) -> Any:
    return jax.numpy.where(jax.random.bernoulli(key, 1 - P, shape), x / (1 - P), 0)


def _channels_dropped(jax: Any, key: Any, x: Any) -> Any:
    return _dropped(jax, key, x, (*x.shape[:2], 1, 1))


OPS = [
    _draw("rand", 4, lambda m, x: m.rand(x.shape), lambda rng, x: rng.random(x.shape, "f4"),
          jax=lambda jax, key, x: jax.random.uniform(key, x.shape)),
    _draw("randn", 4, lambda m, x: m.randn(x.shape),
          lambda rng, x: rng.standard_normal(x.shape, "f4"),
          jax=lambda jax, key, x: jax.random.normal(key, x.shape)),
    _draw("randint", 8, lambda m, x: m.randint(0, 100, x.shape),
          lambda rng, x: rng.integers(0, 100, x.shape),
          jax=lambda jax, key, x: jax.random.randint(key, x.shape, 0, 100)),
    _draw("randperm", 8, lambda m, x: m.randperm(x.shape[0] * x.shape[1]),
          lambda rng, x: rng.permutation(x.size),
          jax=lambda jax, key, x: jax.random.permutation(key, x.size), note=BY_NUMPY),
    _draw("bernoulli", 8, lambda m, x: m.bernoulli(x), lambda rng, x: rng.random(x.shape, "f4") < x,
          jax=lambda jax, key, x: jax.random.bernoulli(key, x), inputs=unit),
    _draw("normal", 8, lambda m, x: m.normal(x, 2.0),
          lambda rng, x: x + 2 * rng.standard_normal(x.shape, "f4"),
          jax=lambda jax, key, x: x + 2 * jax.random.normal(key, x.shape)),
    _draw("exponential", 4, lambda m, x: x.exponential_(),
          lambda rng, x: rng.standard_exponential(x.shape, "f4"),
          jax=lambda jax, key, x: jax.random.exponential(key, x.shape)),
    _draw("poisson", 8, lambda m, x: m.poisson(x), lambda rng, x: rng.poisson(x),
          jax=lambda jax, key, x: jax.random.poisson(key, x), inputs=unit),
    _draw("log_normal", 4, lambda m, x: x.log_normal_(),
          lambda rng, x: rng.lognormal(size=x.shape),
          jax=lambda jax, key, x: jax.random.lognormal(key, shape=x.shape)),
    _draw("multinomial", 4, lambda m, x: m.multinomial(x, 10, True), inputs=unit,
          jax=lambda jax, key, x: jax.random.categorical(
              key, jax.numpy.log(x), shape=(10, len(x)))),
    _draw("gumbel_softmax", 8, lambda m, x: m.nn.functional.gumbel_softmax(x),
          jax=lambda jax, key, x: jax.nn.softmax(x + jax.random.gumbel(key, x.shape))),
    _draw("rrelu_training", 8, lambda m, x: m.nn.functional.rrelu(x, training=True),
          jax=lambda jax, key, x: jax.numpy.where(
              x > 0, x, x * jax.random.uniform(key, x.shape, minval=1 / 8, maxval=1 / 3))),
    _draw("dropout", 8, lambda m, x: m.nn.functional.dropout(x, P),
          lambda rng, x: x * (rng.random(x.shape, "f4") >= P) / (1 - P),
          jax=lambda jax, key, x: _dropped(jax, key, x, x.shape)),
    _draw("dropout1d", 8, lambda m, x: m.nn.functional.dropout1d(x.flatten(2), P), inputs=channels,
          jax=lambda jax, key, x: _dropped(
              jax, key, x.reshape(*x.shape[:2], -1), (*x.shape[:2], 1)), note=COMPOSED),
    _draw("dropout2d", 8, lambda m, x: m.nn.functional.dropout2d(x, P), inputs=channels,
          jax=_channels_dropped, note=COMPOSED),
    _draw("dropout3d", 8, lambda m, x: m.nn.functional.dropout3d(x[..., None], P),
          inputs=channels, jax=_channels_dropped, note=COMPOSED),
    _draw("alpha_dropout", 8, lambda m, x: m.nn.functional.alpha_dropout(x, P, True)),
    _draw("feature_alpha_dropout", 8,
          lambda m, x: m.nn.functional.feature_alpha_dropout(x, P, True), inputs=channels),
    _draw("gaussian_dropout", 8, lambda m, x: m.nn.functional.gaussian_dropout(x, P),
          lambda rng, x: x * (1 + rng.standard_normal(x.shape, "f4")), inputs=normal,
          torch=lambda m, x: x * (1 + m.randn_like(x)),
          jax=lambda jax, key, x: x * (1 + jax.random.normal(key, x.shape))),
]  # fmt: skip
