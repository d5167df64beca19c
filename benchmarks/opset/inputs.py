"""What the rows of the op set compute with: matrices of float32 with so many elements."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

SHAPES = {"1e3": (10, 100), "1e5": (100, 1000), "1e7": (10_000, 1000)}
Arrays = tuple[np.ndarray, ...]


def _kept(make: Callable[[str, np.random.Generator], Arrays]) -> Callable[[str], Arrays]:
    """`make` with random numbers that are the same for all contenders, made once for a size."""

    @functools.lru_cache(1)
    def inputs(size: str) -> Arrays:
        arrays = make(size, np.random.default_rng(0))
        for array in arrays:
            array.flags.writeable = False
        return arrays

    return inputs


def _normal(size: str, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(SHAPES[size], np.float32)


def _uniform(size: str, rng: np.random.Generator) -> np.ndarray:
    """Between 0 and 1, not on the bounds."""
    return rng.random(SHAPES[size], np.float32) * np.float32(0.998) + np.float32(0.001)


@_kept
def normal(size: str, rng: np.random.Generator) -> Arrays:
    """A matrix of standard normal numbers."""
    return (_normal(size, rng),)


@_kept
def two(size: str, rng: np.random.Generator) -> Arrays:
    """Two of them."""
    return _normal(size, rng), _normal(size, rng)


@_kept
def distinct(size: str, rng: np.random.Generator) -> Arrays:
    """Normal numbers of which no two of a row are equal, so that there is one right order."""
    from statistics import NormalDist

    rows, columns = SHAPES[size]
    line = [NormalDist().inv_cdf((i + 0.5) / columns) for i in range(columns)]
    return (rng.permuted(np.tile(np.array(line, np.float32), (rows, 1)), axis=1),)


@_kept
def index_of_columns(size: str, rng: np.random.Generator) -> Arrays:
    """A matrix, and for each of its elements the column of another one in the same row."""
    columns = SHAPES[size][1]
    return _normal(size, rng), rng.integers(0, columns, SHAPES[size])


@_kept
def added_rows(size: str, rng: np.random.Generator) -> Arrays:
    """A matrix, the row that each row of a second one belongs to, and the second matrix."""
    rows = SHAPES[size][0]
    return _normal(size, rng), rng.integers(0, rows, rows), _normal(size, rng)


@_kept
def thin(size: str, rng: np.random.Generator) -> Arrays:
    """A matrix, and one with ten columns to multiply it with."""
    return _normal(size, rng), rng.standard_normal((SHAPES[size][1], 10), np.float32)


@_kept
def scaled(size: str, rng: np.random.Generator) -> Arrays:
    """A matrix with a weight and a bias for each column."""
    weight, bias = rng.random((2, SHAPES[size][1]), np.float32)
    return _normal(size, rng), weight, bias
