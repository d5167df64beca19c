"""The figures of the README, and `ops.md`, written from the CSVs in `results`:
`python -m benchmarks.readme`."""

from __future__ import annotations

import math
import re
from pathlib import Path

from . import op_table
from .results import read_csv
from .summary import Row, duration, is_large, rows

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: python -m benchmarks.readme -->", "<!-- end of figures -->"
PACKAGE = "* **Small.**  "

SHOWN = {  # what the README calls a row: the row
    "softmax, 4096 × 4096": ("softmax", "4096x4096"),
    "log-sum-exp, 4096 × 4096": ("logsumexp", "4096x4096"),
    "cross-entropy with gradient, 4096 × 8192": ("cross_entropy", "4096x8192"),
    "batchnorm + ReLU with gradient, 4096 × 1024": ("batchnorm_relu", "4096x1024"),
    "dropout, 4096 × 8192": ("dropout", "4096x8192"),
    "GELU, 1024 × 1024": ("gelu", "1024x1024"),
    "exp, 64 × 10": ("exp", "64x10"),
    "Adam, 10⁶ parameters": ("adam", "10^6"),
    "training step, 64-32-10, batch 32, SGD": ("mlp_sgd", "64-32-10 batch 32"),
    "training step, 784-512-512-10, batch 128, Adam": ("mlp_adam", "784-512-512-10 batch 128"),
}
THREADS = 2


def figures(results: Path = RESULTS) -> str:
    """The README's block: a table of some rows, and what all rows come to."""
    lines, stamp = read_csv(results / "bench.csv")
    steps, _ = read_csv(results / "steps.csv")
    found = [row for row in rows([*lines, *steps]) if row.ours.threads == THREADS]
    by_name = {(row.ours.op, row.ours.size): row for row in found}
    cache = int(stamp["last-level cache"])
    table = [
        "| | fastdl | fastest rival | fastdl / rival (95 %) | of copy bandwidth |",
        "|---|---|---|---|---|",
        *[_line(name, by_name[row], cache) for name, row in SHOWN.items()],
    ]
    ops = [row for row in found if row.ours.kind == "op" and row.rival is not None]
    mean = math.exp(sum(math.log(row.ratio.median) for row in ops) / len(ops))
    behind = sum(row.verdict == "behind" for row in ops)
    unknown = sum(not row.verdict for row in ops)
    large = [row.ours for row in ops if is_large(row.ours, cache)]
    least = min(large, key=lambda line: line.copy_share)
    text = (
        f"Over all {len(ops)} rows of operations fastdl takes {mean:.2f} of the fastest rival's "
        f"time (geometric mean).  Rows whose interval lies wholly behind: {behind or 'none'}; with "
        f"too few values for an interval: {unknown or 'none'}.  Where nothing fits the caches "
        f"({len(large)} rows), the least share of the copy bandwidth is {least.copy_share:.0%} "
        f"({least.op} {least.size})."
    )
    machine = (
        f"Measured on {stamp['cpu']}, {THREADS} threads, {stamp['date'].split()[0]}, beside NumPy "
        f"{stamp['numpy']}, SciPy {stamp['scipy']}, PyTorch {stamp['torch'].split('+')[0]}, JAX "
        f"{stamp['jax']}, MLX {stamp['mlx']}; medians of {max(r.ours.blocks for r in ops)} "
        "interleaved blocks."
    )
    return "\n".join([*table, "", text, machine])


def _line(name: str, row: Row, cache: int) -> str:
    ours, rival, ratio = row.ours, row.rival, row.ratio
    theirs = f"{duration(rival.time)} {rival.contender}" if rival else ""
    known = not math.isnan(ratio.low)
    between = f" ({ratio.low:.2f}–{ratio.high:.2f})" if known else ""
    share = f"{ours.copy_share:.0%}" if is_large(ours, cache) else ""
    return f"| {name} | {duration(ours.time)} | {theirs} | {ratio.median:.2f}{between} | {share} |"


def package(path: Path = RESULTS / "package.csv") -> str:
    """The README's line about size and import."""
    rows = [text.split(",") for text in path.read_text("utf-8").splitlines() if text[0] != "#"]
    value = {name: float(number) for name, number, _ in rows[1:]}
    return (
        f"{PACKAGE}A wheel of {value['fastdl wheel']:.1f} MB with its BLAS; `import fastdl` takes "
        f"{value['import fastdl']:.0f} ms, with NumPy, which it loads at first use, "
        f"{value['import fastdl and numpy']:.0f}; `import torch` {value['import torch']:.0f} "
        "(`benchmarks/results/package.csv`)."
    )


def with_figures(text: str, block: str, line: str) -> str:
    """The README's text with this block between its marks and this line on size.

    Raises:
        ValueError: their places are not there.
    """
    block_pattern = re.compile(f"{re.escape(BEGIN)}\\n.*?{re.escape(END)}", re.S)
    line_pattern = re.compile(f"^{re.escape(PACKAGE)}.*$", re.M)
    for pattern, new in ((block_pattern, f"{BEGIN}\n{block}\n{END}"), (line_pattern, line)):
        if not pattern.search(text):
            raise ValueError(f"README.md: expected {pattern.pattern}")
        text = pattern.sub(lambda _, new=new: new, text, count=1)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    (ROOT / "benchmarks" / "ops.md").write_text(op_table.text(RESULTS / "ops.csv"), "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_figures(readme.read_text("utf-8"), figures(), package()), "utf-8")
