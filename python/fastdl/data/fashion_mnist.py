"""Fashion-MNIST: 70,000 images of clothes, 28 × 28 pixels, ten classes.

Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms (2017).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .idx import read_idx
from .images import checked
from .places import VARIABLE, find, folders

FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SUBFOLDERS = ("fashion-mnist", "FashionMNIST/raw")  # the second is torchvision's
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
PARTS = ("train", "t10k")
KINDS = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}


def load_fashion_mnist(
    data_dir: str | Path | None = None, *, train: bool | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Load Fashion-MNIST.

    Args:
        data_dir: a folder with the four files `train-images-idx3-ubyte`,
            `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`, each
            plain or as `.gz`, or with a subfolder `fashion-mnist` or `FashionMNIST/raw` that has
            them.  Without it: the folder in the environment variable `FASTDL_DATA`, then that of
            Debian's package dataset-fashion-mnist.
        train: True for the 60,000 training images, False for the 10,000 test images, None for
            all, the training images first.

    Returns:
        images float32 `[N, 784]`, scaled to 0 … 1, and labels int64 `[N]`, the places in
        `FASHION_MNIST_CLASSES`.

    Raises:
        FileNotFoundError: no such folder, or not all files in it.
        ValueError: a file is truncated, damaged, or holds something else.
    """
    folder = _folder(data_dir)
    parts = PARTS if train is None else PARTS[:1] if train else PARTS[1:]
    images = [read_idx(_file(folder, part, "images"), dimensions=3) for part in parts]
    labels = [read_idx(_file(folder, part, "labels"), dimensions=1) for part in parts]
    for part, pixels, classes in zip(parts, images, labels, strict=True):
        if pixels.shape[1:] != (28, 28) or len(pixels) != len(classes):
            raise ValueError(
                f"{folder}: {part}: expected N images of 28 × 28 pixels and N labels, got images "
                f"{list(pixels.shape)} and labels {list(classes.shape)}"
            )
    return checked(
        np.concatenate(images),
        np.concatenate(labels),
        pixels=784,
        highest=255,
        source=str(folder),
    )


def _folder(data_dir: str | Path | None) -> Path:
    """The first folder with any of the files; one with a part of them is not passed over."""
    places = folders(data_dir, SUBFOLDERS)
    if data_dir is None:
        places.append(DEBIAN)
    for folder in places:
        if any(find(folder, _names(part, kind)) for part in PARTS for kind in KINDS):
            return folder
    raise FileNotFoundError(
        f"Fashion-MNIST: found no {' or '.join(_names('train', 'images'))} in "
        f"{', '.join(map(str, places))}: apt install dataset-fashion-mnist (Debian, Ubuntu) "
        f"installs it; a folder elsewhere is named by --data-dir (data_dir) or {VARIABLE}"
    )


def _file(folder: Path, part: str, kind: str) -> Path:
    names = _names(part, kind)
    path = find(folder, names)
    if path is None:
        raise FileNotFoundError(f"{folder}: expected a file {' or '.join(names)}, found neither")
    return path


def _names(part: str, kind: str) -> tuple[str, str]:
    name = f"{part}-{KINDS[kind]}"
    return name, f"{name}.gz"
