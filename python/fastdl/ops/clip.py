"""The norm of many tensors and scaling them, for `fastdl.nn.utils`.  The formulas:
csrc/ops/clip.h."""

from __future__ import annotations
