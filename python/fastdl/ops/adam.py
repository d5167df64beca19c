"""One step of Adam over a flat arena, for `fastdl.optim.Adam`.  The formula: csrc/ops/adam.h."""

from __future__ import annotations

from .. import _C

adam = _C.adam
