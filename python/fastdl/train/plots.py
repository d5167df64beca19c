"""Pictures of a training history."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import write_atomic
from .history import EpochRecord

TRAIN, TEST, INK, GRID = "#8a94a6", "#0b6e99", "#1f2733", "#e6e9ee"


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
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "the picture of the curves needs matplotlib, which is not installed: "
            "pip install 'fastdl-nn[plot]'"
        ) from error
    figure = Figure(figsize=(10, 4.2), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)  # a figure of its own: no global state, no display
    left, right = figure.subplots(1, 2)
    _panel(left, records, "loss", "cross-entropy", 1.0)
    left.set_yscale("log")
    _panel(right, records, "accuracy", "accuracy in %", 100.0)
    right.legend(loc="lower right", frameon=False, labelcolor=INK)
    if title:
        figure.suptitle(title, color=INK, fontsize=12, fontweight="bold")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())


def _panel(axes: Any, records: Sequence[EpochRecord], field: str, label: str, scale: float) -> None:
    folds = sorted({record.fold for record in records})
    for part, color in (("train", TRAIN), ("test", TEST)):
        curves = [
            scale * np.array([getattr(r, f"{part}_{field}") for r in records if r.fold == fold])
            for fold in folds
        ]
        length = min(len(curve) for curve in curves)
        mean = np.mean([curve[:length] for curve in curves], axis=0)
        if len(folds) > 1:
            for curve in curves:
                axes.plot(np.arange(1, len(curve) + 1), curve, color=color, lw=0.8, alpha=0.35)
        name = f"{part}, mean of {len(folds)} folds" if len(folds) > 1 else part
        axes.plot(np.arange(1, length + 1), mean, color=color, lw=2.4, label=name)
    axes.set_xlabel("epoch", color=INK)
    axes.set_title(label, color=INK, fontsize=11, loc="left")
    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=INK, length=0)
    axes.margins(x=0.01)
