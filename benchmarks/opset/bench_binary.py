"""Functions of two matrices, element by element: 8 bytes are read for each and 4 written."""

from __future__ import annotations

from functools import partial

from .inputs import two
from .row import row

_row = partial(row, "binary", inputs=two)

OPS = [
    _row("add", 12, lambda m, x, y: m.add(x, y), representative=True),
]
