"""Padding: a frame of constants, of mirrored, repeated or wrapped elements."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _C, check
from ..autograd import Node, record
from ..lazy import numpy as np
from ..tensor import Tensor
from .index import index_select
from .view import index

Slices = tuple[slice, ...]


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """`input` with pad = (left, right, top, bottom, ...): elements put before and after its last
    dimension, then the one before it, and so on; negative numbers take elements away.

    Args:
        mode: "constant" (`value`, 0 unless given), "reflect" (mirrored at the outermost element,
            which is not repeated), "replicate" (the outermost element) or "circular" (from the
            other end).  All modes pad any number of dimensions.

    Raises:
        ValueError: pad has an odd length or more pairs than dimensions; more is taken away than
            there is; "reflect" by as much as the dimension's size or "circular" by more, or
            elements of an empty dimension; value with another mode than "constant".
        TypeError: pad is not a sequence of ints.
    """
    check.tensor("pad: input", input)
    check.one_of("pad: mode", mode, ("constant", "reflect", "replicate", "circular"))
    if not isinstance(pad, tuple | list) or not all(hasattr(n, "__index__") for n in pad):
        raise TypeError(f"pad: pad: expected a tuple of ints, got {pad!r}")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ValueError(
            f"pad: pad: expected pairs for at most {input.ndim} dimensions, got {tuple(pad)}"
        )
    if mode != "constant" and value is not None:
        raise ValueError(f"pad: value: expected None with mode {mode!r}, got {value}")
    ends = {input.ndim - 1 - i // 2: (pad[i], pad[i + 1]) for i in range(0, len(pad), 2)}
    for d, (before, after) in ends.items():
        if min(before, 0) + min(after, 0) + input.shape[d] < 0 or (
            input.shape[d] + before + after < 0
        ):
            raise ValueError(
                f"pad: pad: expected to leave at least 0 of the {input.shape[d]} elements of "
                f"dimension {d}, got {before} and {after}"
            )
    if mode == "constant":
        return _constant_pad(input, ends, 0 if value is None else value)
    out = input
    for d, (before, after) in ends.items():
        if before or after:
            at = _sources(mode, d, input.shape[d], before, after)
            out = index_select(out, d, _C.from_numpy(at))
    return out


def _sources(mode: str, dim: int, size: int, before: int, after: int) -> np.ndarray:
    """Which element stands at each place of the padded dimension."""
    first, left = max(-before, 0), size - max(-before, 0) - max(-after, 0)
    if left < size:  # what is taken away goes first
        return first + _sources(mode, dim, left, max(before, 0), max(after, 0))
    at = np.arange(-before, size + after)
    most = {"reflect": size - 1, "replicate": len(at) if size else 0, "circular": size}[mode]
    if max(before, after) > max(most, 0):
        raise ValueError(
            f"pad: pad: expected at most {max(most, 0)} elements of {mode} padding for dimension "
            f"{dim} of size {size}, got {before} and {after}"
        )
    if mode == "circular":
        return at % max(size, 1)
    if mode == "reflect":
        at = np.abs(at)
        return np.minimum(at, 2 * (size - 1) - at)
    return np.clip(at, 0, max(size - 1, 0))


def _constant_pad(x: Tensor, ends: dict[int, tuple[int, int]], value: float) -> Tensor:
    shape, inside, outside = list(x.shape), [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for d, (before, after) in ends.items():
        size = x.shape[d]
        shape[d] = size + before + after
        inside[d] = slice(max(-before, 0), size - max(-after, 0))  # what is kept of x
        outside[d] = slice(max(before, 0), shape[d] - max(after, 0))  # and where it stands
    return _placed(x, tuple(shape), tuple(inside), tuple(outside), value)


def _placed(
    x: Tensor, shape: tuple[int, ...], inside: Slices, outside: Slices, value: float
) -> Tensor:
    """x[inside] at [outside] of a tensor full of `value`."""
    out = _C.full(shape, value, x.dtype)
    _C.copy_(_C.index(out, outside), _C.index(x, inside))
    return record(out, _placed_vjp, (x,), (), x.shape, inside, outside)


def _placed_vjp(
    _: Node, g: Tensor, shape: tuple[int, ...], inside: Slices, outside: Slices
) -> Tensor:
    if all(s == slice(0, n) for s, n in zip(inside, shape, strict=True) if s != slice(None)):
        return index(g, outside)  # all of x was kept
    return _placed(g, shape, outside, inside, 0)
