"""Rows of a function of one float32 tensor, computed forward."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import SIZES, Build, Op, Work, passes, shape

_ONCE = passes(2, 2)  # read once, written once


@functools.lru_cache(2)
def normal(size: str) -> np.ndarray:
    """Standard normal float32 numbers, the same for every contender."""
    x = np.random.default_rng(0).standard_normal(shape(size), np.float32)
    x.flags.writeable = False
    return x


def forward(
    name: str,
    functions: dict[str, Callable[[Any], Callable[..., Any]]],
    *,
    sizes: tuple[str, ...] = SIZES,
    work: Callable[[str], Work] = _ONCE,
    same: bool = True,
) -> Op:
    """An op whose contenders are functions of a tensor; each is given by its library's module."""
    contenders = {key: _build(function) for key, function in functions.items()}
    return Op(name, sizes, work, contenders, same=same)


def _build(function: Callable[[Any], Callable[..., Any]]) -> Build:
    def build(lib: Any, size: str) -> Callable[[], Any]:
        call, x = lib.function(function(lib.module)), lib.array(normal(size))
        return lambda: call(x)

    return build
