"""The data sets of `fastdl train`: how each is loaded, and the recipe that suits it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..data import FASHION_MNIST_CLASSES, load_digits, load_fashion_mnist, load_mnist5k

Loader = Callable[[str | None], tuple[np.ndarray, np.ndarray]]
DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Recipe:
    """What `fastdl train` does where it is told nothing else."""

    epochs: int
    batch_size: int
    hidden: tuple[int, ...]
    dropout: float


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Attributes:
        load: data folder or None → images `[N, pixels]` from 0 to 1, labels `[N]`.
        load_test: the same for a test set that is published apart; None where there is none.
        shape: height and width of an image.
        classes: the names of the labels.
        recipe: the defaults.
        files: what the data folder must have, for the help.
    """

    load: Loader
    load_test: Loader | None
    shape: tuple[int, int]
    classes: tuple[str, ...]
    recipe: Recipe
    files: str


DATA_SETS = {
    "digits": DataSet(
        load=load_digits,
        load_test=None,
        shape=(8, 8),
        classes=DIGITS,
        recipe=Recipe(epochs=30, batch_size=32, hidden=(256, 128), dropout=0.3),
        files="digits.npz or digits.csv.gz",
    ),
    "fashion-mnist": DataSet(
        load=partial(load_fashion_mnist, train=True),
        load_test=partial(load_fashion_mnist, train=False),
        shape=(28, 28),
        classes=FASHION_MNIST_CLASSES,
        recipe=Recipe(epochs=10, batch_size=128, hidden=(512, 256), dropout=0.2),
        files="the four IDX files, plain or .gz",
    ),
    "mnist5k": DataSet(
        load=load_mnist5k,
        load_test=None,
        shape=(28, 28),
        classes=DIGITS,
        recipe=Recipe(epochs=30, batch_size=128, hidden=(512, 256), dropout=0.5),
        files="mnist_5k.csv.gz",
    ),
}
