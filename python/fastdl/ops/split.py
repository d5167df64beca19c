"""Parts of a tensor along a dimension, all of them views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..autograd import Node
from ..inplace import record_views
from ..tensor import Tensor
from .cat import cat, stack
from .view import index as view_at

_MOST_PARTS = 1 << 24  # each a Python object


def _axis(op: str, input: Tensor, dim: int) -> int:
    """The dimension from 0, of a tensor that has one."""
    check.tensor(f"{op}: input", input)
    if input.ndim == 0:
        raise ValueError(f"{op}: input: expected at least one dimension, got shape ()")
    return check.dimension(f"{op}: dim", dim, input.ndim)


def _key(dim: int, part: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * dim, part)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Elements start … start + length − 1 along `dim`; a negative start counts from the end.

    Raises:
        IndexError: there is no such dimension, or start is outside of it.
        ValueError: length is below 0 or reaches beyond the end.
    """
    d = _axis("narrow", input, dim)
    size, first, n = (
        input.shape[d],
        check.integer("narrow: start", start),
        check.integer("narrow: length", length),
    )
    if not -size <= first <= size:
        raise IndexError(f"narrow: start: expected an int in [{-size}, {size}], got {first}")
    first += size if first < 0 else 0
    if not 0 <= n <= size - first:
        raise ValueError(
            f"narrow: length: expected an int in [0, {size - first}] from start {first} of size "
            f"{size}, got {n}"
        )
    return view_at(input, _key(d, slice(first, first + n)))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` along `dim`, without that dimension: `x[:, i]` for dim 1.

    Raises:
        IndexError: there is no such dimension, or index is outside of it.
    """
    d = _axis("select", input, dim)
    size, at = input.shape[d], check.integer("select: index", index)
    if not -size <= at < size:
        raise IndexError(f"select: index: expected an int in [{-size}, {size - 1}], got {at}")
    return view_at(input, _key(d, at))


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of `tensor` along `dim`: parts of one size (the last may be smaller), or of the sizes
    in a list, which sum to that of the dimension.

    Raises:
        IndexError: there is no such dimension.
        ValueError: a size is negative, 0 where there is something to split, or the sum is another.
    """
    d = _axis("split", tensor, dim)
    total = tensor.shape[d]
    if isinstance(split_size_or_sections, tuple | list):
        sizes = [check.integer("split: split_size_or_sections", n) for n in split_size_or_sections]
        if sum(sizes) != total or any(n < 0 for n in sizes):
            raise ValueError(
                f"split: split_size_or_sections: expected sizes that sum to {total}, the size of "
                f"dimension {d}, got {sizes}"
            )
        return _parts(tensor, d, sizes)
    size = check.integer("split: split_size_or_sections", split_size_or_sections)
    if size < 0 or (size == 0 and total > 0):
        raise ValueError(f"split: split_size_or_sections: expected at least 1, got {size}")
    return _parts(tensor, d, _equal_parts(total, size))


def _equal_parts(total: int, size: int) -> list[int]:
    return [min(size, total - at) for at in range(0, total, max(size, 1))] or [0]


def _number(where: str, parts: Any) -> int:
    if check.positive_int(where, parts) > _MOST_PARTS:
        raise ValueError(f"{where}: expected at most {_MOST_PARTS}, got {parts}")
    return int(parts)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views along `dim`, of ⌈size / chunks⌉ elements each, the last maybe less.

    As in PyTorch there may be fewer: 6 elements in 4 chunks are 2, 2 and 2 (`tensor_split` gives
    as many as it was asked for).

    Raises:
        IndexError: there is no such dimension. ValueError: chunks is below 1.
    """
    d = _axis("chunk", input, dim)
    n = _number("chunk: chunks", chunks)
    total = input.shape[d]
    if total == 0:
        return _parts(input, d, [0] * n)
    return _parts(input, d, _equal_parts(total, -(-total // n)))


def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views along `dim`: so many, their sizes differing by at most 1, the larger first; or cut
    at the given indices, as slices are.

    Raises:
        IndexError: there is no such dimension. ValueError: there are to be fewer than 1.
    """
    d = _axis("tensor_split", input, dim)
    total = input.shape[d]
    if isinstance(indices_or_sections, tuple | list):
        cuts = [check.integer("tensor_split: indices_or_sections", i) for i in indices_or_sections]
        slices = [slice(a, b) for a, b in zip([0, *cuts], [*cuts, total], strict=True)]
        return tuple([view_at(input, _key(d, s)) for s in slices])
    n = _number("tensor_split: indices_or_sections", indices_or_sections)
    return _parts(input, d, [total // n + (i < total % n) for i in range(n)])


def _parts(x: Tensor, dim: int, sizes: list[int]) -> tuple[Tensor, ...]:
    """Views of those sizes; their gradients are put together once."""
    keys = []
    start = 0
    for size in sizes:
        keys.append(_key(dim, slice(start, start + size)))
        start += size
    outs = tuple([_C.index(x, key) for key in keys])
    return record_views(outs, x, lambda base, i: view_at(base, keys[i]), _parts_vjp, dim)


def _parts_vjp(_: Node, *rest: Any) -> Tensor:
    *cotangents, dim = rest
    return cat(cotangents, dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that dimension, as views.

    Raises:
        IndexError: there is no such dimension. ValueError: the tensor has none.
    """
    d = _axis("unbind", input, dim)
    outs = tuple([_C.index(input, _key(d, i)) for i in range(input.shape[d])])
    return record_views(outs, input, lambda base, i: view_at(base, _key(d, i)), _unbind_vjp, d)


def _unbind_vjp(_: Node, *rest: Any) -> Tensor:
    *cotangents, dim = rest
    return stack(cotangents, dim)
