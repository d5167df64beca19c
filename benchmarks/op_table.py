"""The table of every op, from `results/ops.csv`: the text of `ops.md`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from .intervals import geometric_mean
from .op import Op, find_ops
from .results import read_csv
from .summary import Row, rows

SIZES = {"1e3": "10³", "1e5": "10⁵", "1e7": "10⁷"}
THREADS = 2


def text(path: Path) -> str:
    """The whole page: what the table shows, what it comes to, a table for each family."""
    lines, stamp = read_csv(path)
    ops = find_ops("ops")
    found = [r for r in rows(lines) if r.ours.threads == THREADS and r.ours.op in ops]
    rivals = {"numpy": "NumPy", "scipy": "SciPy", "torch": "PyTorch", "jax": "JAX"}
    versions = [f"{name} {stamp[x].split('+')[0]}" for x, name in rivals.items() if x in stamp]
    parts = [
        "# Every op beside NumPy, PyTorch and JAX",
        "Written by `python -m benchmarks.readme` from `results/ops.csv`, which has the times of "
        "all contenders.  fastdl's time / the fastest rival's, with its 95 % interval; **bold: the "
        "whole interval lies behind**; ≈: level.  Float32, forward, "
        f"{THREADS} threads; 10 × 100, 100 × 1000 and 10000 × 1000 elements.  Ops marked • are "
        "their families' representatives, measured in three processes; the others inform.",
        f"Measured on {stamp['cpu']}, {stamp['date'].split()[0]}, beside {', '.join(versions)}.",
        *_totals(found, ops),
    ]
    for family in dict.fromkeys(op.kind for op in ops.values()):
        part = [r for r in found if r.ours.kind == family]
        if part:
            parts += [f"## {family}", _table(part, ops)]
    return "\n\n".join(parts) + "\n"


def _totals(found: Sequence[Row], ops: dict[str, Op]) -> list[str]:
    """A sentence on the representatives, and one on the others."""
    sentences = []
    for name, representative in (("representatives", True), ("others", False)):
        part = [r for r in found if r.rival and ops[r.ours.op].representative == representative]
        if part:
            mean = geometric_mean([r.ratio.median for r in part])
            behind = sum(r.verdict == "behind" for r in part)
            sentences.append(
                f"* The {name}: {mean:.2f} of the fastest rival's time (geometric mean of "
                f"{len(part)} rows); behind in {behind}."
            )
    return ["\n".join(sentences)]


def _table(part: Sequence[Row], ops: dict[str, Op]) -> str:
    """Representatives first; the note says where the op is behind and, if it is known, why."""
    cells = {(r.ours.op, r.ours.size): r for r in part}
    names = sorted(dict.fromkeys(r.ours.op for r in part), key=lambda n: not ops[n].representative)
    table = ["| op | " + " | ".join(SIZES.values()) + " | |", "|---" * (len(SIZES) + 2) + "|"]
    for name in names:
        here = [cells.get((name, size)) for size in SIZES]
        behind = [r for r in here if r and r.verdict == "behind"]
        note = (ops[name].note or "not yet examined") if behind else ""
        mark = "• " * ops[name].representative
        table.append(f"| {mark}`{name}` | " + " | ".join(map(_cell, here)) + f" | {note} |")
    return "\n".join(table)


def _cell(row: Row | None) -> str:
    """ "0.46 (0.44–0.48) numpy"."""
    if row is None or row.rival is None:
        return ""
    ratio, strong = row.ratio, "**" * (row.verdict == "behind")
    between = "" if math.isnan(ratio.low) else f" ({ratio.low:.2f}–{ratio.high:.2f})"
    level = "≈ " * (row.verdict == "level")
    return f"{strong}{level}{ratio.median:.2f}{between} {row.rival.contender}{strong}"
