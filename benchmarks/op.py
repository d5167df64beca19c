"""What a row of the table measures."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Call = Callable[[], Any]
# From a library and a size: makes the inputs and returns the call; None: it takes no part.
Build = Callable[[Any, str], Call | None]

SIZES = (
    "64x10",
    "128x1000",
    "1000x1001",
    "1024x1024",
    "4096x1024",
    "8x1048576",
    "4095x4097",
    "4096x4096",
    "4096x8192",
)


@dataclass(frozen=True)
class Work:
    """What a call has to do at the least.

    Args:
        bytes: read and written; a tensor that the algorithm must go through twice counts twice.
        working_set: bytes of the tensors touched; the copy it is compared with touches as many.
        flops: of a matrix product; such a row is compared with the fastest product instead.
    """

    bytes: int = 0
    working_set: int = 0
    flops: int = 0


@dataclass(frozen=True)
class Op:
    """An operation at several sizes, as a user of each library calls it.

    Args:
        name: as in `--ops`.
        sizes: as in `--sizes`.
        work: of a size.
        contenders: by library, or by library and variant ("torch fused"), how the call is made.
        kind: "op", "matmul", "overhead", "step" or "widths" (steps); of the op set: the family.
        same: whether the contenders' results must agree (random ones cannot).
        representative: measured in all processes, not in the first one alone.
        note: why it is slow where it is behind, if that is known.
        floor: from fastdl and a size: calls that do a part of the work that nothing can save, by
            names that begin with "floor"; the least of them counts.
    """

    name: str
    sizes: tuple[str, ...]
    work: Callable[[str], Work]
    contenders: Mapping[str, Build]
    kind: str = "op"
    same: bool = True
    representative: bool = True
    note: str = ""
    floor: Callable[[Any, str], dict[str, Call]] | None = None


def shape(size: str) -> tuple[int, ...]:
    """The numbers of "4096x1024"."""
    return tuple(int(n) for n in size.split("x"))


def elements(size: str) -> int:
    """Their product."""
    return math.prod(shape(size))


def passes(over: int, tensors: int) -> Callable[[str], Work]:
    """The work of so many float32 passes over tensors of the size, of which there are `tensors`."""
    return lambda size: Work(4 * over * elements(size), 4 * tensors * elements(size))


SUITES = {"headline": "ops", "steps": "steps", "ops": "opset"}  # the folder of each


def find_ops(suite: str = "headline") -> dict[str, Op]:
    """The ops of a suite by name, from the list `OPS` of each file `bench_*.py`."""
    found: dict[str, Op] = {}
    folder = SUITES[suite]
    package = importlib.import_module(f".{folder}", __package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("bench_"):
            ops = importlib.import_module(f".{folder}.{module.name}", __package__).OPS
            found.update((op.name, op) for op in ops)
    return found
