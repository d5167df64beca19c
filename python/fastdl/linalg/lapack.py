"""What the functions share: checks, NumPy's LAPACK, small helpers of their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from .. import check
from ..ops.create import from_numpy
from ..ops.where import where
from ..tensor import Tensor


def require_matrix(where: str, x: Any, ndim: int = 2) -> None:
    check.float_tensor(where, x)
    if x.ndim < ndim:
        raise ValueError(f"{where}: expected at least {ndim} dimensions, got shape {x.shape}")


def require_square(op: str, A: Any) -> None:
    require_matrix(f"{op}: A", A)
    if A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{op}: A: expected square matrices, got shape {A.shape}")


def require_fit(op: str, A: Tensor, B: Tensor) -> None:
    if A.dtype is not B.dtype:
        raise TypeError(f"{op}: B: expected dtype {A.dtype.name} as A, got {B.dtype.name}")
    if A.shape[-2] != B.shape[-2]:
        raise ValueError(f"{op}: B: expected {A.shape[-2]} rows as A, got shape {B.shape}")
    try:
        np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    except ValueError:
        raise ValueError(
            f"{op}: B: expected a stack that fits {A.shape[:-2]}, got {B.shape[:-2]}"
        ) from None


def cutoff(A: Tensor, rtol: float | None) -> float:
    kind = np.float32 if A.dtype.itemsize == 4 else np.float64
    return float(np.finfo(kind).eps) * max(A.shape[-2:]) if rtol is None else rtol


def lapack(op: str, function: Callable[..., Any], *tensors: Tensor) -> Any:
    """NumPy's function of the tensors' values; what it says of a matrix names the op."""
    try:
        result = function(*[x.detach().numpy() for x in tensors])
    except LinAlgError as error:
        raise LinAlgError(f"{op}: A: {error}") from None
    if isinstance(result, tuple):
        return tuple(from_numpy(np.asarray(x, order="C")) for x in result)
    return from_numpy(np.asarray(result, order="C"))


def diagonal_mask(n: int) -> Tensor:
    return from_numpy(np.eye(n, dtype=bool))


def symmetric(x: Tensor) -> Tensor:
    return (x + x.mT) * 0.5


def over_differences(x: Tensor, values: Tensor) -> Tensor:
    """x[i, j] / (values[j] - values[i]), 0 for 0 / 0 and on the diagonal."""
    differences = values.unsqueeze(-2) - values.unsqueeze(-1)
    none = ((x == 0) & (differences == 0)) | diagonal_mask(x.shape[-1])
    return where(none, 0.0, x) / where(none, 1.0, differences)


def extreme(values: Tensor, largest: bool) -> Tensor:
    if largest:
        return values.amax(-1) if values.shape[-1] else values.sum(-1)
    return values.amin(-1)
