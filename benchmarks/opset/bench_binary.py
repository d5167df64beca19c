"""Functions of two matrices, element by element: 8 bytes are read for each and 4 written."""

from __future__ import annotations

from functools import partial

from .inputs import three, two, two_integer, two_unit, with_row
from .row import BY_C_LIBRARY, COMPOSED, row

_row = partial(row, "binary", inputs=two)

OPS = [
    _row("add", 12, lambda m, x, y: m.add(x, y), representative=True),
    _row("add_row", 8, lambda m, x, y: m.add(x, y), inputs=with_row),
    _row("add_number", 8, lambda m, x, y: m.add(x, 2.0)),
    _row("sub", 12, lambda m, x, y: m.sub(x, y), lambda m, x, y: m.subtract(x, y)),
    _row("mul", 12, lambda m, x, y: m.mul(x, y), lambda m, x, y: m.multiply(x, y)),
    _row("div", 12, lambda m, x, y: m.div(x, y), lambda m, x, y: m.divide(x, y)),
    _row("pow", 12, lambda m, x, y: m.pow(x, y), lambda m, x, y: m.power(x, y), inputs=two_unit),
    _row("maximum", 12, lambda m, x, y: m.maximum(x, y)),
    _row("minimum", 12, lambda m, x, y: m.minimum(x, y)),
    _row("fmod", 12, lambda m, x, y: m.fmod(x, y), inputs=two_unit, note=BY_C_LIBRARY),
    _row("remainder", 12, lambda m, x, y: m.remainder(x, y), inputs=two_unit, note=BY_C_LIBRARY),
    _row("floor_divide", 12, lambda m, x, y: m.floor_divide(x, y), inputs=two_unit,
         note=BY_C_LIBRARY),
    _row("hypot", 12, lambda m, x, y: m.hypot(x, y), note=BY_C_LIBRARY),
    _row("copysign", 12, lambda m, x, y: m.copysign(x, y)),
    _row("logaddexp", 12, lambda m, x, y: m.logaddexp(x, y)),
    _row("logaddexp2", 12, lambda m, x, y: m.logaddexp2(x, y)),
    _row("addcmul", 16, lambda m, x, y, z: m.addcmul(x, y, z), lambda m, x, y, z: x + y * z,
         inputs=three, note=COMPOSED),
    _row("addcdiv", 16, lambda m, x, y, z: m.addcdiv(x, y, z), lambda m, x, y, z: x + y / z,
         inputs=three, note=COMPOSED),
    _row("lerp", 12, lambda m, x, y: m.lerp(x, y, 0.25), lambda m, x, y: x + 0.25 * (y - x),
         note=COMPOSED),
    _row("xlogy", 12, lambda m, x, y: m.xlogy(x, y), None, inputs=two_unit,
         scipy=lambda sp, x, y: sp.special.xlogy(x, y),
         jax=lambda jax, x, y: jax.scipy.special.xlogy(x, y)),
    _row("bitwise_and", 12, lambda m, x, y: m.bitwise_and(x, y), inputs=two_integer),
    _row("bitwise_or", 12, lambda m, x, y: m.bitwise_or(x, y), inputs=two_integer),
    _row("bitwise_xor", 12, lambda m, x, y: m.bitwise_xor(x, y), inputs=two_integer),
    _row("bitwise_left_shift", 12, lambda m, x, y: m.bitwise_left_shift(x, y),
         lambda m, x, y: m.left_shift(x, y), inputs=two_integer),
    _row("bitwise_right_shift", 12, lambda m, x, y: m.bitwise_right_shift(x, y),
         lambda m, x, y: m.right_shift(x, y), inputs=two_integer),
]  # fmt: skip
