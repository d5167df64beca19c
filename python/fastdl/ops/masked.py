"""Where a condition holds; the results of all but `masked_fill` depend on values in their shape, so
that a compiled step refuses them."""

from __future__ import annotations

from typing import Any, Literal, overload

from .. import _C, capture, check
from ..inplace import check_in_place, replaced_by
from ..lazy import numpy as np
from ..tensor import Tensor
from .copy import cast
from .index import index_select
from .view import broadcast_tensors, reshape
from .where import where


def _require_mask(op: str, mask: Any) -> None:
    if check.tensor(f"{op}: mask", mask).dtype is not _C.DType.bool:
        raise TypeError(f"{op}: mask: expected dtype bool, got {mask.dtype.name}")


def masked_fill(input: Tensor, mask: Tensor, value: float | Tensor) -> Tensor:
    """`input` with `value`, a number or a 0-d tensor, where `mask` holds; the two are broadcast.

    What was filled in has no gradient for `input`, not even where it was NaN or Inf.

    Raises:
        TypeError: mask is not of bools. ValueError: it does not broadcast, value has dimensions or
            does not fit into input's dtype.
    """
    check.tensor("masked_fill: input", input)
    _require_mask("masked_fill", mask)
    if not isinstance(value, Tensor):
        filling: Tensor = _C.full((), value, input.dtype)
    elif value.ndim:
        raise ValueError(f"masked_fill: value: expected a 0-d tensor, got shape {value.shape}")
    else:
        filling = cast(value, input.dtype)
    return where(mask, filling, input)


def masked_fill_(input: Tensor, mask: Tensor, value: float | Tensor) -> Tensor:
    """`masked_fill`, into `input`, to whose shape the mask is broadcast."""
    check_in_place("masked_fill_", input)
    filled = masked_fill(input, mask, value)
    if filled.shape != input.shape:
        raise ValueError(
            f"masked_fill_: mask: expected a shape that broadcasts to {input.shape}, got "
            f"{mask.shape}"
        )
    return replaced_by(input, filled)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of `input` where `mask` holds, in order, as a vector; the two are broadcast.

    Raises:
        TypeError: mask is not of bools. ValueError: the shapes do not broadcast.
        CaptureError: in a compiled step.
    """
    _require_mask("masked_select", mask)
    _refuse("masked_select", "use masked_fill or fastdl.where")
    x, m = broadcast_tensors(input, mask)
    at = _C.from_numpy(np.flatnonzero(_C.numpy(m)))
    return index_select(reshape(x, -1), 0, at)


@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The places of the elements that are not 0 (NaN is not), in order: int64 (n, ndim), or with
    `as_tuple` a vector for each dimension, by which `input[...]` takes them.

    Raises:
        CaptureError: in a compiled step.
    """
    check.tensor("nonzero: input", input)
    _refuse("nonzero", "use fastdl.where with three arguments")
    array = _C.numpy(input.detach())
    if as_tuple:
        return tuple([_C.from_numpy(i) for i in np.nonzero(np.atleast_1d(array))])
    return _C.from_numpy(np.argwhere(array))


def argwhere(input: Tensor) -> Tensor:
    """`nonzero` by NumPy's name."""
    places: Tensor = nonzero(input)
    return places


def _refuse(op: str, instead: str) -> None:
    capture.refuse_if_capturing(f"{op} gives a shape that depends on values", instead)
