"""Checks of arguments; `where` is "op: argument" or "Layer: argument"."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Iterable
from typing import Any

from .explain import describe
from .tensor import Tensor


def positive_int(where: str, value: Any) -> int:
    """`value`, if it is an int of at least 1; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{where}: expected an int, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{where}: expected at least 1, got {value}")
    return value


def number(where: str, value: Any, low: float, high: float) -> float:
    """`value`, if it is a number in [low, high]; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):  # NumPy's are some, too
        raise TypeError(f"{where}: expected a number, got {type(value).__name__}")
    given = value if isinstance(value, int | float) else float(value)
    if not low <= given <= high:  # NaN too
        raise ValueError(f"{where}: expected a number in [{low:g}, {high:g}], got {value}")
    return given


def integer(where: str, value: Any, low: int | None = None) -> int:
    """`value` as an int, of at least `low` if that is given; TypeError or ValueError otherwise."""
    whole = _index(where, value)
    if isinstance(value, bool):
        raise TypeError(f"{where}: expected an int, got {describe(value)}")
    if low is not None and whole < low:
        raise ValueError(f"{where}: expected at least {low}, got {value}")
    return whole


def _index(where: str, value: Any) -> int:
    try:
        return operator.index(value)
    except (TypeError, ValueError):  # of a tensor of several elements, too
        raise TypeError(f"{where}: expected an int, got {describe(value)}") from None


def switch(where: str, value: Any) -> bool:
    """`value`, True or False, or a number that stands for one; TypeError otherwise."""
    if not isinstance(value, int) and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"{where}: expected a bool, got {describe(value)}")
    return bool(value)


def one_of(where: str, value: Any, choices: tuple[str, ...]) -> str:
    """`value`, if it is one of `choices`; ValueError otherwise."""
    if value not in choices:
        raise ValueError(f"{where}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return str(value)


def tensor(where: str, value: Any) -> Tensor:
    """`value`, if it is a Tensor; TypeError otherwise."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{where}: expected a Tensor, got {describe(value)}")
    return value


def float_tensor(where: str, value: Any) -> Tensor:
    """`value`, if it is a Tensor of float32 or float64; TypeError otherwise."""
    if not tensor(where, value).dtype.is_floating_point:
        raise TypeError(f"{where}: expected dtype float32 or float64, got {value.dtype.name}")
    return value


def tensors(where: str, values: Any, or_none: bool = False) -> tuple[Any, ...]:
    """The Tensors (and, if `or_none`, Nones) in `values`, one or an iterable of them; TypeError
    otherwise."""
    listed = tuple(values) if is_iterable(values) and not isinstance(values, Tensor) else (values,)
    for x in listed:
        if not (isinstance(x, Tensor) or (or_none and x is None)):
            kind = "Tensor or None" if or_none else "Tensor"
            raise TypeError(f"{where}: expected a {kind}, or several, got {describe(x)}")
    return listed


def dimension(where: str, value: Any, ndim: int) -> int:
    """`value` as one of `ndim` dimensions, from 0; TypeError or IndexError otherwise."""
    bound, d = max(ndim, 1), _index(where, value)
    if not -bound <= d < bound:
        raise IndexError(f"{where}: expected an int in [{-bound}, {bound - 1}], got {value}")
    return d % bound


def dimensions(where: str, values: Any, ndim: int) -> list[int]:
    """One dimension or a tuple or list of them, from 0, each once; TypeError, IndexError or
    ValueError otherwise."""
    listed = values if isinstance(values, tuple | list) else (values,)
    found = [dimension(where, value, ndim) for value in listed]
    if len(set(found)) < len(found):
        raise ValueError(f"{where}: expected each dimension once, got {values}")
    return found


def is_iterable(value: Any) -> bool:
    """Whether `for x in value` is possible; a str is none here."""
    return isinstance(value, Iterable) and not isinstance(value, str)
