"""Flatten."""

from __future__ import annotations

from ..ops.view import flatten
from ..tensor import Tensor
from .module import Module


class Flatten(Module):
    """Joins the dimensions start_dim … end_dim into one; by default all but the batch's.

    Args:
        start_dim: the first dimension to join.
        end_dim: the last one.

    Raises (when called):
        IndexError: a dimension that the input does not have.
        ValueError: start_dim lies after end_dim.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
