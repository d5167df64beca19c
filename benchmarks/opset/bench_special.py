"""The error function and its kin, gamma functions, powers of the logistic function."""

from __future__ import annotations

from functools import partial

from .row import row

_row = partial(row, "special")

OPS = [
    _row("erf", 8, lambda m, x: m.erf(x), None, scipy=lambda sp, x: sp.special.erf(x),
         jax=lambda jax, x: jax.scipy.special.erf(x), representative=True),
]  # fmt: skip
