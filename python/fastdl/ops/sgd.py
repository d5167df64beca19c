"""One step of SGD over a flat arena, for `fastdl.optim.SGD`.  The formula: csrc/ops/sgd.h."""

from __future__ import annotations

from .. import _C

sgd = _C.sgd
