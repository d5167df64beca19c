"""The handwritten digits of scikit-learn: 1,797 images of 8 × 8 pixels.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), the test
part; scikit-learn carries a copy.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from .images import DAMAGED, checked, damaged, read_csv
from .places import find, folders

FILE_NAMES = ("digits.npz", "digits.csv.gz")


def load_digits(data_dir: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Load the digits.

    Args:
        data_dir: a folder with `digits.npz` (arrays `images` `[N, 64]` or `[N, 8, 8]` with
            values 0 to 16, and `labels` `[N]`) or `digits.csv.gz` (scikit-learn's file).
            Without it: the folder in the environment variable `FASTDL_DATA` if it has one of
            them, else scikit-learn's own copy.

    Returns:
        images float32 `[N, 64]`, scaled to 0 … 1, and labels int64 `[N]`, 0 to 9.

    Raises:
        ImportError: scikit-learn is needed and not installed.
        FileNotFoundError: no such folder, or neither file in it.
        ValueError: the file is truncated, damaged, or holds something else.
    """
    path = _find(data_dir)
    if path is None:
        images, labels = _from_sklearn()
        return checked(images, labels, pixels=64, highest=16, source="scikit-learn's digits")
    try:
        images, labels = _read_npz(path) if path.suffix == ".npz" else read_csv(path)
    except KeyError as error:
        raise ValueError(f"{path}: expected arrays 'images' and 'labels': {error}") from error
    except (*DAMAGED, zipfile.BadZipFile) as error:
        raise damaged(path, error) from error
    return checked(images, labels, pixels=64, highest=16, source=str(path))


def _from_sklearn() -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "the digits come with scikit-learn, which is not installed: "
            "pip install 'fastdl-nn[data]'"
        ) from error
    images, labels = datasets.load_digits(return_X_y=True)
    return images, labels


def _find(data_dir: str | Path | None) -> Path | None:
    for folder in folders(data_dir, ["digits"]):
        if path := find(folder, FILE_NAMES):
            return path
    if data_dir is None:
        return None
    raise FileNotFoundError(f"{data_dir}: expected a file {' or '.join(FILE_NAMES)}, found neither")


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not zipfile.is_zipfile(path):  # np.load would speak of pickles
        raise ValueError("not a zip archive")
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["images"], arrays["labels"]
