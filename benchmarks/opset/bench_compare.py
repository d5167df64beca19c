"""Comparisons of two matrices, element by element: 8 bytes are read for each and 1 written."""

from __future__ import annotations

from functools import partial

from .inputs import twice, two, two_boolean
from .row import COMPOSED, row

_row = partial(row, "compare", inputs=two)

OPS = [
    _row("eq", 9, lambda m, x, y: m.eq(x, y), lambda m, x, y: m.equal(x, y)),
    _row("ne", 9, lambda m, x, y: m.ne(x, y), lambda m, x, y: m.not_equal(x, y)),
    _row("lt", 9, lambda m, x, y: m.lt(x, y), lambda m, x, y: m.less(x, y)),
    _row("le", 9, lambda m, x, y: m.le(x, y), lambda m, x, y: m.less_equal(x, y)),
    _row("gt", 9, lambda m, x, y: m.gt(x, y), lambda m, x, y: m.greater(x, y)),
    _row("ge", 9, lambda m, x, y: m.ge(x, y), lambda m, x, y: m.greater_equal(x, y)),
    _row("isclose", 9, lambda m, x, y: m.isclose(x, y), note=COMPOSED),
    _row("allclose", 8, lambda m, x, y: m.allclose(x, y), inputs=twice, note=COMPOSED),
    _row("equal", 8, lambda m, x, y: m.equal(x, y), lambda m, x, y: m.array_equal(x, y),
         inputs=twice, note=COMPOSED),
    _row("logical_and", 3, lambda m, x, y: m.logical_and(x, y), inputs=two_boolean),
    _row("logical_or", 3, lambda m, x, y: m.logical_or(x, y), inputs=two_boolean),
    _row("logical_xor", 3, lambda m, x, y: m.logical_xor(x, y), inputs=two_boolean),
]  # fmt: skip
