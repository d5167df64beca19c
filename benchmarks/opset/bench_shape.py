"""Putting together, repeating, turning and cutting: what is moved, and not computed with."""

from __future__ import annotations

from functools import partial

from .inputs import two
from .row import row

_row = partial(row, "shape")

OPS = [
    _row("cat", 16, lambda m, x, y: m.cat((x, y), 0), lambda m, x, y: m.concatenate((x, y), 0),
         inputs=two, representative=True),
    _row("cat_last", 16, lambda m, x, y: m.cat((x, y), 1),
         lambda m, x, y: m.concatenate((x, y), 1), inputs=two, representative=True),
]  # fmt: skip
