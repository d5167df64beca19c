"""The common look of the pictures: colours, figures, and how they are written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from .atomic import write_atomic

BLUE, ORANGE = "#1b6ca8", "#e08e45"
RUST = "#b9621b"  # orange for small words on white
INK, GRAY, GRID = "#2a3140", "#7b8494", "#e8ebf0"


def new_figure(width: float, height: float, title: str = "") -> Any:
    """An empty figure of so many inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib, which is not installed: pip install 'fastdl-nn[plot]'"
        ) from error
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    figure = Figure(figsize=(width, height), dpi=160, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)  # a figure of its own: no global state, no display
    if title:
        figure.suptitle(title, color=INK, fontsize=13, fontweight="bold")
    return figure


def save_png(path: str | Path, figure: Any) -> None:
    """Write a figure as PNG, atomically."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())
