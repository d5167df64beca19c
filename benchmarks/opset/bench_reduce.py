"""Reductions over the last dimension, or the first: every element is read, little is written."""

from __future__ import annotations

from functools import partial

from .inputs import boolean
from .row import COMPOSED, IN_RANGE, OPEN, row

_row = partial(row, "reduce")

OPS = [
    _row("sum", 4, lambda m, x: m.sum(x, -1), representative=True, note=OPEN),
    _row("sum_first", 4, lambda m, x: m.sum(x, 0), representative=True),
    _row("max", 4, lambda m, x: m.max(x, -1), lambda m, x: (m.max(x, -1), m.argmax(x, -1)),
         representative=True),
    _row("amax", 4, lambda m, x: m.amax(x, -1), representative=True, note=OPEN),
    _row("sum_all", 4, lambda m, x: m.sum(x)),
    _row("mean", 4, lambda m, x: m.mean(x, -1)),
    _row("mean_first", 4, lambda m, x: m.mean(x, 0)),
    _row("nansum", 4, lambda m, x: m.nansum(x, -1), note=COMPOSED),
    _row("nanmean", 4, lambda m, x: m.nanmean(x, -1), note=COMPOSED),
    _row("prod", 4, lambda m, x: m.prod(x, -1), note=IN_RANGE),
    _row("var", 4, lambda m, x: m.var(x, -1), lambda m, x: m.var(x, -1, ddof=1)),
    _row("var_first", 4, lambda m, x: m.var(x, 0), lambda m, x: m.var(x, 0, ddof=1)),
    _row("std", 4, lambda m, x: m.std(x, -1), lambda m, x: m.std(x, -1, ddof=1)),
    _row("var_mean", 4, lambda m, x: m.var_mean(x, -1),
         lambda m, x: (m.var(x, -1, ddof=1), m.mean(x, -1))),
    _row("std_mean", 4, lambda m, x: m.std_mean(x, -1),
         lambda m, x: (m.std(x, -1, ddof=1), m.mean(x, -1))),
    _row("min", 4, lambda m, x: m.min(x, -1), lambda m, x: (m.min(x, -1), m.argmin(x, -1))),
    _row("amin", 4, lambda m, x: m.amin(x, -1)),
    _row("amax_first", 4, lambda m, x: m.amax(x, 0)),
    _row("aminmax", 4, lambda m, x: m.aminmax(x, dim=-1),
         lambda m, x: (m.amin(x, -1), m.amax(x, -1))),
    _row("argmax", 4, lambda m, x: m.argmax(x, -1)),
    _row("argmin", 4, lambda m, x: m.argmin(x, -1)),
    _row("all", 1, lambda m, x: m.all(x, -1), inputs=boolean),
    _row("any", 1, lambda m, x: m.any(x, -1), inputs=boolean),
    _row("count_nonzero", 4, lambda m, x: m.count_nonzero(x, -1)),
    _row("norm", 4, lambda m, x: m.norm(x, dim=-1), lambda m, x: m.linalg.norm(x, axis=-1)),
    _row("logsumexp", 4, lambda m, x: m.logsumexp(x, -1), lambda m, x: m.log(m.exp(x).sum(-1)),
         scipy=lambda sp, x: sp.special.logsumexp(x, -1),
         jax=lambda jax, x: jax.nn.logsumexp(x, -1)),
]  # fmt: skip
