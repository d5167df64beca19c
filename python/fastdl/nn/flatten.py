"""Flatten and its inverse."""

from __future__ import annotations

from collections.abc import Sequence

from ..check import integer
from ..ops.view import flatten, unflatten
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


class Unflatten(Module):
    """Sees dimension `dim` as several of the given sizes.

    Args:
        dim: the dimension to split.
        unflattened_size: its sizes, one of which may be -1.

    Raises:
        TypeError: an argument is of another kind.
    Raises (when called):
        IndexError: a dimension that the input does not have.
        ValueError: the sizes do not multiply to its size.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                "Unflatten: unflattened_size: expected a tuple of ints, got "
                f"{type(unflattened_size).__name__}"
            )
        self.dim = integer("Unflatten: dim", dim)
        self.unflattened_size = tuple(
            [integer("Unflatten: unflattened_size", n) for n in unflattened_size]
        )

    def forward(self, input: Tensor) -> Tensor:
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
