"""Pictures of a results file, from the CSV alone: python -m fastdl.benchmarks.plot bench.csv"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastdl.bench import RIVALS
from fastdl.train.looks import BLUE as OURS, GRAY, GRID, INK, ORANGE as THEIRS, new_figure, save_png

from .results import Line, read_csv
from .summary import Row, duration, geometric_mean, is_large, rows

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARKS = {
    "numpy": (THEIRS, "o"),
    "torch": ("#a8431f", "s"),
    "jax": ("#6b7a8f", "^"),
    "mlx": ("#c2a878", "D"),
}
DEEPEST = 8.0  # times faster or slower: the full colour


def plot(path: str | Path) -> list[Path]:
    """Draw the pictures of a CSV beside it; returns their paths.

    Raises:
        ImportError: matplotlib is not installed.
    """
    path = Path(path)
    lines, stamp = read_csv(path)
    found, drawn = rows(lines), []
    last_level = int(stamp.get("last-level cache", 0))
    for threads in sorted({line.threads for line in lines}):
        here = [row for row in found if row.ours.threads == threads]
        note = _note(stamp, threads)
        for kind, draw in (
            ("op", _grid),
            ("matmul", _products),
            ("overhead", _bars),
            ("step", _bars),
        ):
            part = [row for row in here if row.ours.kind == kind and row.rival]
            if part:
                of_kind = [x for x in lines if x.kind == kind and x.threads == threads]
                figure = draw(part, of_kind, note, last_level)
                target = path.with_name(f"{path.stem}_{kind}_{threads}.png")
                save_png(target, figure)
                drawn.append(target)
    return drawn


def _note(stamp: dict[str, str], threads: int) -> str:
    number = f"{threads} thread{'s'[: threads > 1]}"
    rivals = ", ".join(f"{name} {stamp[name]}" for name in RIVALS if name in stamp)
    return " · ".join([number, stamp.get("cpu", ""), rivals, stamp.get("date", "")[:10]])


def _titles(figure: Any, title: str, note: str) -> None:
    figure.suptitle(title, color=INK, fontsize=14, fontweight="bold")
    figure.supxlabel(note, color=GRAY, fontsize=8)


def _grid(part: Sequence[Row], _: Sequence[Line], note: str, last_level: int) -> Any:
    """How many times faster, a cell for each op and size; ops with sizes of their own below."""
    groups: list[tuple[list[str], list[str]]] = []
    for op in dict.fromkeys(row.ours.op for row in part):
        sizes = [row.ours.size for row in part if row.ours.op == op]
        for ops, shared in groups:
            if set(sizes) & set(shared):
                ops.append(op)
                shared += [size for size in sizes if size not in shared]
                break
        else:
            groups.append(([op], sizes))
    groups.sort(key=lambda group: -len(group[0]))
    columns = max(len(sizes) for _, sizes in groups)
    height = 1.9 + sum(0.55 * len(ops) + 0.5 for ops, _ in groups)
    figure = new_figure(4.6 + 0.98 * columns, height)
    axes = figure.subplots(
        len(groups), 2, squeeze=False,
        height_ratios=[len(ops) for ops, _ in groups], width_ratios=[columns, 2.2],
    )  # fmt: skip
    for (ops, sizes), (left, right) in zip(groups, axes, strict=True):
        cells = [row for row in part if row.ours.op in ops]
        _cells(left, cells, ops, sizes, columns)
        _shares(right, [row.ours for row in cells if is_large(row.ours, last_level)], ops)
    axes[0][1].set_title("share of copy bandwidth,\nlarge tensors", color=INK, fontsize=10)
    mean = geometric_mean([row.ratio.median for row in part])
    title = f"the fastest rival's time / fastdl's: {1 / mean:.1f} in the geometric mean"
    _titles(figure, title, f"blue: fastdl is faster; below: the rival; ≈: level\n{note}")
    return figure


def _cells(axes: Any, cells: Sequence[Row], ops: list[str], sizes: list[str], columns: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    for row in cells:
        x, y = sizes.index(row.ours.size), ops.index(row.ours.op)
        factor = 1 / row.ratio.median
        color, ink = _shade(factor)
        axes.add_patch(
            FancyBboxPatch(
                (x - 0.46, y - 0.44), 0.92, 0.88, facecolor=color, edgecolor="none",
                boxstyle="round,pad=0,rounding_size=0.08",
            )
        )  # fmt: skip
        digits = 0 if factor >= 9.95 else 1 if factor >= 1.995 else 2
        mark = " ≈" if row.verdict == "level" else ""
        axes.text(x, y - 0.1, f"{factor:.{digits}f}{mark}", color=ink, fontsize=11,
                  fontweight="bold", ha="center", va="center")  # fmt: skip
        rival = row.rival.contender.replace("huge pages", "h.p.") if row.rival else ""
        axes.text(x, y + 0.25, rival, color=ink, fontsize=6.5, ha="center", va="center")
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(len(ops) - 0.5, -0.5)
    axes.set_xticks(range(len(sizes)), [_pretty(size) for size in sizes], fontsize=9)
    axes.set_yticks(range(len(ops)), [op.replace("_", " ") for op in ops], fontsize=11)
    axes.tick_params(colors=INK, length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)


def _shade(factor: float) -> tuple[tuple[float, ...], str]:
    """The colour of a cell, blue where we are faster and orange where slower, and of its text."""
    from matplotlib.colors import to_rgb

    depth = min(abs(math.log(factor)) / math.log(DEEPEST), 1.0)
    strength = 0.08 + 0.92 * depth
    full = to_rgb(OURS if factor >= 1 else THEIRS)
    color = tuple(1 + strength * (c - 1) for c in full)
    return color, "white" if strength > 0.6 else INK


def _shares(axes: Any, large: Sequence[Line], ops: list[str]) -> None:
    """A dot for each large row, and the promise as a line."""
    axes.set_ylim(len(ops) - 0.5, -0.5)
    axes.set_xlim(0, max([1.05, *[line.copy_share + 0.05 for line in large]]))
    axes.axvline(0.75, color=GRID, lw=1.5, zorder=0)
    for i, op in enumerate(ops):
        axes.axhline(i, color=GRID, lw=0.6, zorder=0)
        shares = [line.copy_share for line in large if line.op == op]
        axes.scatter(shares, [i] * len(shares), color=OURS, s=34, alpha=0.85, lw=0)
    axes.set_yticks([])
    axes.set_xticks([0, 0.75, 1], ["0", "75 %", "100 %"], fontsize=8)
    axes.tick_params(colors=INK, length=0)
    axes.spines[:].set_visible(False)
    if not large:
        axes.set_visible(False)


def _products(part: Sequence[Row], lines: Sequence[Line], note: str, _: int) -> Any:
    """Each contender's share of the fastest product."""
    sizes = [row.ours.size for row in part]
    figure = new_figure(11, 4.6)
    axes = figure.subplots()
    at = {size: i for i, size in enumerate(sizes)}
    axes.bar(at.values(), [row.ours.gemm_share for row in part], 0.62, color=OURS, label="fastdl")
    for name, (color, marker) in _MARKS.items():
        mine = [line for line in lines if line.contender == name and line.size in at]
        if mine:
            xs, ys = [at[line.size] for line in mine], [line.gemm_share for line in mine]
            axes.scatter(xs, ys, 52, color, marker, label=name, edgecolor="white", lw=0.8, zorder=3)
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    labels = [_pretty(size.replace("*", " of ")) for size in sizes]
    axes.set_xticks(range(len(sizes)), labels, rotation=30, ha="right", fontsize=9)
    _frame(axes)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.legend(frameon=False, labelcolor=INK, ncols=6, loc="lower left", bbox_to_anchor=(0, 1))
    _titles(figure, "matrix products: share of the fastest contender", note)
    return figure


