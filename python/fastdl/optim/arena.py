"""Parameters in one flat buffer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from .. import _C
from ..lazy import numpy as np
from ..tensor import Tensor

_ALIGN = 64  # bytes: a segment begins where a vector may be loaded, and shares no cache line


class FlatArena:
    """Parameters of one dtype, laid out one after the other in a buffer, with state beside them.

    Each parameter becomes a view of its segment of `flat`; what saw its old memory keeps that.
    `segments` holds where each segment begins and its length, `hyper` the numbers that the kernel
    reads (float64, written before a step), `counts` what is counted for each parameter (float64,
    `counters` columns), `state` flat buffers by name, of the layout of `flat`.
    """

    def __init__(self, params: Sequence[Tensor], hyper: int, counters: int) -> None:
        self.params = list(params)
        self.shapes = [p.shape for p in params]
        self.dtype = params[0].dtype
        step = _ALIGN // self.dtype.itemsize
        sizes = [p.numel() for p in params]
        begins, end = [], 0
        for size in sizes:
            begins.append(end)
            end += -(-size // step) * step
        self.spans = [slice(b, b + n) for b, n in zip(begins, sizes, strict=True)]
        self.segments = _C.from_numpy(np.array([begins, sizes], np.int64).T.copy())
        self.flat = _C.full((end,), 0, self.dtype)
        self.hyper = _C.full((hyper,), 0, _C.DType.float64)
        self.counts = _C.full((len(sizes), counters), 0, _C.DType.float64)
        self.state: dict[str, Tensor] = {}
        self.hyper_values: tuple[float, ...] = ()
        self.adopt()

    def set_hyper(self, values: tuple[float, ...]) -> None:
        """Writes `hyper`."""
        if values != self.hyper_values:
            _C.numpy(self.hyper)[:] = values
            self.hyper_values = values

    @property
    def count_values(self) -> Any:
        """The memory of `counts` as a NumPy array."""
        return _C.numpy(self.counts)

    def part(self, flat: Tensor, i: int) -> Tensor:
        """Parameter i's part of a flat buffer: a view of the parameter's shape."""
        return _C.view(_C.index(flat, (self.spans[i],)), self.shapes[i])

    def adopt(self) -> None:
        """Moves parameters whose memory is not their segment back into it, with their values."""
        for i, p in enumerate(self.params):
            segment = self.part(self.flat, i)
            if _C.data_ptr(p) != _C.data_ptr(segment) or not _C.is_contiguous(p):
                _C.copy_(segment, p)
                p._set_data(segment)

    def fits(self) -> bool:
        """Whether the parameters still have the shapes and the dtype of the layout."""
        return all(
            p.shape == shape and p.dtype is self.dtype
            for p, shape in zip(self.params, self.shapes, strict=True)
        )

    def in_place(self) -> bool:
        """Whether every parameter is its segment.

        Raises:
            ValueError: a gradient does not fit its parameter.
        """
        return _C.in_arena(self.params, self.flat, self.segments)

    def buffer(self, name: str) -> Tensor:
        """The flat state of that name, zeros when first asked for."""
        if name not in self.state:
            self.state[name] = _C.full(self.flat.shape, 0, self.dtype)
        return self.state[name]


def find_shared_memory(params: Sequence[Tensor]) -> tuple[int, int] | None:
    """Two parameters that see the same memory, if there are any."""

    def extent(p: Any) -> int:
        reach = sum((n - 1) * s for n, s in zip(p.shape, _C.strides(p), strict=True))
        return (reach + 1) * p.dtype.itemsize if p.numel() else 0

    ranges = sorted((_C.data_ptr(p), extent(p), i) for i, p in enumerate(params) if p.numel())
    for (begin, size, i), (after, _, j) in itertools.pairwise(ranges):
        if after < begin + size:
            return min(i, j), max(i, j)
    return None
