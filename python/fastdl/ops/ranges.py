"""Points at equal distances, and grids of them."""

from __future__ import annotations

import math
from typing import Any

from .. import _C, check
from ..dtypes import as_dtype
from ..lazy import numpy as np
from ..tensor import Tensor
from .create import _finish
from .view import expand, reshape


def _points(op: str, start: Any, end: Any, steps: Any) -> Any:
    """In float64, with both ends exact."""
    for name, value in (("start", start), ("end", end)):
        check.number(f"{op}: {name}", value, -math.inf, math.inf)
    check.integer(f"{op}: steps", steps, 0)
    return np.linspace(start, end, steps)


def _tensor(values: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    wanted = _C.DType.float32 if dtype is None else as_dtype(dtype)
    return _finish(_C.from_numpy(values.astype(wanted.name)), requires_grad, device)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` points from start to end, both included; float32 unless `dtype` says otherwise.

    Computed in float64 and rounded once (towards zero for an integer dtype).

    Raises:
        ValueError: steps is below 0.
    """
    return _tensor(_points("linspace", start, end, steps), dtype, device, requires_grad)


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """base to the powers `linspace(start, end, steps)`.

    Raises:
        ValueError: steps is below 0.
    """
    check.number("logspace: base", base, -math.inf, math.inf)
    powers = _points("logspace", start, end, steps)
    with np.errstate(over="ignore", invalid="ignore"):
        return _tensor(np.power(float(base), powers), dtype, device, requires_grad)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid, as views: with "ij" result k has x_k along dimension k; with "xy"
    the first two dimensions are exchanged, as in pictures.

    Raises:
        TypeError: one is no Tensor.
        ValueError: one has more than one dimension, or indexing is neither "ij" nor "xy".
    """
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    check.one_of("meshgrid: indexing", indexing, ("ij", "xy"))
    if not tensors:
        raise ValueError("meshgrid: tensors: expected at least one")
    for i, x in enumerate(tensors):
        if check.tensor(f"meshgrid: tensors[{i}]", x).ndim > 1:
            raise ValueError(
                f"meshgrid: tensors[{i}]: expected at most one dimension, got shape {x.shape}"
            )
    at = list(range(len(tensors)))
    if indexing == "xy":
        at[:2] = at[:2][::-1]
    shape = [tensors[d].numel() for d in at]
    grid = []
    for x, d in zip(tensors, at, strict=True):
        line = [1] * len(shape)
        line[d] = x.numel()
        grid.append(expand(reshape(x, line), shape))
    return tuple(grid)
