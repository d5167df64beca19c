"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

SUFFICIENT, CURVATURE = 1e-4, 0.9  # c1 and c2 of Nocedal & Wright


class Point(NamedTuple):
    """A place on the line: length along the direction, loss, slope there, gradient."""

    t: float
    loss: float
    slope: float
    gradient: Any


def strong_wolfe(
    at: Callable[[float], Point],
    start: Point,
    t: float,
    smallest: float,
    max_evaluations: int = 25,
) -> Point:
    """A point whose loss is enough below the start's, and whose slope is enough flatter:

        loss ≤ start.loss + c1 · t · start.slope  and  |slope| ≤ c2 · |start.slope|

    Nocedal & Wright, "Numerical optimization" (2nd ed., 2006), algorithms 3.5 and 3.6 with cubic
    interpolation.  An infinite or NaN loss counts as too large.

    Args:
        at: evaluates a length.
        start: the point of length 0; its slope is negative.
        t: the first trial.
        smallest: intervals of lengths smaller than this are not searched.
        max_evaluations: then the best point so far is taken: the start, if none was better.
    """

    def too_high(point: Point) -> bool:
        return not point.loss <= start.loss + SUFFICIENT * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * start.slope

    low, high, before = start, None, start  # low: the best so far; the search is between the two
    for evaluation in range(1, max_evaluations + 1):
        point = at(t)
        if high is None:  # still going outwards
            if too_high(point) or (evaluation > 1 and point.loss >= before.loss):
                low, high = before, point
            elif flat(point):
                return point
            elif point.slope >= 0:
                low, high = point, before
            else:
                t = _outwards(before, point)
                low = before = point
                continue
        elif too_high(point) or point.loss >= low.loss:
            high = point
        else:
            if flat(point):
                return point
            if point.slope * (high.t - low.t) >= 0:
                high = low
            low = point
        if abs(high.t - low.t) <= smallest:
            break
        t = _between(low, high)
    return low


def _outwards(before: Point, point: Point) -> float:
    """The next trial beyond `point`: the minimum of the cubic, within reason."""
    guess = _cubic_minimum(before, point)
    least, most = point.t + (point.t - before.t) / 10, 10 * point.t
    return min(max(guess, least), most) if math.isfinite(guess) else 2 * point.t


def _between(low: Point, high: Point) -> float:
    """The next trial between two points, a tenth of the way off either."""
    a, b = min(low.t, high.t), max(low.t, high.t)
    guess, margin = _cubic_minimum(low, high), (b - a) / 10
    return min(max(guess, a + margin), b - margin) if math.isfinite(guess) else (a + b) / 2


def _cubic_minimum(p: Point, q: Point) -> float:
    """Of the cubic with the losses and slopes of two points (equation 3.59); NaN if it has none."""
    width = q.t - p.t
    if width == 0 or not all(map(math.isfinite, (p.loss, q.loss, p.slope, q.slope))):
        return math.nan
    d1 = p.slope + q.slope - 3 * (q.loss - p.loss) / width
    square = d1 * d1 - p.slope * q.slope
    if square < 0:
        return math.nan
    d2 = math.copysign(math.sqrt(square), width)
    divisor = q.slope - p.slope + 2 * d2
    return q.t - width * (q.slope + d2 - d1) / divisor if divisor else math.nan
