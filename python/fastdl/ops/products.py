"""Products of vectors and matrices by name; all but `kron` and `cross` are `matmul`."""

from __future__ import annotations

import math
from typing import Any

from .. import _C, check
from ..lazy import numpy as np
from ..tensor import Tensor
from .index import index_select
from .matmul import matmul
from .view import broadcast_tensors, reshape, unsqueeze


def _require_ndim(op: str, **tensors: tuple[Any, int]) -> None:
    for name, (x, ndim) in tensors.items():
        if check.tensor(f"{op}: {name}", x).ndim != ndim:
            plural = "dimension" if ndim == 1 else "dimensions"
            raise ValueError(f"{op}: {name}: expected {ndim} {plural}, got shape {x.shape}")


def _require_fit(op: str, name: str, x: Tensor, other: Tensor, of: str) -> None:
    """The last dimension of x against the first of other's last two (or its only one)."""
    rows = other.shape[-2] if other.ndim > 1 else other.shape[0]
    if x.shape[-1] != rows or x.shape[:-2] != other.shape[:-2]:
        expected = (*x.shape[:-2], x.shape[-1], *(["n"] if other.ndim > 1 else []))
        shape = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise ValueError(
            f"{op}: {name}: expected shape ({shape}) for {of} of shape {x.shape}, got {other.shape}"
        )


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Σ input tensor of two vectors of one length.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: not two vectors of one length.
    """
    _require_ndim("dot", input=(input, 1), tensor=(tensor, 1))
    _require_fit("dot", "tensor", input, tensor, "input")
    return matmul(input, tensor)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Σ input other over the last dimension of both, for every pair of their vectors: of shape
    (*input.shape[:-1], *other.shape[:-1]).  With a 0-d tensor the product.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the last sizes differ.
    """
    check.tensor("inner: input", input)
    check.tensor("inner: other", other)
    if not input.ndim or not other.ndim:
        return input * other
    n = input.shape[-1]
    if other.shape[-1] != n:
        raise ValueError(
            f"inner: other: expected a last dimension of size {n} as of input, got shape "
            f"{other.shape}"
        )
    rows = [reshape(x, (math.prod(x.shape[:-1]), n)) for x in (input, other)]
    return reshape(matmul(rows[0], rows[1].T), (*input.shape[:-1], *other.shape[:-1]))


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of input[i] vec2[j]; any dtypes.

    Raises:
        ValueError: not both are vectors.
    """
    _require_ndim("outer", input=(input, 1), vec2=(vec2, 1))
    return unsqueeze(input, 1) * vec2


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The matrix (m, n) times the vector (n).

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the shapes do not fit.
    """
    _require_ndim("mv", input=(input, 2), vec=(vec, 1))
    _require_fit("mv", "vec", input, vec, "input")
    return matmul(input, vec)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The matrix (m, k) times the matrix (k, n); nothing is broadcast.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the shapes do not fit.
    """
    _require_ndim("mm", input=(input, 2), mat2=(mat2, 2))
    _require_fit("mm", "mat2", input, mat2, "input")
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The matrices (b, m, k) times the matrices (b, k, n); nothing is broadcast.

    Raises:
        TypeError: not both are float32 or both float64. ValueError: the shapes do not fit.
    """
    _require_ndim("bmm", input=(input, 3), mat2=(mat2, 3))
    _require_fit("bmm", "mat2", input, mat2, "input")
    return matmul(input, mat2)


def _added(op: str, input: Any, product: Tensor, beta: float, alpha: float) -> Tensor:
    shape = check.tensor(f"{op}: input", input).shape
    short = len(product.shape) - len(shape)
    if short < 0 or any(
        n not in (1, size) for n, size in zip(shape, product.shape[short:], strict=True)
    ):
        raise ValueError(
            f"{op}: input: expected a shape that broadcasts to {product.shape}, got {shape}"
        )
    if input.dtype is not product.dtype:
        raise TypeError(f"{op}: input: expected dtype {product.dtype.name}, got {input.dtype.name}")
    for name, factor in (("beta", beta), ("alpha", alpha)):
        check.number(f"{op}: {name}", factor, -math.inf, math.inf)
    out = product if alpha == 1 else product * alpha
    if beta == 0:  # not even a NaN of input counts
        return out
    return (input if beta == 1 else input * beta) + out


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta · input + alpha · `mm(mat1, mat2)`, input broadcast; with beta 0 input is not read.

    Raises:
        TypeError: not all are float32 or all float64. ValueError: the shapes do not fit.
    """
    _require_ndim("addmm", mat1=(mat1, 2), mat2=(mat2, 2))
    _require_fit("addmm", "mat2", mat1, mat2, "mat1")
    return _added("addmm", input, matmul(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta · input + alpha · `mv(mat, vec)`, input broadcast; with beta 0 input is not read.

    Raises:
        TypeError: not all are float32 or all float64. ValueError: the shapes do not fit.
    """
    _require_ndim("addmv", mat=(mat, 2), vec=(vec, 1))
    _require_fit("addmv", "vec", mat, vec, "mat")
    return _added("addmv", input, matmul(mat, vec), beta, alpha)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta · input + alpha · `bmm(batch1, batch2)`, input broadcast; with beta 0 input is not read.

    Raises:
        TypeError: not all are float32 or all float64. ValueError: the shapes do not fit.
    """
    _require_ndim("baddbmm", batch1=(batch1, 3), batch2=(batch2, 3))
    _require_fit("baddbmm", "batch2", batch1, batch2, "batch1")
    return _added("baddbmm", input, matmul(batch1, batch2), beta, alpha)


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: `input` with each element replaced by itself times `other`.

    Raises:
        ValueError: one has more than 4 dimensions.
    """
    check.tensor("kron: input", input)
    check.tensor("kron: other", other)
    ndim = max(input.ndim, other.ndim)
    if ndim > 4:
        raise ValueError(
            f"kron: input, other: expected at most 4 dimensions, got shapes {input.shape} and "
            f"{other.shape}"
        )
    a, b = [(1,) * (ndim - x.ndim) + x.shape for x in (input, other)]
    outer_shape = [n for size in a for n in (size, 1)]
    inner_shape = [n for size in b for n in (1, size)]
    product = reshape(input, outer_shape) * reshape(other, inner_shape)
    return reshape(product, [m * n for m, n in zip(a, b, strict=True)])


def cross(input: Tensor, other: Tensor, dim: int = -1) -> Tensor:
    """The cross product of vectors of three elements along `dim`; the rest is broadcast.

    (`torch.cross` without a dim takes the first of size 3; this, as `torch.linalg.cross`, the last
    dimension.)

    Raises:
        IndexError: there is no such dimension. ValueError: its size is not 3, or the shapes do not
            broadcast.
    """
    check.tensor("cross: input", input)
    check.tensor("cross: other", other)
    if input.ndim != other.ndim:
        raise ValueError(
            f"cross: other: expected {input.ndim} dimensions as in input, got {other.ndim}"
        )
    d = check.dimension("cross: dim", dim, input.ndim)
    for name, x in (("input", input), ("other", other)):
        if not x.ndim or x.shape[d] != 3:
            raise ValueError(
                f"cross: {name}: expected size 3 in dimension {d}, got shape {x.shape}"
            )
    a, b = broadcast_tensors(input, other)
    next_, last = [_C.from_numpy(np.array(order)) for order in ([1, 2, 0], [2, 0, 1])]
    return index_select(a, d, next_) * index_select(b, d, last) - index_select(
        a, d, last
    ) * index_select(b, d, next_)
