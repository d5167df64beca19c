"""Random orders of indices, drawn from fastdl's generator."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .. import _C, capture, random


class DrawSource(Protocol):
    """What is needed of a generator: `fastdl.random.default_generator` or one of your own."""

    @property
    def seed(self) -> int: ...

    def next_draw(self) -> int: ...


def random_keys(n: int, generator: DrawSource | None = None) -> np.ndarray:
    """`n` random uint64, a function of (seed, draw index) alone; takes one draw.

    The raw words of a bit generator never change between NumPy versions, those of
    `numpy.random.Generator` may: so nothing but raw words is used here.
    """
    key, draw = _next_draw(generator)
    raw = np.random.Philox(key=key, counter=draw << 64).random_raw(n)
    return np.asarray(raw, dtype=np.uint64)


def random_permutation(n: int, generator: DrawSource | None = None) -> np.ndarray:
    """The numbers 0 … n − 1 in random order (int64 `[n]`), that of `random_keys` in ascending
    order; takes one draw of `generator`."""
    key, draw = _next_draw(generator)
    order: np.ndarray = _C.numpy(_C.random_permutation(key % 2**64, key >> 64, draw, n))
    return order


def _next_draw(generator: DrawSource | None) -> tuple[int, int]:
    """Seed (128 bits) and draw index (64 bits)."""
    capture.refuse_if_capturing(
        "a random order or random integers are drawn", "draw them outside and pass them in"
    )
    generator = random.default_generator if generator is None else generator
    draw = generator.next_draw()
    return generator.seed % 2**128, draw % 2**64
