"""`step.draw("step.svg")`: the kernel calls of a compiled step and what they hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from .listing import Line

_ROW, _TOP, _NAMES, _BARS, _LENGTH = 22, 76, 300, 980, 150  # pixels
_COLORS = ("#3465a4", "#c17d11", "#4e9a06", "#a40000", "#75507b", "#06989a")
_OUTSIDE, _ARGUMENT, _OWN = 0, 1, 2
_SHOWN = 72  # characters of operands


def draw(path: str | Path, name: str, step: Any) -> None:
    """Writes the picture: a row for each call, an arc for each result that a later one takes."""
    lines = [Line(*line) for line in step.lines]
    height = _TOP + _ROW * len(lines) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_BARS + _LENGTH + 90}" '
        f'height="{height}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(20, 26, f"{name}: {len(lines)} kernel calls", size=16),
        _text(20, 48, "Arcs: results on their way to later calls.", fill="#666"),
        _mark(300, 44, _ARGUMENT) + _text(312, 48, "argument", fill="#666"),
        _mark(380, 44, _OUTSIDE) + _text(392, 48, "from outside: parameters, state", fill="#666"),
        _text(_BARS, 66, "bytes read and written", fill="#666"),
    ]
    parts += _arcs(step.slots)
    most = max([line.bytes for line in lines], default=1)
    for i, line in enumerate(lines):
        parts += _row(i, line, {kind for _, kind in step.slots[i]}, most)
    Path(path).write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _y(row: int) -> float:
    return _TOP + _ROW * (row + 0.5)


def _row(i: int, line: Line, kinds: set[int], most: int) -> list[str]:
    operands = line.operands
    if len(operands) > _SHOWN:
        operands = operands[: _SHOWN - 1] + "…"
    names = f'<tspan font-weight="bold">{escape(line.name)}</tspan>'
    shapes = f'<tspan fill="#666" font-size="11">  {escape(operands)}</tspan>'
    length = max(1.0, _LENGTH * line.bytes / most)
    parts = [
        f'<circle cx="{_NAMES - 34}" cy="{_y(i)}" r="3" fill="#333"/>',
        f'<text x="{_NAMES}" y="{_y(i) + 4}" xml:space="preserve">{names}{shapes}</text>',
        f'<rect x="{_BARS}" y="{_y(i) - 6}" width="{length:.1f}" height="12" fill="#b8c7dc"/>',
        _text(_BARS + length + 5, _y(i) + 4, _bytes(line.bytes), fill="#666"),
    ]
    if _ARGUMENT in kinds:
        parts.append(_mark(_NAMES - 22, _y(i), _ARGUMENT))
    if _OUTSIDE in kinds:
        parts.append(_mark(_NAMES - 11, _y(i), _OUTSIDE))
    return parts


def _arcs(calls: list[list[tuple[int, int]]]) -> list[str]:
    """The first call that goes to a piece of the step's own memory writes it."""
    made: dict[int, int] = {}
    arcs: dict[tuple[int, int], None] = {}
    for i, slots in enumerate(calls):
        for slot, kind in slots:
            if kind == _OWN and made.setdefault(slot, i) != i:
                arcs[made[slot], i] = None
    x, reach = _NAMES - 34, _NAMES - 64
    longest = max([after - before for before, after in arcs], default=1)
    parts = []
    for before, after in arcs:
        bend = x - max(14, reach * ((after - before) / longest) ** 0.5)
        color = _COLORS[before % len(_COLORS)]
        parts.append(
            f'<path d="M{x} {_y(before)} C{bend:.0f} {_y(before)} {bend:.0f} {_y(after)} '
            f'{x} {_y(after)}" fill="none" stroke="{color}" stroke-opacity="0.65"/>'
        )
    return parts


def _mark(x: float, y: float, kind: int) -> str:
    if kind == _ARGUMENT:
        return f'<circle cx="{x}" cy="{y}" r="4" fill="#3465a4"/>'
    return f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8" fill="#c17d11"/>'


def _text(x: float, y: float, text: str, *, fill: str = "#222", size: int = 12) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{fill}" font-size="{size}">{escape(text)}</text>'


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
