"""Pictures of a training history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .history import EpochRecord
from .looks import BLUE, GRID, INK, ORANGE, new_figure, save_png

COLORS = {"train": ORANGE, "test": BLUE}


def plot_history(path: str | Path, records: Sequence[EpochRecord], title: str = "") -> None:
    """Draw loss and accuracy over the epochs, side by side, as a PNG; written atomically.

    Folds are thin lines, their mean a thick one.

    Args:
        path: the PNG file.
        records: at least one; folds of differing lengths are averaged where all have values.
        title: a line over the picture.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: no records.
    """
    if not records:
        raise ValueError("plot_history: records: expected at least one, got none")
    figure = new_figure(10, 4.2, title)
    left, right = figure.subplots(1, 2)
    _panel(left, records, "loss", 1.0)
    _panel(right, records, "accuracy", 100.0)
    left.set_title("loss", color=INK, loc="left")
    right.set_title("accuracy in %", color=INK, loc="left")
    right.legend(loc="lower right", frameon=False, labelcolor=INK, fontsize=11)
    save_png(path, figure)


def _panel(axes: Any, records: Sequence[EpochRecord], field: str, scale: float) -> None:
    folds = sorted({record.fold for record in records})
    ends = {}
    for part, color in COLORS.items():
        curves = [
            scale * np.array([getattr(r, f"{part}_{field}") for r in records if r.fold == fold])
            for fold in folds
        ]
        length = min(len(curve) for curve in curves)
        epochs = np.arange(1, length + 1)
        mean = np.mean([curve[:length] for curve in curves], axis=0)
        if len(folds) > 1:
            for curve in curves:
                axes.plot(np.arange(1, len(curve) + 1), curve, color=color, lw=0.8, alpha=0.4)
        name = f"{part}, mean of {len(folds)} folds" if len(folds) > 1 else part
        axes.plot(epochs, mean, color=color, lw=2.6, label=name, solid_capstyle="round")
        axes.plot(epochs[-1:], mean[-1:], "o", color=color, ms=6)
        ends[part] = mean[-1]
    if field == "accuracy":  # the two ends of a loss often lie too close together for a label
        for part, end in ends.items():
            axes.annotate(
                f"{end:.1f}",
                (length, end),
                xytext=(7, 0),
                textcoords="offset points",
                color=COLORS[part],
                fontweight="bold",
                va="bottom" if end == max(ends.values()) else "top",
            )
    axes.set_xlabel("epoch", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=INK, length=0)
    axes.margins(x=0.06)
