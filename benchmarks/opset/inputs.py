"""What the rows of the op set compute with: matrices of float32 with so many elements, and the
indices, masks and vectors beside them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

SHAPES = {"1e3": (10, 100), "1e5": (100, 1000), "1e7": (10_000, 1000)}
Arrays = tuple[np.ndarray, ...]
Make = Callable[[np.random.Generator, tuple[int, int]], Arrays]


@functools.lru_cache(2)
def _made(make: Make, size: str) -> Arrays:
    """The inputs of a size, made once and the same for all contenders."""
    arrays = make(np.random.default_rng(0), SHAPES[size])
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _kept(make: Make) -> Callable[[str], Arrays]:
    return functools.partial(_made, make)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def _unit(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Between 0 and 1, not on the bounds."""
    return rng.random(shape, np.float32) * np.float32(0.998) + np.float32(0.001)


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return (2 * rng.integers(0, 2, shape) - 1).astype(np.float32)


# ---- matrices of one kind ------------------------------------------------------------------------

normal = _kept(lambda rng, shape: (_normal(rng, shape),))
two = _kept(lambda rng, shape: (_normal(rng, shape), _normal(rng, shape)))
twice = _kept(lambda rng, shape: (_normal(rng, shape),) * 2)
three = _kept(lambda rng, shape: tuple(_normal(rng, shape) for _ in range(3)))
unit = _kept(lambda rng, shape: (_unit(rng, shape),))
two_unit = _kept(lambda rng, shape: (_unit(rng, shape), _unit(rng, shape)))
within_one = _kept(lambda rng, shape: (2 * _unit(rng, shape) - 1,))
above_one = _kept(lambda rng, shape: (10 * _unit(rng, shape) + 1,))
integer = _kept(lambda rng, shape: (rng.integers(0, 1000, shape, np.int32),))
two_integer = _kept(lambda rng, shape: tuple(rng.integers(0, 16, (2, *shape), np.int32)))
boolean = _kept(lambda rng, shape: (rng.random(shape) < 0.5,))
two_boolean = _kept(lambda rng, shape: tuple(rng.random((2, *shape)) < 0.5))


# ---- what is ordered -----------------------------------------------------------------------------


