"""Functions of each element: 4 bytes are read for it and 4 written (1, where that is a bool)."""

from __future__ import annotations

from functools import partial

from .inputs import above_one, boolean, integer, unit
from .row import COMPOSED, row

_row = partial(row, "unary")

OPS = [
    _row("exp", 8, lambda m, x: m.exp(x), representative=True),
    _row("exp2", 8, lambda m, x: m.exp2(x)),
    _row("expm1", 8, lambda m, x: m.expm1(x)),
    _row("log", 8, lambda m, x: m.log(x), inputs=above_one),
    _row("log2", 8, lambda m, x: m.log2(x), inputs=above_one),
    _row("log10", 8, lambda m, x: m.log10(x), inputs=above_one),
    _row("log1p", 8, lambda m, x: m.log1p(x), inputs=unit),
    _row("log1mexp", 8, lambda m, x: m.log1mexp(x), lambda m, x: m.log(-m.expm1(-x)),
         torch=lambda m, x: m.log(-m.expm1(-x)), inputs=unit),
    _row("sqrt", 8, lambda m, x: m.sqrt(x), inputs=above_one),
    _row("rsqrt", 8, lambda m, x: m.rsqrt(x), lambda m, x: 1 / m.sqrt(x),
         jax=lambda jax, x: jax.lax.rsqrt(x), inputs=above_one),
    _row("square", 8, lambda m, x: m.square(x)),
    _row("pow_number", 8, lambda m, x: m.pow(x, 2.5), lambda m, x: m.power(x, 2.5),
         inputs=above_one),
    _row("reciprocal", 8, lambda m, x: m.reciprocal(x), inputs=above_one),
    _row("abs", 8, lambda m, x: m.abs(x)),
    _row("neg", 8, lambda m, x: m.neg(x), lambda m, x: m.negative(x)),
    _row("sign", 8, lambda m, x: m.sign(x)),
    _row("sgn", 8, lambda m, x: m.sgn(x), lambda m, x: m.sign(x)),
    _row("signbit", 5, lambda m, x: m.signbit(x)),
    _row("ceil", 8, lambda m, x: m.ceil(x)),
    _row("floor", 8, lambda m, x: m.floor(x)),
    _row("round", 8, lambda m, x: m.round(x)),
    _row("trunc", 8, lambda m, x: m.trunc(x)),
    _row("frac", 8, lambda m, x: m.frac(x), lambda m, x: m.modf(x)[0]),
    _row("clamp", 8, lambda m, x: m.clamp(x, -1, 1), lambda m, x: m.clip(x, -1, 1), note=COMPOSED),
    _row("nan_to_num", 8, lambda m, x: m.nan_to_num(x), note=COMPOSED),
    _row("isnan", 5, lambda m, x: m.isnan(x)),
    _row("isinf", 5, lambda m, x: m.isinf(x)),
    _row("isfinite", 5, lambda m, x: m.isfinite(x)),
    _row("logical_not", 2, lambda m, x: m.logical_not(x), inputs=boolean, note=COMPOSED),
    _row("bitwise_not", 8, lambda m, x: m.bitwise_not(x), inputs=integer),
    _row("clone", 8, lambda m, x: m.clone(x), lambda m, x: m.array(x, copy=True)),
    _row("cast", 8, lambda m, x: x.to(m.int32), lambda m, x: x.astype("int32")),
]  # fmt: skip
