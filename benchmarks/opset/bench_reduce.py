"""Reductions over the last dimension, or the first: every element is read, little is written."""

from __future__ import annotations

from functools import partial

from .row import row

_row = partial(row, "reduce")

OPS = [
    _row("sum", 4, lambda m, x: m.sum(x, -1), representative=True),
    _row("sum_first", 4, lambda m, x: m.sum(x, 0), representative=True),
    _row("max", 4, lambda m, x: m.max(x, -1), lambda m, x: (m.max(x, -1), m.argmax(x, -1)),
         representative=True),
    _row("amax", 4, lambda m, x: m.amax(x, -1), representative=True),
]  # fmt: skip
