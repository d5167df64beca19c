"""What the loaders of image data sets share: damaged files, and the checks of what was read."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

DAMAGED = (ValueError, EOFError, zlib.error, gzip.BadGzipFile)


def damaged(path: Path, reason: object) -> ValueError:
    """The error to raise where `path` could not be read to its end."""
    return ValueError(f"{path}: the file is truncated or damaged ({reason})")


def read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of a gzipped CSV file: a line per image, its label last."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        lines = file.read().splitlines()
    if not any(line.strip() for line in lines):
        raise ValueError("no data")
    table = np.loadtxt(lines, delimiter=",", ndmin=2)
    return table[:, :-1], table[:, -1]


def checked(
    images: np.ndarray, labels: np.ndarray, *, pixels: int, highest: int, source: str
) -> tuple[np.ndarray, np.ndarray]:
    """Check images of `pixels` values from 0 to `highest` and labels from 0 to 9, and scale.

    Returns:
        images float32 `[N, pixels]`, from 0 to 1, and labels int64 `[N]`.

    Raises:
        ValueError: another shape, or a value out of range.
    """
    if images.ndim < 2 or images.shape[0] == 0 or images[0].size != pixels:
        raise ValueError(
            f"{source}: images: expected shape [N, {pixels}] with N > 0, got {list(images.shape)}"
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"{source}: labels: expected shape [{images.shape[0]}], got {list(labels.shape)}"
        )
    for name, array, most in (("images", images, highest), ("labels", labels, 9)):
        if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
            raise ValueError(f"{source}: {name}: expected numbers, got dtype {array.dtype}")
        wrong = array[~((array >= 0) & (array <= most))]  # NaN too
        if wrong.size:
            raise ValueError(f"{source}: {name}: expected values from 0 to {most}, got {wrong[0]}")
    if (labels != np.floor(labels)).any():
        raise ValueError(f"{source}: labels: expected whole numbers")
    flat = images.reshape(len(images), pixels)
    scaled = np.divide(flat, highest, dtype=np.float32, order="C", casting="unsafe")
    return scaled, labels.astype(np.int64)
