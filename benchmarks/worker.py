"""A measuring process: reads a task from standard input, writes a line of JSON for each row."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import numpy as np

from .copies import copies
from .environment import stamp
from .harness import Effort, Timing, measure
from .libraries import LIBRARIES, Library, as_numpy
from .op import Call, Op, find_ops

MARK = "@bench "  # in front of our lines: libraries print, too
HUGE = "huge pages"  # what is added to the names of contenders that were asked to use them
_COMPARE = 1 << 24  # bytes of the working set up to which results are compared


def main() -> None:
    """Measure the rows of the task and write them."""
    task = json.load(sys.stdin)
    effort = Effort(**task["effort"])
    ops = find_ops(task["suite"])
    libraries, missing = load(task["libraries"], task["threads"])
    _say(stamp=stamp(libraries), missing=missing)
    for at, (name, size) in enumerate(task["rows"]):
        timings, notes = run_row(
            ops[name], size, libraries, effort, task["seed"] + at, task["huge_pages"]
        )
        found = {key: dataclasses.asdict(timing) for key, timing in timings.items()}
        _say(op=name, size=size, timings=found, notes=notes)


def load(names: list[str], threads: int) -> tuple[dict[str, Library], list[str]]:
    """The libraries that are there, and notes on those that are not."""
    found, missing = {}, []
    for name in names:
        try:
            found[name] = LIBRARIES[name](threads)
        except ImportError as error:
            missing.append(f"{name} is left out: {error}")
    return found, missing


def run_row(
    op: Op,
    size: str,
    libraries: dict[str, Library],
    effort: Effort,
    seed: int,
    huge_pages: bool = False,
) -> tuple[dict[str, Timing], list[str]]:
    """The timings of a row's contenders, and why some are left out."""
    calls: dict[str, Call] = {}
    results: dict[str, Any] = {}
    notes: list[str] = []
    work = op.work(size)
    for name, build in op.contenders.items():
        library = name.split()[0]
        if library not in libraries:
            continue
        key = f"{name} {HUGE}" if huge_pages and library == "torch" else name
        try:
            call = build(libraries[library], size)
            if call is None:
                continue
            results[key] = call()
        except Exception as error:  # one library's trouble must not end the run
            first = str(error).strip().partition("\n")[0]
            notes.append(f"{op.name} {size}: {key} is left out: {type(error).__name__}: {first}")
            continue
        calls[key] = call
    if op.same and work.working_set <= _COMPARE:
        notes += _differences(op.name, size, results)
    results.clear()
    if work.working_set:
        threads = next(iter(libraries.values())).threads
        extra = copies(work.working_set // 2, threads, libraries)
        for call in extra.values():
            call()
        calls.update(extra)
    if op.floor and "fastdl" in libraries:
        calls.update(op.floor(libraries["fastdl"], size))
    return measure(calls, effort, seed), notes


def _differences(op: str, size: str, results: dict[str, Any]) -> list[str]:
    """Notes on results that are not those of the first contender."""
    notes = []
    reference: list[np.ndarray] | None = None
    for name, result in results.items():
        arrays = as_numpy(result)
        if reference is None:
            first, reference = name, arrays
        elif len(arrays) != len(reference) or not all(
            a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4)
            for a, b in zip(arrays, reference, strict=False)
        ):
            notes.append(f"{op} {size}: the results of {name} are not those of {first}")
    return notes


def _say(**line: Any) -> None:
    print(MARK + json.dumps(line), flush=True)
