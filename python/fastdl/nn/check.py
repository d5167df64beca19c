"""Checks of constructor arguments shared by the layers; `where` is "Layer: argument"."""

from __future__ import annotations

from typing import Any


def positive_int(where: str, value: Any) -> int:
    """`value`, if it is an int of at least 1; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{where}: expected an int, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{where}: expected at least 1, got {value}")
    return value


def number(where: str, value: Any, low: float, high: float) -> float:
    """`value`, if it is a number in [low, high]; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{where}: expected a number, got {type(value).__name__}")
    if not low <= value <= high:  # NaN too
        raise ValueError(f"{where}: expected a number in [{low:g}, {high:g}], got {value}")
    return value


def one_of(where: str, value: Any, choices: tuple[str, ...]) -> str:
    """`value`, if it is one of `choices`; ValueError otherwise."""
    if value not in choices:
        raise ValueError(f"{where}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return str(value)
