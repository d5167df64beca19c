"""Medians with 95 % intervals, and what they say about two contenders."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A median; the interval is NaN where there are fewer than six values."""

    median: float
    low: float
    high: float


def interval_of_median(values: Sequence[float]) -> Interval:
    """The median and its distribution-free interval of at least 95 %.

    Between the k-th smallest and the k-th largest value lies the true median with probability
    1 − 2·P(Binomial(n, ½) < k); k is the largest for which that is at least 95 %.
    """
    if not values:
        raise ValueError("interval_of_median: values: expected at least one, got none")
    ordered, n = sorted(values), len(values)
    k, missed = 0, 0.0
    while missed + 2 * math.comb(n, k) / 2**n <= 1 - CONFIDENCE:
        missed += 2 * math.comb(n, k) / 2**n
        k += 1
    low, high = (ordered[k - 1], ordered[n - k]) if k else (math.nan, math.nan)
    return Interval(statistics.median(ordered), low, high)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """The interval of ours / theirs, of pairs measured one soon after the other."""
    return interval_of_median([a / b for a, b in zip(ours, theirs, strict=True)])


def verdict(ratio: Interval) -> str:
    """ "behind" and "ahead" if the whole interval is, else "level"."""
    if ratio.low > 1:
        return "behind"
    return "ahead" if ratio.high < 1 else "level"


def geometric_mean(values: Sequence[float]) -> float:
    """NaN of none."""
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan
