"""Running sums and their kin along the last dimension: 4 bytes are read for each element and 4
written."""

from __future__ import annotations

from functools import partial

from .row import COMPOSED, row

_row = partial(row, "scan")

OPS = [
    _row("cumsum", 8, lambda m, x: m.cumsum(x, -1)),
    _row("cumsum_first", 8, lambda m, x: m.cumsum(x, 0)),
    _row("cumprod", 8, lambda m, x: m.cumprod(x, -1)),
    _row("cummax", 16, lambda m, x: m.cummax(x, -1)[0], lambda m, x: m.maximum.accumulate(x, -1),
         jax=lambda jax, x: jax.lax.cummax(x, 1)),
    _row("cummin", 16, lambda m, x: m.cummin(x, -1)[0], lambda m, x: m.minimum.accumulate(x, -1),
         jax=lambda jax, x: jax.lax.cummin(x, 1)),
    _row("logcumsumexp", 8, lambda m, x: m.logcumsumexp(x, -1),
         lambda m, x: m.logaddexp.accumulate(x, -1), jax=lambda jax, x: jax.lax.cumlogsumexp(x, 1)),
    _row("diff", 8, lambda m, x: m.diff(x), note=COMPOSED),
]  # fmt: skip
