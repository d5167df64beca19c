"""The handwritten digits of scikit-learn: 1,797 images of 8 × 8 pixels.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), the test
part; scikit-learn carries a copy.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

import numpy as np

FILE_NAMES = ("digits.npz", "digits.csv.gz")


def load_digits(data_dir: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Load the digits.

    Args:
        data_dir: a folder with `digits.npz` (arrays `images` `[N, 64]` or `[N, 8, 8]` with
            values 0 to 16, and `labels` `[N]`) or `digits.csv.gz` (scikit-learn's file).
            Without it, scikit-learn's own copy is read.

    Returns:
        images float32 `[N, 64]`, scaled to 0 … 1, and labels int64 `[N]`, 0 to 9.

    Raises:
        ImportError: scikit-learn is needed and not installed.
        FileNotFoundError: no such folder, or neither file in it.
        ValueError: the file is truncated, damaged, or holds something else.
    """
    if data_dir is None:
        return _checked(*_from_sklearn(), source="scikit-learn's digits")
    path = _find(Path(data_dir))
    try:
        images, labels = _read_npz(path) if path.suffix == ".npz" else _read_csv(path)
    except KeyError as error:
        raise ValueError(f"{path}: expected arrays 'images' and 'labels': {error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: the file is truncated or damaged ({error})") from error
    return _checked(images, labels, source=str(path))


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


def _find(folder: Path) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    for name in FILE_NAMES:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{folder}: expected a file {' or '.join(FILE_NAMES)}, found neither")


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not zipfile.is_zipfile(path):  # np.load would speak of pickles
        raise ValueError("not a zip archive")
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["images"], arrays["labels"]


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with gzip.open(path, "rt", encoding="ascii") as file:
        text = file.read()
    if not text.strip():
        raise ValueError("no data")
    table = np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    return table[:, :-1], table[:, -1]


def _checked(
    images: np.ndarray, labels: np.ndarray, *, source: str
) -> tuple[np.ndarray, np.ndarray]:
    if images.ndim < 2 or images.shape[0] == 0 or images[0].size != 64:
        raise ValueError(
            f"{source}: images: expected shape [N, 64] with N > 0, got {list(images.shape)}"
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"{source}: labels: expected shape [{images.shape[0]}], got {list(labels.shape)}"
        )
    for name, array, highest in (("images", images, 16), ("labels", labels, 9)):
        if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
            raise ValueError(f"{source}: {name}: expected numbers, got dtype {array.dtype}")
        wrong = array[~((array >= 0) & (array <= highest))]  # NaN too
        if wrong.size:
            raise ValueError(
                f"{source}: {name}: expected values from 0 to {highest}, got {wrong[0]}"
            )
    if (labels != np.floor(labels)).any():
        raise ValueError(f"{source}: labels: expected whole numbers")
    scaled = images.reshape(len(images), 64).astype(np.float32) / np.float32(16)
    return np.ascontiguousarray(scaled), labels.astype(np.int64)
