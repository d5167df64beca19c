"""The worst mistakes: wrong predictions made with the highest confidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .looks import GRAY, INK, RUST, new_figure, save_png
from .predictions import Predictions

ROWS, COLUMNS = 4, 6


def worst_mistakes(predictions: Predictions, most: int) -> np.ndarray:
    """Places of the wrong predictions, int64, the most confident first; at most `most`.

    Of equal confidences the one that comes first in `predictions` stays first.
    """
    wrong = np.flatnonzero(predictions.labels != predictions.predicted)
    order = np.argsort(-predictions.confidence[wrong], kind="stable")
    return wrong[order][:most]


def plot_mistakes(
    path: str | Path,
    images: np.ndarray,
    predictions: Predictions,
    names: Sequence[str],
    title: str = "",
) -> None:
    """Draw the worst mistakes as a grid of images, a PNG; written atomically.

    Over each image: what was predicted, with the confidence, and the label.

    Args:
        path: the PNG file.
        images: `[N, height, width]`, in the order of the predictions.
        predictions: of the N images.
        names: of the classes.
        title: a line over the picture.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: images of another number or shape.
    """
    if images.ndim != 3 or len(images) != len(predictions.labels):
        raise ValueError(
            f"plot_mistakes: images: expected shape [{len(predictions.labels)}, height, width], "
            f"got {list(images.shape)}"
        )
    worst = worst_mistakes(predictions, ROWS * COLUMNS)
    rows = max(-(-len(worst) // COLUMNS), 1)
    figure = new_figure(1.75 * COLUMNS, 2.0 * rows + 0.9, title)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for place, axes in zip(worst, grid, strict=False):
        axes.imshow(images[place], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        share = f"{100 * predictions.confidence[place]:.1f} %"
        taken, label = names[predictions.predicted[place]], names[predictions.labels[place]]
        axes.set_title(f"{taken}  {share}\n", color=RUST, fontsize=9, fontweight="bold", pad=4)
        axes.annotate(f"is {label}", (0.5, 1), xytext=(0, 4), color=INK, fontsize=9, ha="center",
                      xycoords="axes fraction", textcoords="offset points")  # fmt: skip
    if len(worst):
        note = "above: what was predicted, and with which confidence; below: what it is"
        figure.supxlabel(note, color=GRAY, fontsize=10)
    else:
        figure.text(0.5, 0.45, "no mistakes", color=GRAY, fontsize=13, ha="center")
    save_png(path, figure)
