"""Random tensors.  Every call takes one draw of a generator (where none is given, of
`fastdl.random.default_generator`); element i of draw d under seed s depends on (s, d, i) alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _C
from ..dtypes import as_dtype
from ..inplace import changed_in_place, check_in_place
from ..lazy import numpy as np
from ..random import Generator, next_draw
from ..tensor import Tensor
from .create import _finish, _shape


def uniform_(
    input: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input` with draws uniform on [a, b).

    Raises:
        ValueError: a is above b, or b − a is not finite. TypeError: no float tensor.
    """
    check_in_place("uniform_", input)
    _C.uniform_(input, a, b, *next_draw(generator))
    return changed_in_place(input, None)


def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input` with normal draws (Box & Muller 1958).

    Raises:
        ValueError: std is below 0. TypeError: no float tensor.
    """
    check_in_place("normal_", input)
    _C.normal_(input, mean, std, *next_draw(generator))
    return changed_in_place(input, None)


def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws uniform on [0, 1): `rand(2, 3)`; float32 unless `dtype` says float64."""
    out = _C.empty(_shape("rand", size), _C.DType.float32 if dtype is None else as_dtype(dtype))
    return _finish(uniform_(out, generator=generator), requires_grad, device)


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal draws: `randn(2, 3)`; float32 unless `dtype` says float64."""
    out = _C.empty(_shape("randn", size), _C.DType.float32 if dtype is None else as_dtype(dtype))
    return _finish(normal_(out, generator=generator), requires_grad, device)


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`rand` with the shape, and unless given the dtype, of `input`."""
    wanted = input.dtype if dtype is None else dtype
    return rand(
        input.shape, generator=generator, dtype=wanted, device=device, requires_grad=requires_grad
    )


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`randn` with the shape, and unless given the dtype, of `input`."""
    wanted = input.dtype if dtype is None else dtype
    return randn(
        input.shape, generator=generator, dtype=wanted, device=device, requires_grad=requires_grad
    )


def randint(
    low: int,
    high: Any = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """Whole numbers in [low, high): `randint(low, high, size)` or `randint(high, size)`; int64.

    Each has its probability to within 2⁻⁶⁴ (low and high at most 2⁶³ apart).

    Raises:
        ValueError: low is not below high.
    """
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, tuple | list):
        raise TypeError(f"randint: size: expected a tuple of ints, got {type(size).__name__}")
    for name, value in (("low", low), ("high", high)):
        if not isinstance(value, int) or not -(1 << 63) <= value <= 1 << 63:
            raise TypeError(f"randint: {name}: expected an int that int64 holds, got {value!r}")
    if not 0 < high - low < 1 << 63:
        raise ValueError(f"randint: low, high: expected low < high, got {low} and {high}")
    from ..data.shuffle import random_keys

    shape = tuple(_shape("randint", (tuple(size),)))
    if any(n < 0 for n in shape):
        raise ValueError(f"randint: size: expected sizes of at least 0, got {shape}")
    keys = random_keys(int(np.prod(shape, dtype=np.int64)), generator)
    values = (keys % np.uint64(high - low)).astype(np.int64) + np.int64(low)
    out = _C.from_numpy(values.reshape(shape))
    return _finish(out if dtype is None else out.to(dtype), False, device)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None
) -> Tensor:
    """The numbers 0 … n − 1 in random order, int64; the order that `DataLoader` would draw.

    Raises:
        ValueError: n is below 0.
    """
    if not isinstance(n, int):
        raise TypeError(f"randperm: n: expected an int, got {type(n).__name__}")
    if n < 0:
        raise ValueError(f"randperm: n: expected an int of at least 0, got {n}")
    from ..data.shuffle import random_permutation

    out = _C.from_numpy(random_permutation(n, generator))
    return _finish(out if dtype is None else out.to(dtype), False, device)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with probability `input` (elements in [0, 1]), else 0; the same dtype, no gradient.

    A uniform draw with 24 bits is compared: probabilities hold to within 2⁻²⁴, 0 and 1 exactly.

    Raises:
        ValueError: a probability outside [0, 1], or NaN. TypeError: no float tensor.
    """
    if not input.dtype.is_floating_point:
        raise TypeError(f"bernoulli: input: expected a float dtype, got {input.dtype.name}")
    p = _C.numpy(input)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("bernoulli: input: expected probabilities in [0, 1]")
    draws = _C.empty(input.shape, input.dtype)
    _C.copy_(draws, rand(input.shape, generator=generator))
    return _C.cast(_C.lt(draws, input), input.dtype)
