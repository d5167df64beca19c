"""IDX files: arrays of bytes, as MNIST and its kin are published.

The format: two zero bytes, the code of the type (8: unsigned bytes), the number of dimensions,
each size as four bytes with the highest first, then the values.
Source: Y. LeCun, C. Cortes, C. Burges, The MNIST Database of Handwritten Digits.
"""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Protocol

import numpy as np

from .images import DAMAGED, damaged

CHUNK = 2**20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_idx(path: str | Path, dimensions: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped where its name ends in `.gz`.

    Args:
        path: the file.
        dimensions: how many the array must have.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is truncated, damaged, or holds something else.
    """
    path, magic = Path(path), bytes([0, 0, 8, dimensions])
    values = bytearray()
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(4 + 4 * dimensions)
            shape = [int(size) for size in np.frombuffer(header[4:], ">u4")]
            if header[:4] == magic:
                values = _read(file, math.prod(shape) + 1)  # one more: does it end there?
    except DAMAGED as error:
        raise damaged(path, error) from error
    if not magic.startswith(header[:4]):
        raise ValueError(
            f"{path}: expected an IDX file of bytes with {dimensions} dimensions, which begins "
            f"with {magic.hex()}, got one that begins with {header[:4].hex()}"
        )
    if len(shape) < dimensions:
        raise damaged(path, f"{len(header)} bytes are no full header")
    if len(values) != math.prod(shape):
        got = "more" if len(values) > math.prod(shape) else len(values)
        raise damaged(path, f"expected {math.prod(shape)} bytes after the header, got {got}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read(file: Readable, size: int) -> bytearray:
    """Up to `size` bytes, in chunks: a damaged header may promise more than there is memory."""
    values = bytearray()
    while len(values) < size and (chunk := file.read(min(CHUNK, size - len(values)))):
        values += chunk
    return values
