"""Random orders of indices, drawn from fastdl's generator."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .. import capture, random


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
    capture.refuse_if_capturing(
        "a random order or random integers are drawn", "draw them outside and pass them in"
    )
    generator = random.default_generator if generator is None else generator
    low_word, draw = 0, generator.next_draw()
    key = generator.seed % 2**128
    counter = [low_word, draw % 2**64, 0, 0]
    return np.asarray(np.random.Philox(key=key, counter=counter).random_raw(n), dtype=np.uint64)


def random_permutation(n: int, generator: DrawSource | None = None) -> np.ndarray:
    """The numbers 0 … n − 1 in random order (int64 `[n]`); takes one draw of `generator`."""
    return np.argsort(random_keys(n, generator), kind="stable")
