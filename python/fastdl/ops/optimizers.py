"""One step over a flat arena by the rules of `fastdl.optim`.  The formulas:
csrc/ops/optimizers_math.h."""

from __future__ import annotations
