"""What `print(step)` shows of a compiled function: a line for each kernel call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Line(NamedTuple):
    """A kernel call: its op, its operands, bytes it reads and writes, operations, work units."""

    name: str
    operands: str
    bytes: int
    operations: int
    units: int


def listing(name: str, steps: Sequence[Any]) -> str:
    """The kernel calls of each capture of a function, the latest first."""
    if not steps:
        return f"{name}: not captured yet"
    return "\n\n".join(_listing(name, [Line(*line) for line in step.lines]) for step in steps)


def _listing(name: str, lines: Sequence[Line]) -> str:
    rows = [("", "call", "operands", "bytes", "operations", "units")]
    for i, line in enumerate(lines, 1):
        rows.append((str(i), line.name, line.operands, *_numbers(line), str(line.units)))
    total = Line("total", "", sum(x.bytes for x in lines), sum(x.operations for x in lines), 0)
    rows.append(("", total.name, "", *_numbers(total), ""))
    calls = f"{len(lines)} kernel call{'' if len(lines) == 1 else 's'}"
    return f"{name}: {calls}\n{table(rows, left=3)}"


def _numbers(line: Line) -> tuple[str, str]:
    return f"{line.bytes:,}", f"{line.operations:,}"


def table(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows in columns, the first `left` of them (but the numbers in front) flush left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            text.ljust(width) if 0 < i < left else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
