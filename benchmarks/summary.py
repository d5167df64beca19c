"""What the lines of a results file say: each row against its fastest rival, and the whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .intervals import Interval, geometric_mean, verdict
from .results import OURS, Line

CACHES = 4  # a working set of so many times the last-level cache finds nothing there


@dataclass(frozen=True)
class Row:
    """Our line, the fastest rival's and the floor's; verdict is "ahead", "level" or "behind"."""

    ours: Line
    rival: Line | None
    floor: Line | None = None

    @property
    def ratio(self) -> Interval:
        r = self.rival
        unknown = (math.nan,) * 3
        return Interval(*(unknown if r is None else (r.ratio, r.ratio_low, r.ratio_high)))

    @property
    def verdict(self) -> str:
        """Empty where there is no rival, or too few blocks for an interval."""
        return "" if math.isnan(self.ratio.low) else verdict(self.ratio)


def rows(lines: Iterable[Line]) -> list[Row]:
    """One for each kind, op, size and number of threads that has a line of ours."""
    groups: dict[tuple[str, str, str, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.kind, line.op, line.size, line.threads), []).append(line)
    found = []
    for group in groups.values():
        names = {line.contender: line for line in group}
        ours = next((names[name] for name in OURS if name in names), None)
        if ours is not None:
            rivals = [line for line in group if line.rival and not math.isnan(line.ratio)]
            floors = [line for line in group if line.contender.startswith("floor")]
            found.append(
                Row(
                    ours,
                    max(rivals, key=lambda line: line.ratio, default=None),
                    min(floors, key=lambda line: line.time, default=None),
                )
            )
    return found


def is_large(line: Line, last_level_cache: int) -> bool:
    """Whether the tensors of the row are too large for the caches to matter."""
    return bool(line.bytes) and line.working_set >= CACHES * last_level_cache > 0


def table(found: Sequence[Row]) -> list[str]:
    """The rows as text, a line each."""
    lines = []
    for row in found:
        ours, rival, ratio = row.ours, row.rival, row.ratio
        text = f"{ours.op:<15} {ours.size:>24} {ours.threads:>2}  {duration(ours.time):>9}"
        if rival is not None:
            text += f"  {duration(rival.time):>9} {rival.contender:<23} {ratio.median:5.2f}"
            known = not math.isnan(ratio.low)
            text += f" [{ratio.low:5.2f}, {ratio.high:5.2f}]" if known else " " * 15
            text += f"  {row.verdict:<6}"
        if not math.isnan(ours.copy_share):
            text += f"  {ours.copy_share:4.0%} of copy"
        if not math.isnan(ours.gemm_share):
            text += f"  {ours.gemm_share:4.0%} of the fastest"
        if row.floor is not None:
            over = duration(ours.time - row.floor.time)
            text += f"  floor {duration(row.floor.time)}: +{over}, {row.floor.ratio:.2f} times"
        lines.append(text.rstrip())
    return lines


HEADER = (
    f"{'op':<15} {'size':>24} {'threads':>7} {'fastdl':>6}  {'fastest rival':<33} "
    "fastdl / rival [95 %]"
)


def totals(found: Sequence[Row], last_level_cache: int) -> list[str]:
    """Verdicts and geometric means for each kind and number of threads."""
    lines = []
    for kind, threads in dict.fromkeys((row.ours.kind, row.ours.threads) for row in found):
        part = [r for r in found if (r.ours.kind, r.ours.threads) == (kind, threads) and r.rival]
        if not part:
            continue
        mean = geometric_mean([row.ratio.median for row in part])
        counts = {
            word: sum(r.verdict == word for r in part) for word in ("ahead", "level", "behind")
        }
        verdicts = ", ".join(f"{n} {word}" for word, n in counts.items())
        lines.append(
            f"{kind}, {threads} thread{'s'[: threads > 1]}: fastdl / fastest rival {mean:.2f} "
            f"(geometric mean of {len(part)} rows); {verdicts}"
        )
        for row in part:
            if row.verdict == "behind":
                lines.append(f"  behind: {row.ours.op} {row.ours.size}: {row.ratio.median:.2f}")
        floors = [(row.floor.ratio, row.ours) for row in part if row.floor]
        if floors:
            most, worst = max(floors, key=lambda pair: pair[0])
            lines.append(
                f"  {geometric_mean([ratio for ratio, _ in floors]):.2f} times the floor "
                f"(geometric mean), the most {most:.2f}: {worst.op} {worst.size}"
            )
        large = [row.ours for row in part if is_large(row.ours, last_level_cache)]
        if large:
            least = min(large, key=lambda line: line.copy_share)
            shares = geometric_mean([line.copy_share for line in large])
            lines.append(
                f"  of {len(large)} rows beyond {CACHES} last-level caches: {shares:.0%} of the "
                f"copy bandwidth (geometric mean), the least {least.copy_share:.0%}: "
                f"{least.op} {least.size}"
            )
    return lines


def duration(microseconds: float) -> str:
    """With three digits: "4.40 ms"."""
    value, units = microseconds, ["s", "ms", "µs"]
    while len(units) > 1 and value >= 999.5:
        value, _ = value / 1e3, units.pop()
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {units[-1]}"
