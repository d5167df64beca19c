"""Results: from the timings of all processes to a CSV with a stamp, and back."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .intervals import Interval, interval_of_median, ratio
from .op import Op

Timings = Mapping[str, Mapping[str, Any]]  # by contender: rounds, medians, repetitions
OURS = ("fastdl compiled", "fastdl")  # the first that a row has is compared with the rivals
YARDSTICKS = ("copy", "floor")  # such names are no contenders


@dataclass(frozen=True)
class Line:
    """A contender of a row.  Times are microseconds per call; NaN stands for "not known".

    `ratio` is our time / this one's, of blocks measured one soon after the other; `low` and `high`
    bound the 95 % interval.  `copy_share` is GB/s of the counted bytes / GB/s of the fastest copy,
    `gemm_share` the time of the fastest product / this one.
    """

    kind: str
    op: str
    size: str
    threads: int
    contender: str
    blocks: int
    repetitions: int
    time: float
    time_low: float
    time_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    bytes: int
    working_set: int
    gb_per_s: float
    copy_gb_per_s: float
    copy_share: float
    gflop_per_s: float
    gemm_share: float

    @property
    def ours(self) -> bool:
        return self.contender.startswith("fastdl")

    @property
    def rival(self) -> bool:
        return not self.contender.startswith(("fastdl", *YARDSTICKS))


def lines_of_row(op: Op, size: str, threads: int, sets: Sequence[Sequence[Timings]]) -> list[Line]:
    """The lines of one row.

    Args:
        sets: of processes that measured the same contenders; a contender belongs to the first set
            that has it, and is compared with what is ours in the same process.
    """
    blocks: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, Interval] = {}
    repetitions: dict[str, int] = defaultdict(int)
    for processes in sets:
        new = {name for timings in processes for name in timings if name not in blocks}
        pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for timings in processes:
            mine = next((timings[name] for name in OURS if name in timings), None)
            by_round = dict(zip(mine["rounds"], mine["medians"], strict=True)) if mine else {}
            for name, timing in timings.items():
                if name not in new:
                    continue
                blocks[name] += timing["medians"]
                repetitions[name] += timing["repetitions"]
                pairs[name] += [
                    (by_round[turn], time)
                    for turn, time in zip(timing["rounds"], timing["medians"], strict=True)
                    if turn in by_round
                ]
        ratios.update(
            (name, ratio(*zip(*found, strict=True))) for name, found in pairs.items() if found
        )
    times = {name: interval_of_median(values) for name, values in blocks.items()}
    copy = min((t.median for name, t in times.items() if name.startswith("copy")), default=math.nan)
    fastest = min(
        (t.median for n, t in times.items() if not n.startswith(YARDSTICKS)), default=math.nan
    )
    work, unknown = op.work(size), Interval(math.nan, math.nan, math.nan)
    lines = []
    for name, time in times.items():
        copied = name.startswith("copy")
        nbytes = work.working_set if copied else work.bytes
        speed = nbytes / time.median if nbytes else math.nan  # bytes per nanosecond: GB/s
        copy_speed = work.working_set / copy if work.working_set else math.nan
        against = unknown if copied else ratios.get(name, unknown)
        lines.append(
            Line(
                op.kind, op.name, size, threads, name, len(blocks[name]), repetitions[name],
                time.median / 1e3, time.low / 1e3, time.high / 1e3,
                against.median, against.low, against.high,
                nbytes, work.working_set, speed, copy_speed, speed / copy_speed,
                work.flops / time.median if work.flops else math.nan,
                fastest / time.median if work.flops else math.nan,
            )
        )  # fmt: skip
    return lines


def to_csv(lines: Iterable[Line], stamp: Mapping[str, str]) -> str:
    """The text of the CSV: the stamp as lines "# key: value", then the table."""
    buffer = io.StringIO()
    for key, value in stamp.items():
        buffer.write(f"# {key}: {value}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    names = [field.name for field in fields(Line)]
    writer.writerow(names)
    for line in lines:
        values = asdict(line)
        writer.writerow([_word(values[name]) for name in names])
    return buffer.getvalue()


def read_csv(path: str | Path) -> tuple[list[Line], dict[str, str]]:
    """The lines and the stamp of a CSV of ours.

    Raises:
        ValueError: it has other columns.
    """
    stamp: dict[str, str] = {}
    rows: list[str] = []
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        if text.startswith("# "):
            key, _, value = text[2:].partition(": ")
            stamp[key] = value
        else:
            rows.append(text)
    reader = csv.DictReader(rows)
    kinds: dict[str, Any] = {"str": str, "int": int, "float": _number}
    names = [field.name for field in fields(Line)]
    if reader.fieldnames != names:
        raise ValueError(f"{path}: expected the columns {names}, got {reader.fieldnames}")
    lines = [
        Line(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Line)}) for row in reader
    ]
    return lines, stamp


def _word(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.5g}"
    return str(value)


def _number(word: str) -> float:
    return float(word) if word else math.nan
