"""Products of several matrices."""

from __future__ import annotations

from collections.abc import Sequence

from .. import check
from ..ops.matmul import matmul
from ..ops.where import where
from ..tensor import Tensor
from .lapack import diagonal_mask, require_square
from .solve import inv


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A (..., k, k) times itself; of the inverse for n < 0."""
    require_square("matrix_power", A)
    n = check.integer("matrix_power: n", n)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        return where(diagonal_mask(A.shape[-1]), 1.0, A * 0)
    if n == 1:
        return A
    half = matrix_power(A, n // 2)
    return half @ half @ A if n % 2 else half @ half


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two matrices or more, in the order that takes the fewest multiplications.

    Cormen et al., "Introduction to Algorithms", chapter 15: the best order of a chain comes from
    those of its parts.

    Args:
        tensors: matrices that fit; the first one may be a vector, which is a row then, and the last
            one, a column; the result does not have that dimension.

    Raises:
        TypeError: they are not all float32 or all float64.
        ValueError: fewer than two, or shapes that do not fit.
    """
    chain = list(check.tensors("multi_dot: tensors", tensors))
    if len(chain) < 2:
        raise ValueError(f"multi_dot: tensors: expected at least 2, got {len(chain)}")
    for i, x in enumerate(chain):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(chain) - 1)):
            raise ValueError(f"multi_dot: tensors[{i}]: expected a matrix, got shape {x.shape}")
    row, column = chain[0].ndim == 1, chain[-1].ndim == 1
    chain[0] = chain[0].unsqueeze(0) if row else chain[0]
    chain[-1] = chain[-1].unsqueeze(1) if column else chain[-1]
    for i in range(1, len(chain)):
        if chain[i].shape[0] != chain[i - 1].shape[1]:
            raise ValueError(
                f"multi_dot: tensors[{i}]: expected {chain[i - 1].shape[1]} rows, got shape "
                f"{tensors[i].shape}"
            )
    sizes = [*[x.shape[0] for x in chain], chain[-1].shape[1]]
    out = _product(chain, _splits(sizes), 0, len(chain))
    out = out.squeeze(-1) if column else out
    return out.squeeze(0) if row else out


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to cut each part [i, j) of a chain of matrices sizes[i] by sizes[i + 1]."""
    n = len(sizes) - 1
    cost = {(i, i + 1): 0 for i in range(n)}
    cut = {}
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length
            ways = [
                (cost[i, k] + cost[k, j] + sizes[i] * sizes[k] * sizes[j], k)
                for k in range(i + 1, j)
            ]
            cost[i, j], cut[i, j] = min(ways)
    return cut


def _product(chain: list[Tensor], cut: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if j == i + 1:
        return chain[i]
    k = cut[i, j]
    return matmul(_product(chain, cut, i, k), _product(chain, cut, k, j))
