"""Ready-made models."""

from __future__ import annotations

from .mlp import MLP

__all__ = ["MLP"]
