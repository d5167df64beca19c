"""The error function and its kin, the gamma function and its, logits: 8 bytes for each element."""

from __future__ import annotations

from functools import partial

from .inputs import above_one, unit, within_one
from .row import COMPOSED, COMPOSED_IN_DOUBLE, row

_row = partial(row, "special")

OPS = [
    _row("erf", 8, lambda m, x: m.erf(x), None, scipy=lambda sp, x: sp.special.erf(x),
         jax=lambda jax, x: jax.scipy.special.erf(x), representative=True),
    _row("erfc", 8, lambda m, x: m.erfc(x), None, scipy=lambda sp, x: sp.special.erfc(x),
         jax=lambda jax, x: jax.scipy.special.erfc(x)),
    _row("erfinv", 8, lambda m, x: m.erfinv(x), None, scipy=lambda sp, x: sp.special.erfinv(x),
         jax=lambda jax, x: jax.scipy.special.erfinv(x), inputs=within_one),
    _row("lgamma", 8, lambda m, x: m.lgamma(x), None, scipy=lambda sp, x: sp.special.gammaln(x),
         jax=lambda jax, x: jax.scipy.special.gammaln(x), inputs=above_one),
    _row("digamma", 8, lambda m, x: m.digamma(x), None, scipy=lambda sp, x: sp.special.digamma(x),
         jax=lambda jax, x: jax.scipy.special.digamma(x), inputs=above_one),
    _row("polygamma", 8, lambda m, x: m.polygamma(1, x), None,
         scipy=lambda sp, x: sp.special.polygamma(1, x),
         jax=lambda jax, x: jax.scipy.special.polygamma(1, x), inputs=above_one,
         note=COMPOSED_IN_DOUBLE),
    _row("logit", 8, lambda m, x: m.logit(x), lambda m, x: m.log(x / (1 - x)),
         scipy=lambda sp, x: sp.special.logit(x),
         jax=lambda jax, x: jax.scipy.special.logit(x), inputs=unit, note=COMPOSED),
    _row("sinc", 8, lambda m, x: m.sinc(x), note=COMPOSED),
    _row("softplus_inverse", 8, lambda m, x: m.softplus_inverse(x),
         lambda m, x: m.log(m.expm1(x)), torch=lambda m, x: m.log(m.expm1(x)), inputs=above_one),
]  # fmt: skip
