"""Random tensors.  Every call takes one draw of a generator (where none is given, of
`fastdl.random.default_generator`); element i of draw d under seed s depends on (s, d, i) alone."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..dtypes import as_dtype
from ..inplace import changed_in_place, check_in_place
from ..random import Generator, next_draw
from ..tensor import Tensor
from .check_values import check_between
from .create import _finish, _shape

_LARGEST = sys.float_info.max


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
    *size: int | Sequence[int],
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws uniform on [0, 1): `rand(2, 3)`; float32 unless `dtype` says float64."""
    out = _C.empty(_shape("rand", size), _C.DType.float32 if dtype is None else as_dtype(dtype))
    return _finish(uniform_(out, generator=generator), requires_grad, device)


def randn(
    *size: int | Sequence[int],
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

    Each has its probability to within 2⁻⁶⁴ (low and high less than 2⁶³ apart).

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
    wanted = _C.DType.int64 if dtype is None else as_dtype(dtype)
    out = _integers(_shape("randint", (tuple(size),)), low, high - low, generator)
    return _finish(_C.cast(out, wanted), False, device)


def _integers(shape: Sequence[int], low: int, span: int, generator: Generator | None) -> Tensor:
    """int64 in [low, low + span)."""
    return _C.random_integers(shape, low, span, *next_draw(generator))


def randint_like(
    input: Tensor,
    low: int,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """`randint` with the shape, and unless given the dtype, of `input`."""
    check.tensor("randint_like: input", input)
    low, high = (0, low) if high is None else (low, high)
    wanted = input.dtype if dtype is None else dtype
    return randint(low, high, input.shape, generator=generator, dtype=wanted, device=device)


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


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with probability `input` (elements in [0, 1]), or with the one probability p, else 0; the
    dtype and the shape of input, no gradient.

    Probabilities hold to within 2⁻³³, 0 and 1 exactly.

    Raises:
        ValueError: a probability outside [0, 1], or NaN. TypeError: no float tensor.
    """
    if p is not None:
        check.tensor("bernoulli: input", input)
        check.number("bernoulli: p", p, 0, 1)
        return bernoulli_(_C.empty(input.shape, input.dtype), p, generator=generator)
    return _C.bernoulli(input, *next_draw(generator))


def bernoulli_(
    input: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input`, of any dtype, with 1 where a draw with probability p (a number, or a float
    tensor that broadcasts to input) says so, else 0.

    Raises:
        ValueError: a probability outside [0, 1], or NaN.
    """
    check_in_place("bernoulli_", input)
    if not isinstance(p, Tensor):
        p = _C.full((), check.number("bernoulli_: p", p, 0, 1), _C.DType.float64)
    _C.bernoulli_(input, p, *next_draw(generator))
    return changed_in_place(input, None)


def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input` with draws of density λ exp(−λ x); never 0.

    Raises:
        ValueError: lambd is not above 0. TypeError: no float tensor.
    """
    check_in_place("exponential_", input)
    _C.exponential_(input, lambd, *next_draw(generator))
    return changed_in_place(input, None)


def cauchy_(
    input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input` with draws of density σ / (π (σ² + (x − median)²)), by inversion.

    Raises:
        ValueError: sigma is not above 0, or one of the two not finite. TypeError: no float tensor.
    """
    check_in_place("cauchy_", input)
    check.float_tensor("cauchy_: input", input)
    median = check.number("cauchy_: median", median, -_LARGEST, _LARGEST)
    if not check.number("cauchy_: sigma", sigma, 0, _LARGEST):
        raise ValueError("cauchy_: sigma: expected a number above 0, got 0")
    turns = _C.sub(rand(input.shape, dtype=_C.DType.float64, generator=generator), 0.5)
    _C.copy_(input, _C.add(_C.mul(_C.tan(_C.mul(turns, math.pi)), sigma), median))
    return changed_in_place(input, None)


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fills `input`, of any dtype but bool, with how many trials of probability p it takes to the
    first success: k = 1, 2, … with probability p (1 − p)ᵏ⁻¹; at most what an integer dtype holds.

    Raises:
        ValueError: p is not in (0, 1]. TypeError: input is of bools.
    """
    check_in_place("geometric_", input)
    if check.tensor("geometric_: input", input).dtype is _C.DType.bool:
        raise TypeError("geometric_: input: expected numbers, got dtype bool")
    if not check.number("geometric_: p", p, 0, 1):
        raise ValueError("geometric_: p: expected a number above 0, got 0")
    rate = -math.log1p(-p) if p < 1 else math.inf
    draws = exponential_(_C.empty(input.shape, _C.DType.float64), rate, generator=generator)
    most = math.inf if input.is_floating_point() else min(_COUNTS_TO[input.dtype], (1 << 63) - 1024)
    _C.copy_(input, _C.minimum(_C.maximum(_C.ceil(draws), 1.0), float(most)))
    return changed_in_place(input, None)


def log_normal_(
    input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills `input` with exp of normal draws of that mean and standard deviation.

    Raises:
        ValueError: std is below 0. TypeError: no float tensor.
    """
    check_in_place("log_normal_", input)
    _C.normal_(input, mean, std, *next_draw(generator))
    _C.copy_(input, _C.exp(input))
    return changed_in_place(input, None)


def random_(
    input: Tensor,
    from_: int | None = None,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fills `input` with whole numbers in [from_, to), or `random_(to)` in [0, to), or without
    both up to the largest that its dtype counts to (2²⁴ or 2⁵³ for floats).

    Raises:
        ValueError: from_ is not below to, or the dtype does not hold such numbers.
    """
    check_in_place("random_", input)
    most = _COUNTS_TO[input.dtype]
    if to is None:
        from_, to = 0, most + 1 if from_ is None else from_
    from_, to = check.integer("random_: from_", from_), check.integer("random_: to", to)
    unsigned = input.dtype in (_C.DType.uint8, _C.DType.bool)
    least = 0 if unsigned else -most - (not input.is_floating_point())
    if not (least <= from_ < to <= most + 1 and to - from_ < 1 << 64):
        raise ValueError(
            f"random_: from_, to: expected {least} <= from_ < to <= {most + 1} for "
            f"{input.dtype.name}, got {from_} and {to}"
        )
    _C.copy_(input, _integers(input.shape, from_, to - from_, generator))
    return changed_in_place(input, None)


_COUNTS_TO = {
    _C.DType.float32: 1 << 24,
    _C.DType.float64: 1 << 53,
    _C.DType.int64: (1 << 63) - 1,
    _C.DType.int32: (1 << 31) - 1,
    _C.DType.uint8: 255,
    _C.DType.bool: 1,
}


def normal(
    mean: float | Tensor,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal draws, each with its mean and standard deviation: tensors, broadcast, or numbers (two
    numbers need a size).  No gradient flows to them: write mean + std * randn_like(mean) for that.

    Raises:
        ValueError: two numbers without a size, a tensor with one, or an std below 0.
        TypeError: a tensor is not of floats.
    """
    given = [x for x in (mean, std) if isinstance(x, Tensor)]
    if bool(given) == (size is not None):
        raise ValueError("normal: size: expected with two numbers, and only then")
    for x in given:
        if not x.is_floating_point():
            raise TypeError(f"normal: mean, std: expected a float dtype, got {x.dtype.name}")
    if not isinstance(mean, Tensor):
        check.number("normal: mean", mean, -math.inf, math.inf)
    if not isinstance(std, Tensor):
        check.number("normal: std", std, 0, math.inf)
    else:
        check_between("normal: std", std, 0, math.inf)
    if size is None:
        like = given[0] if len(given) == 1 else _C.add(*given)
        z = randn(like.shape, dtype=like.dtype, generator=generator)
    else:
        z = randn(size, dtype=dtype, generator=generator)
    out = _C.add(_C.mul(z, std), mean)
    return _finish(out if dtype is None else _C.cast(out, as_dtype(dtype)), requires_grad, device)
