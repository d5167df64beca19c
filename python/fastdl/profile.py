"""`step.profile(...)`: where the time of a compiled step goes, beside what it must take."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import _C
from .grad_mode import no_grad
from .listing import Line, table

_LEAST = 4096  # bytes: less is not copied faster


class TimedLine(NamedTuple):
    """A kernel call, the seconds it took (median of the runs), and its floor in seconds."""

    line: Line
    seconds: float
    floor: float


class Profile:
    """Time per kernel call; `print` shows it as a table.

    A call's floor is the larger of two times: its bytes at the rate of a copy that reads and writes
    as many, and its operations at that of a 512 × 512 × 512 matrix product, both measured now,
    with as many threads.
    """

    def __init__(self, name: str, lines: Sequence[TimedLine], runs: int) -> None:
        self.name, self.lines, self.runs = name, tuple(lines), runs

    @property
    def seconds(self) -> float:
        return sum(timed.seconds for timed in self.lines)

    @property
    def floor(self) -> float:
        return sum(timed.floor for timed in self.lines)

    def __str__(self) -> str:
        head = ("", "call", "operands", "µs", "of all", "floor µs", "floor / time")
        rows: list[tuple[str, ...]] = [head]
        for i, (line, seconds, floor) in enumerate(self.lines, 1):
            rows.append((str(i), line.name, line.operands, *self._numbers(seconds, floor)))
        rows.append(("", "total", "", *self._numbers(self.seconds, self.floor)))
        return f"{self.name}: median of {self.runs} runs\n{table(rows, left=3)}"

    def _numbers(self, seconds: float, floor: float) -> tuple[str, ...]:
        share = floor / seconds if seconds else 1.0
        part = seconds / self.seconds if self.seconds else 0.0
        return f"{1e6 * seconds:.2f}", f"{part:.0%}", f"{1e6 * floor:.2f}", f"{share:.0%}"


def measured(name: str, step: Any, runs: Sequence[Sequence[float]]) -> Profile:
    """From the seconds of each call in each run."""
    lines = [Line(*line) for line in step.lines]
    peak = {dtype: _product_rate(dtype) for dtype in {_dtype(line) for line in lines}}
    sizes = {_bucket(line.bytes) for line in lines}
    rates = {size: _C.copy_rate(size) for size in sizes}
    timed = []
    for line, seconds in zip(lines, zip(*runs, strict=True), strict=True):
        moving = line.bytes / rates[_bucket(line.bytes)]
        floor = max(moving, line.operations / peak[_dtype(line)])
        timed.append(TimedLine(line, statistics.median(seconds), floor))
    return Profile(name, timed, len(runs))


def _dtype(line: Line) -> Any:
    return _C.DType.float64 if line.operands.startswith("float64") else _C.DType.float32


def _bucket(count: int) -> int:
    """The next power of two."""
    return 2 ** math.ceil(math.log2(max(count, _LEAST)))


def _product_rate(dtype: Any) -> float:
    """Operations in a second."""
    n = 512
    a = _C.full((n, n), 1.0, dtype)
    best = math.inf
    with no_grad():
        for _ in range(8):
            begun = time.perf_counter()
            _C.matmul(a, a)
            best = min(best, time.perf_counter() - begun)
    return 2 * n**3 / best
