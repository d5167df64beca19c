"""What moving memory costs here: the yardstick of the rows that are bound by it.

Several ways to copy between two warm buffers are contenders; the fastest counts.  glibc's memcpy
writes past the caches by itself where a copy is larger than most of the last-level cache.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .op import Call

_CUT = 1 << 20  # bytes below which handing parts to other threads costs more than it saves


def copies(nbytes: int, threads: int, libraries: Mapping[str, Any]) -> dict[str, Call]:
    """Calls that each copy `nbytes` bytes between warm buffers, on at most `threads` threads."""
    source = np.ones(max(nbytes // 4, 1), np.float32)
    target = np.zeros_like(source)
    calls: dict[str, Call] = {"copy memcpy": lambda: np.copyto(target, source)}
    if threads > 1 and nbytes > _CUT:
        calls["copy memcpy, in parts"] = _in_parts(source, target, threads)
    for name in ("fastdl", "torch"):
        if name in libraries:
            module = libraries[name].module
            a, b = module.from_numpy(source), module.from_numpy(target)
            calls[f"copy {name}"] = functools.partial(b.copy_, a)
    return calls


def _in_parts(source: np.ndarray, target: np.ndarray, threads: int) -> Call:
    """A part for each thread; NumPy copies without the interpreter lock."""
    mine, *rest = zip(np.array_split(target, threads), np.array_split(source, threads), strict=True)
    pool = ThreadPoolExecutor(threads - 1)

    def call() -> None:
        parts = [pool.submit(np.copyto, *part) for part in rest]
        np.copyto(*mine)
        for part in parts:
            part.result()

    return call