def _bars(part: Sequence[Row], lines: Sequence[Line], note: str, _: int) -> Any:
    """The time of each contender, a panel for each row."""
    across = 3 if len(part) > 4 else 2 if len(part) > 1 else 1
    down = -(-len(part) // across)
    figure = new_figure(4.2 * across, 0.9 + 2.1 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, row in zip(panels, part, strict=False):
        group = [x for x in lines if (x.op, x.size) == (row.ours.op, row.ours.size)]
        group.sort(key=lambda line: line.time)
        # One very slow contender must not make the others look alike: its bar is cut.
        longest = min(group[-1].time, 6 * row.ours.time)
        for i, line in enumerate(group):
            end, cut = min(line.time, longest), line.time > longest
            color = OURS if line.ours else GRAY if "floor" in line.contender else THEIRS
            axes.barh(i, end, 0.62, color=color, alpha=1 if line.ours else 0.75)
            if cut:
                axes.plot([0.93 * end, 0.96 * end], [i + 0.4, i - 0.4], color="white", lw=3)
            axes.text(end + 0.02 * longest, i, duration(line.time), color=INK, va="center",
                      fontsize=9, fontweight="bold" if line.ours else "normal")  # fmt: skip
        axes.set_yticks(range(len(group)), [line.contender for line in group], fontsize=9)
        axes.set_ylim(len(group) - 0.4, -0.6)
        axes.set_xlim(0, 1.28 * longest)
        axes.set_xticks([])
        name = row.ours.op.replace("overhead_", "").replace("_", " ").replace("mlp", "MLP")
        axes.set_title(f"{name.replace('sgd', 'SGD').replace('adam', 'Adam')}, {row.ours.size}",
                       color=INK, fontsize=8.5, loc="left")  # fmt: skip
        _frame(axes)
        axes.spines["bottom"].set_visible(False)
    for axes in panels[len(part) :]:
        axes.set_visible(False)
    step = part[0].ours.kind == "step"
    _titles(figure, f"time of a {'training step' if step else 'call on 2 × 2 tensors'}", note)
    return figure


def _pretty(size: str) -> str:
    """3·10⁷ for "3*10^7", 64×10 for "64x10"."""
    base, _, power = size.partition("^")
    return base.replace("x", "×").replace("*", "·") + power.translate(_RAISED)


def _frame(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=INK, length=0)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    import sys

    for csv in sys.argv[1:]:
        print(*plot(csv), sep="\n")
