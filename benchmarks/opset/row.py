"""A row of the op set: a line that says how each library calls the op and which bytes count."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import EllipsisType
from typing import Any

import numpy as np

from ..op import Build, Call, Op, Work
from .inputs import SHAPES, normal

Inputs = Callable[[str], tuple[np.ndarray, ...]]
Function = Callable[..., Any]  # of a module and the inputs
_SIZES = tuple(SHAPES)

# Notes: why an op is slow.
COMPOSED = "a composition of plain ops"
COMPOSED_IN_DOUBLE = "a composition of plain ops in float64"
BY_C_LIBRARY = "one number at a time, by the C library"
BY_NUMPY = "indices or values by NumPy"
IN_DOUBLE = "computed in float64: right to 0.5 ULP"
IN_RANGE = "each factor is tested for its range: over- or underflows only where the result does"
OPEN = "examined, the cause is open: docs/notes/kernels.md"
UNTOUCHED = "NumPy's memory is given when it is first touched"


def row(
    family: str,
    name: str,
    nbytes: float,
    call: Function,
    numpy: Function | EllipsisType | None = ...,
    *,
    inputs: Inputs = normal,
    scipy: Function | None = None,
    torch: Function | EllipsisType | None = ...,
    jax: Function | EllipsisType | None = ...,
    representative: bool = False,
    flops: float = 0,
    note: str = "",
) -> Op:
    """An op that each library computes from the same inputs.

    Args:
        family: the `kind` of the row.
        nbytes: read and written, for each element of the size.
        call: by the modules fastdl and torch, whose names are the same.
        numpy: by the modules numpy and jax.numpy; as `call` if not given, None: not there.
        inputs: of a size.
        scipy, torch, jax: by these modules, where the call differs; None: not there.
        flops: of a matrix product, for each element.
        note: why it is slow where it is behind, if that is known.
    """
    shared = call if numpy is ... else numpy
    functions = {
        "fastdl": call,
        "numpy": shared,
        "scipy": scipy,
        "torch": call if torch is ... else torch,
        "jax": _of_jax_numpy(shared) if jax is ... else jax,
    }
    contenders = {key: _build(f, inputs) for key, f in functions.items() if f is not None}
    work = _work(nbytes, flops)
    return Op(name, _SIZES, work, contenders, family, True, representative, note)


def draw(
    family: str,
    name: str,
    nbytes: float,
    call: Function,
    numpy: Function | None = None,
    *,
    inputs: Inputs = normal,
    torch: Function | EllipsisType | None = ...,
    jax: Function | None = None,
    note: str = "",
) -> Op:
    """An op that draws random numbers: `row`, but that NumPy's function gets a generator in place
    of the module, and JAX's a key behind it, a new one for every call."""
    contenders = {"fastdl": _build(call, inputs)}
    if numpy is not None:
        contenders["numpy"] = _build(lambda np, *xs: numpy(_GENERATOR, *xs), inputs)
    if torch is not None:
        contenders["torch"] = _build(call if torch is ... else torch, inputs)
    if jax is not None:
        contenders["jax"] = _with_keys(jax, inputs)
    return Op(name, _SIZES, _work(nbytes), contenders, family, False, False, note)


_GENERATOR = np.random.default_rng(0)


def _work(nbytes: float, flops: float = 0) -> Callable[[str], Work]:
    def work(size: str) -> Work:
        n = int(float(size))
        return Work(round(nbytes * n), round(nbytes * n), round(flops * n))

    return work


def _of_jax_numpy(function: Function | None) -> Function | None:
    return None if function is None else lambda jax, *xs: function(jax.numpy, *xs)


def _build(function: Function, inputs: Inputs) -> Build:
    def build(lib: Any, size: str) -> Call:
        call = lib.function(partial(function, lib.module))
        return partial(call, *map(lib.array, inputs(size)))

    return build


def _with_keys(function: Function, inputs: Inputs) -> Build:
    def build(lib: Any, size: str) -> Call:
        jax, arrays = lib.module, tuple(map(lib.array, inputs(size)))

        def draw(key: Any, *xs: Any) -> Any:
            key, now = jax.random.split(key)
            return key, function(jax, now, *xs)

        step, key = lib.function(draw), jax.random.key(0)

        def call() -> Any:
            nonlocal key
            key, result = step(key, *arrays)
            return result

        return call

    return build
