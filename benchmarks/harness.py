"""Times the contenders of one row, in rounds: each in turn, again and again, in changing order.

What disturbs the machine for a while then disturbs all of them, and not one.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from .op import Call


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Args:
        rounds: blocks per contender.
        slow_rounds: of contenders far behind the fastest rival, whose time decides nothing.
        copy_rounds: of the copies.
        block: nanoseconds that the repetitions of a block take together, about.
        warm_up: nanoseconds of calls before each block that are not counted; at least one call.
    """

    rounds: int = 5
    slow_rounds: int = 1
    copy_rounds: int = 5
    block: int = 6_000_000
    warm_up: int = 500_000


EFFORTS = {  # by suite; six rounds are the fewest that give an interval
    "headline": Effort(),
    "steps": Effort(rounds=6),
    "ops": Effort(rounds=6, copy_rounds=1, block=3_000_000),
}
QUICK = Effort(rounds=2, slow_rounds=1, block=3_000_000)
SLOW = 2.5  # times the fastest rival: such a contender has `slow_rounds`
ALWAYS = ("fastdl", "copy", "floor")  # such names are never slow
MOST, FEWEST = 400, 3  # repetitions of a block
# Nanoseconds: shorter calls are timed several at once, longer ones once in a block.
SHORT, LONG = 20_000, 12_000_000


@dataclass
class Timing:
    """The block medians of a contender, in nanoseconds per call, with the round of each."""

    rounds: list[int] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    repetitions: int = 0


def measure(calls: Mapping[str, Call], effort: Effort, seed: int) -> dict[str, Timing]:
    """The timings of all contenders.

    Args:
        calls: by contender; each has been called before.
        seed: of the order in which they come.
    """
    timings = {name: Timing() for name in calls}
    shuffle = random.Random(seed).shuffle
    gc.collect()
    gc.disable()
    try:
        estimates = {name: _estimate(call) for name, call in calls.items()}
        rivals = [t for name, t in estimates.items() if not name.startswith(ALWAYS)]
        limit = SLOW * min(rivals, default=0)
        order = list(calls)
        for turn in range(effort.rounds):
            shuffle(order)
            for name in order:
                slow = estimates[name] > limit and not name.startswith(ALWAYS)
                rounds = effort.copy_rounds if name.startswith("copy") else effort.rounds
                if turn >= (effort.slow_rounds if slow else rounds):
                    continue
                wait_until_idle()
                timing = timings[name]
                median, repetitions = _block(calls[name], estimates[name], effort, slow)
                timing.rounds.append(turn)
                timing.medians.append(median)
                timing.repetitions += repetitions
    finally:
        gc.enable()
    return timings


def wait_until_idle(at_most: float = 0.5) -> None:
    """Wait until no thread of this process runs any more.

    Worker threads of some libraries keep spinning after a call, in case there is another: OpenMP's
    (PyTorch) for 8 ms here, OpenBLAS's (NumPy) for more than 50.
    """
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        before = time.process_time_ns()
        time.sleep(0.002)
        if time.process_time_ns() - before < 300_000:
            return


def _estimate(call: Call) -> float:
    """Nanoseconds of a call: the smallest of a few, or of many where it is short."""
    wait_until_idle()
    first = _time(call, 1)
    if first > 5_000_000:
        return first if first > 100_000_000 else min(first, _time(call, 1), _time(call, 1))
    return min(first, *(_time(call, 10) for _ in range(3)))


def _block(call: Call, estimate: float, effort: Effort, slow: bool) -> tuple[float, int]:
    """The median of a block of repetitions, and their number."""
    if estimate < (20_000_000 if slow else 500_000_000):
        end = time.perf_counter_ns() + effort.warm_up
        call()
        while time.perf_counter_ns() < end:
            call()
    inner = max(1, round(SHORT / estimate))
    fewest = 1 if slow or estimate > LONG else FEWEST
    repetitions = min(max(round(effort.block / (estimate * inner)), fewest), MOST)
    return statistics.median(_time(call, inner) for _ in range(repetitions)), repetitions * inner


def _time(call: Call, inner: int) -> float:
    """Nanoseconds per call of `inner` calls, each result dropped before the next."""
    start = time.perf_counter_ns()
    for _ in range(inner):
        call()
    return (time.perf_counter_ns() - start) / inner
