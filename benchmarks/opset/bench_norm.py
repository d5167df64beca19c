"""Normalization, forward.  Of rows, which stay in the cache: each element is read and written.  Of
columns: it is read for the moments, then read and written."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import normalized, scaled
from .row import COMPOSED, row

_row = partial(row, "norm", inputs=scaled)


def _layer_norm(m: Any, x: Any, weight: Any, bias: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred / m.sqrt(variance + 1e-5) * weight + bias


def _rms_norm(m: Any, x: Any, weight: Any, _: Any) -> Any:
    return x / m.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight


def _batch_norm(m: Any, x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> Any:
    centred = x - x.mean(0)
    return centred / m.sqrt((centred * centred).mean(0) + 1e-5) * weight + bias


OPS = [
    _row("layer_norm", 8,
         lambda m, x, w, b: m.nn.functional.layer_norm(x, x.shape[-1:], w, b), _layer_norm,
         representative=True),
    _row("rms_norm", 8, lambda m, x, w, b: m.nn.functional.rms_norm(x, x.shape[-1:], w, 1e-5),
         _rms_norm),
    _row("normalize", 8, lambda m, x, w, b: m.nn.functional.normalize(x),
         lambda m, x, w, b: x / m.sqrt((x * x).sum(1, keepdims=True)), note=COMPOSED),
    _row("batch_norm", 12,
         lambda m, x, mean, var, w, b: m.nn.functional.batch_norm(x, None, None, w, b, True),
         _batch_norm, inputs=normalized),
    _row("batch_norm_eval", 8,
         lambda m, x, mean, var, w, b: m.nn.functional.batch_norm(x, mean, var, w, b),
         lambda m, x, mean, var, w, b: (x - mean) / m.sqrt(var + 1e-5) * w + b,
         inputs=normalized),
]  # fmt: skip
