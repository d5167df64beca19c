"""Functions of angles, hyperbolic ones, and their inverses: 8 bytes for each element."""

from __future__ import annotations

from functools import partial

from .inputs import above_one, two, within_one
from .row import BY_C_LIBRARY, IN_DOUBLE, row

_row = partial(row, "trig")

OPS = [
    _row("sin", 8, lambda m, x: m.sin(x)),
    _row("cos", 8, lambda m, x: m.cos(x)),
    _row("tan", 8, lambda m, x: m.tan(x), note=IN_DOUBLE),
    _row("asin", 8, lambda m, x: m.asin(x), lambda m, x: m.arcsin(x), inputs=within_one,
         note=IN_DOUBLE),
    _row("acos", 8, lambda m, x: m.acos(x), lambda m, x: m.arccos(x), inputs=within_one,
         note=IN_DOUBLE),
    _row("atan", 8, lambda m, x: m.atan(x), lambda m, x: m.arctan(x), note=IN_DOUBLE),
    _row("atan2", 12, lambda m, x, y: m.atan2(x, y), lambda m, x, y: m.arctan2(x, y), inputs=two,
         note=BY_C_LIBRARY),
    _row("sinh", 8, lambda m, x: m.sinh(x), note=IN_DOUBLE),
    _row("cosh", 8, lambda m, x: m.cosh(x), note=IN_DOUBLE),
    _row("tanh", 8, lambda m, x: m.tanh(x)),
    _row("asinh", 8, lambda m, x: m.asinh(x), lambda m, x: m.arcsinh(x), note=IN_DOUBLE),
    _row("acosh", 8, lambda m, x: m.acosh(x), lambda m, x: m.arccosh(x), inputs=above_one,
         note=IN_DOUBLE),
    _row("atanh", 8, lambda m, x: m.atanh(x), lambda m, x: m.arctanh(x), inputs=within_one,
         note=IN_DOUBLE),
]  # fmt: skip
