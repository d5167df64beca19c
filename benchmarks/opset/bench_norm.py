"""Normalization of rows and columns, forward: the matrix is read for its moments, read again and
written."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import scaled
from .row import row

_row = partial(row, "norm")


def _layer_norm(m: Any, x: Any, weight: Any, bias: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred / m.sqrt(variance + 1e-5) * weight + bias


OPS = [
    _row("layer_norm", 8,
         lambda m, x, w, b: m.nn.functional.layer_norm(x, x.shape[-1:], w, b), _layer_norm,
         inputs=scaled, representative=True),
]  # fmt: skip
