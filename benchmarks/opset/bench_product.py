"""Matrix products with few columns or rows: reading the large operand bounds them."""

from __future__ import annotations

from functools import partial

from .inputs import thin
from .row import row

_row = partial(row, "product")

OPS = [
    _row("matmul_thin", 4, lambda m, x, y: m.matmul(x, y), inputs=thin, flops=20,
         representative=True),
]  # fmt: skip
