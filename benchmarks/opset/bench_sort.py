"""Sorting, and what it is used for; over the last dimension where nothing else is said."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import distinct
from .row import row

_row = partial(row, "sort", inputs=distinct)


def _sort(m: Any, x: Any) -> Any:
    """NumPy and JAX: values and indices, as PyTorch gives them."""
    order = m.argsort(x, -1)
    return m.take_along_axis(x, order, -1), order


OPS = [
    _row("sort", 16, lambda m, x: m.sort(x, -1), _sort, representative=True),
]
