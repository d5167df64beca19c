"""The confusion matrix: what is taken for what, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .looks import BLUE, GRAY, INK, ORANGE, new_figure, save_png


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts int64 `[classes, classes]`: the row is the class, the column what it was taken for.

    Raises:
        TypeError: entries that are no integers.
        ValueError: arrays of differing shapes, or an entry outside 0 … classes − 1.
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.ndim != 1 or labels.shape != predicted.shape:
        raise ValueError(
            "confusion_matrix: predicted: expected shape [N] as that of labels, got "
            f"{list(predicted.shape)} and {list(labels.shape)}"
        )
    for name, values in (("labels", labels), ("predicted", predicted)):
        if values.dtype.kind not in "iu":
            raise TypeError(f"confusion_matrix: {name}: expected integers, got {values.dtype}")
        outside = values[(values < 0) | (values >= classes)]
        if outside.size:
            raise ValueError(
                f"confusion_matrix: {name}: expected classes from 0 to {classes - 1}, "
                f"got {outside[0]}"
            )
    cells = labels.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def plot_confusion(
    path: str | Path, counts: np.ndarray, names: Sequence[str], title: str = ""
) -> None:
    """Draw a confusion matrix as a PNG; written atomically.

    Each cell has its share of the row in percent and, below, the count.  What is right is blue,
    what is wrong orange, the deeper the more; the most frequent mistake is full orange.

    Args:
        path: the PNG file.
        counts: `[K, K]`, as `confusion_matrix` returns them.
        names: of the K classes.
        title: a line over the picture.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: counts that are not `[K, K]` for K names.
    """
    size, counts = len(names), np.asarray(counts)
    if np.shape(counts) != (size, size) or size == 0:
        raise ValueError(
            f"plot_confusion: counts: expected shape [{size}, {size}] for {size} names, "
            f"got {list(np.shape(counts))}"
        )
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    right = np.eye(size, dtype=bool)
    depth = np.where(right, shares, shares / max(shares[~right].max(initial=0.0), 1e-12))
    figure = new_figure(0.78 * size + 1.9, 0.68 * size + 1.9, title)
    axes = figure.add_subplot()
    axes.imshow(_colors(depth, right), aspect="auto")
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if row == column and depth[row, column] > 0.65 else INK
        share, count = f"{100 * shares[row, column]:.1f}", f"{counts[row, column]:,}"
        at = {"xy": (column, row), "textcoords": "offset points", "ha": "center", "color": ink}
        bold = "bold" if row == column else "normal"
        axes.annotate(share, xytext=(0, -2), va="bottom", fontsize=11, fontweight=bold, **at)
        axes.annotate(count, xytext=(0, -4), va="top", fontsize=7.5, alpha=0.8, **at)
    _frame(axes, names)
    save_png(path, figure)


def _colors(depth: np.ndarray, right: np.ndarray) -> np.ndarray:
    """White at depth 0, the full colour at 1."""
    from matplotlib.colors import to_rgb

    full = np.where(right[..., None], to_rgb(BLUE), to_rgb(ORANGE))
    return 1 + depth[..., None] * (full - 1)


def _frame(axes: Any, names: Sequence[str]) -> None:
    places = np.arange(len(names))
    long = max(map(len, names)) > 4
    turn = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if long else {}
    axes.set_xticks(places, names, **turn)
    axes.set_yticks(places, names)
    axes.set_xlabel("predicted", color=GRAY, labelpad=8)
    axes.set_ylabel("label  (% of its images, count)", color=GRAY, labelpad=8)
    axes.tick_params(colors=INK, length=0, labelsize=10)
    axes.spines[:].set_visible(False)
    edges = np.arange(len(names) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="white", lw=2.5)
    axes.tick_params(which="minor", length=0)