@_kept
def distinct(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Normal numbers of which no two of a row are equal, so that there is one right order."""
    rows, columns = shape
    line = [NormalDist().inv_cdf((i + 0.5) / columns) for i in range(columns)]
    return (rng.permuted(np.tile(np.array(line, np.float32), (rows, 1)), axis=1),)


@_kept
def repeated(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A vector of whole numbers below 100, as int64."""
    return (rng.integers(0, 100, shape[0] * shape[1]),)


@_kept
def runs(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """The same in order, so that equal ones are neighbours."""
    return (np.sort(rng.integers(0, 100, shape[0] * shape[1])),)


@_kept
def boundaries(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """1000 numbers in order, and a matrix of those to find the place of."""
    return np.sort(_normal(rng, (1000,))), _normal(rng, shape)


# ---- indices and masks ---------------------------------------------------------------------------


@_kept
def columns(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, and for each of its elements a column."""
    return _normal(rng, shape), rng.integers(0, shape[1], shape)


@_kept
def moved_columns(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, for each of its elements another column, and a second matrix."""
    index = rng.permuted(np.tile(np.arange(shape[1]), (shape[0], 1)), axis=1)
    return _normal(rng, shape), index, _normal(rng, shape)


@_kept
def rows(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, as many row numbers as it has rows, and a second matrix."""
    return _normal(rng, shape), rng.integers(0, shape[0], shape[0]), _normal(rng, shape)


@_kept
def moved_rows(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """The same, but each row number comes once."""
    return _normal(rng, shape), rng.permutation(shape[0]), _normal(rng, shape)


@_kept
def half_of_rows(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, and the numbers of half of its rows."""
    return _normal(rng, shape), rng.permutation(shape[0])[: shape[0] // 2]


@_kept
def masked(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, and a mask of half of it."""
    return _normal(rng, shape), rng.random(shape) < 0.5


@_kept
def chosen(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A mask and two matrices."""
    return rng.random(shape) < 0.5, _normal(rng, shape), _normal(rng, shape)


# ---- losses --------------------------------------------------------------------------------------


@_kept
def labelled(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Scores, and the class of each row."""
    return _normal(rng, shape), rng.integers(0, shape[1], shape[0])


@_kept
def multilabelled(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Scores of 20 classes, and three of the classes for each row, then −1."""
    rows = shape[0] * shape[1] // 20
    target = np.full((rows, 20), -1)
    target[:, :3] = rng.integers(0, 6, (rows, 3)) * 3 + np.arange(3)
    return _normal(rng, (rows, 20)), target


@_kept
def zero_or_one(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Scores, and a target of 0 and 1 for each."""
    return _normal(rng, shape), rng.integers(0, 2, shape).astype(np.float32)


@_kept
def probable(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Probabilities, and a target of 0 and 1 for each."""
    return _unit(rng, shape), rng.integers(0, 2, shape).astype(np.float32)


@_kept
def signed(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Scores, and a target of −1 and 1 for each."""
    return _normal(rng, shape), _signs(rng, shape)


@_kept
def ranked(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Two matrices of scores, and which of each pair is to be the larger."""
    return _normal(rng, shape), _normal(rng, shape), _signs(rng, shape)


@_kept
def paired(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Two matrices, and whether each pair of rows is alike: −1 and 1."""
    return _normal(rng, shape), _normal(rng, shape), _signs(rng, shape[:1])


@_kept
def with_variance(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Means, targets, variances."""
    return _normal(rng, shape), _normal(rng, shape), _unit(rng, shape)


# ---- matrices with vectors, thin and many matrices -----------------------------------------------


@_kept
def scaled(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix with a weight and a bias for each column."""
    return _normal(rng, shape), *rng.random((2, shape[1]), np.float32)


@_kept
def normalized(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """The same with a running mean and variance before them."""
    return _normal(rng, shape), *rng.random((4, shape[1]), np.float32)


@_kept
def with_row(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix and a vector as long as its rows."""
    return _normal(rng, shape), _normal(rng, shape[1:])


@_kept
def with_column(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, a vector as long as its rows, one as long as its columns."""
    return _normal(rng, shape), _normal(rng, shape[1:]), _normal(rng, shape[:1])


@_kept
def vectors(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Two vectors as long as the matrix has elements."""
    n = shape[0] * shape[1]
    return _normal(rng, (n,)), _normal(rng, (n,))


@_kept
def factors(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Two vectors whose outer product has the shape."""
    return _normal(rng, shape[:1]), _normal(rng, shape[1:])


@_kept
def thin(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix, one with ten columns to multiply it with, a bias for these."""
    scale = np.float32(shape[1] ** -0.5)
    return _normal(rng, shape), _normal(rng, (shape[1], 10)) * scale, _normal(rng, (10,))


@_kept
def layer(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix with the weight (10, columns) and the bias of a linear layer."""
    scale = np.float32(shape[1] ** -0.5)
    return _normal(rng, shape), _normal(rng, (10, shape[1])) * scale, _normal(rng, (10,))


@_kept
def flat(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A matrix of ten rows to multiply the matrix with, and the matrix."""
    return _normal(rng, (10, shape[0])) * np.float32(shape[0] ** -0.5), _normal(rng, shape)


@_kept
def many(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Three times as many 10 × 10 matrices as have the elements together."""
    n = shape[0] * shape[1] // 100
    a, b, c = (_normal(rng, (n, 10, 10)) for _ in range(3))
    return a, b, c


@_kept
def triples(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Two matrices of three columns."""
    n = shape[0] * shape[1] // 3
    return _normal(rng, (n, 3)), _normal(rng, (n, 3))


@_kept
def square(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """A square matrix of about so many elements."""
    n = round((shape[0] * shape[1]) ** 0.5)
    return (_normal(rng, (n, n)),)


@_kept
def channels(rng: np.random.Generator, shape: tuple[int, int]) -> Arrays:
    """Images of 10 × 10 in ten channels."""
    return (_normal(rng, (shape[0] * shape[1] // 1000, 10, 10, 10)),)
