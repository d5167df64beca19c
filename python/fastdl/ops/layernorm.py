"""Layer normalization."""

from __future__ import annotations

from .. import _C

layer_norm = _C.layer_norm
