"""The mode `drawn` of `OpCase`: every mode with sizes, memory layouts, dtypes, values and
cotangents that hypothesis chooses, `FASTDL_TEST_EXAMPLES` times (4; 0: not at all), the same in
every run."""

from __future__ import annotations

import importlib.util
import math
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .tensor import Tensor

if TYPE_CHECKING:
    from .testing import Array, Input, OpCase

LARGEST = 80  # of the sizes drawn


def examples() -> int:
    """How many are tried for each case: none without hypothesis."""
    found = importlib.util.find_spec("hypothesis")
    return int(os.environ.get("FASTDL_TEST_EXAMPLES", "4")) if found else 0


def check(case: OpCase, device: str) -> None:
    """Raises AssertionError where a mode of the case fails; hypothesis tells for what it does.

    Raises:
        ImportError: hypothesis is not installed.
    """
    try:
        import hypothesis
        from hypothesis import HealthCheck, Phase, strategies
    except ImportError:
        raise ImportError(
            "check: mode: 'drawn' needs hypothesis, which is not installed: pip install hypothesis"
        ) from None

    @hypothesis.seed(zlib.crc32(case.name.encode()))
    @hypothesis.settings(
        max_examples=max(1, examples()),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @hypothesis.given(strategies.data())
    def run(data: Any) -> None:
        seed = data.draw(strategies.integers(1, 1 << 20), label="seed")
        sizes = data.draw(_sizes(strategies, case), label="sizes")
        variant = _resized(replace(case, seed=seed), sizes)
        layouts = [
            _layout(*data.draw(_memory(strategies, len(x.shape)), label=f"layout {i}"))
            for i, x in enumerate(variant.inputs)
        ]
        variant = replace(
            variant,
            layouts=layouts,
            dtypes=[data.draw(strategies.sampled_from(list(case.dtypes)), label="dtype")],
        )
        left_out = {"drawn"}
        if 0 in sizes.values():  # a derivative by nothing is none
            left_out |= {"empty", "gradient", "second", "fallback"}
        if len(set(sizes.values())) < len(sizes):  # NumPy does not say what is empty twice
            left_out.add("empty")
        for mode in variant.modes():
            if mode not in left_out:
                variant.check(mode, device)

    run()


def _sizes(strategies: Any, case: OpCase) -> Any:
    """A strategy for {size: another}: dimensions of one size stay so together."""
    if isinstance(case.fixed, bool):
        kept = {n for x in case.inputs for n in x.shape} if case.fixed else set()
    else:
        kept = set(case.fixed)
    sizes = sorted({n for x in case.inputs for n in x.shape if n > 1} - kept)
    least = 0 if case.empty else 2
    return strategies.fixed_dictionaries(
        {n: strategies.integers(least, min(2 * n, LARGEST)) for n in sizes}
    )


def _resized(case: OpCase, sizes: dict[int, int]) -> OpCase:
    """The case with these sizes, or the case itself where its reference does not take them."""
    inputs = [_other_shape(x, sizes) for x in case.inputs]
    other = replace(case, inputs=inputs)
    try:
        arrays = other._arrays("float64")
        if any(a.shape != x.shape for a, x in zip(arrays, inputs, strict=True)):
            return case  # made of given values
        with np.errstate(all="ignore"):
            if case.reference is not None:
                case.reference(*arrays, **case.kwargs)
            else:
                case.fn(*other._tensors(arrays, "cpu"), **case.kwargs)
    except (ValueError, LookupError, TypeError, ArithmeticError):
        return case
    return other


def _other_shape(x: Input, sizes: dict[int, int]) -> Input:
    return replace(x, shape=tuple([sizes.get(n, n) for n in x.shape]))


def _memory(strategies: Any, ndim: int) -> Any:
    """A strategy for the order of dimensions in memory, their steps, and where the first element
    lies."""
    return strategies.tuples(
        strategies.permutations(range(ndim)),
        strategies.lists(strategies.integers(1, 3), min_size=ndim, max_size=ndim),
        strategies.integers(0, 3),
    )


def _layout(order: Sequence[int], steps: Sequence[int], offset: int) -> Callable[[Array], Tensor]:
    """Puts an array into memory that way; what lies between must not be read."""

    def layout(array: Array) -> Tensor:
        from .testing import _junk, _plain

        shape = [array.shape[d] * step for d, step in zip(order, steps, strict=True)]
        places = tuple([slice(None, None, step) for step in steps])
        memory = _junk(array, (offset + math.prod(shape),))
        memory[offset:].reshape(shape)[places] = array.transpose(order)
        out = _plain(memory)[offset:].reshape(shape)
        out = out[places] if places else out
        return out.permute(tuple(int(d) for d in np.argsort(order)))

    return layout
