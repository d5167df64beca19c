"""Functions of each element: 4 bytes are read for it and 4 written."""

from __future__ import annotations

from functools import partial

from .row import row

_row = partial(row, "unary")

OPS = [
    _row("exp", 8, lambda m, x: m.exp(x), representative=True),
]
