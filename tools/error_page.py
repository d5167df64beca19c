"""Writes docs/errors.md from docs/ulp_errors.csv, docs/ulp_of_every_float.csv and
docs/edge_cases.csv: `python tools/error_page.py`."""

from __future__ import annotations

import csv
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "errors.md"
ISAS = {"avx512": "AVX-512", "avx2": "AVX2", "baseline": "baseline"}
LIBRARIES = {"fastdl": "fastdl", "torch": "PyTorch", "jax": "JAX", "numpy": "NumPy, SciPy"}


def read(name: str) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The lines and the stamp of a CSV."""
    lines = (DOCS / name).read_text("utf-8").splitlines()
    stamp = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    return list(csv.DictReader(line for line in lines if not line.startswith("# "))), stamp


def table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def errors(lines: list[dict[str, str]], dtype: str) -> str:
    """A row for each function: every library's largest error, and its argument."""
    cells: dict[str, dict[str, str]] = {}
    for line in lines:
        if line["dtype"] == dtype:
            error = float(line["ulp"])
            word = f"{error:.2f}" if error < 100 else f"{error:.1e}".replace("inf", "wrong")
            mark = "**" if error > 2 else ""
            at = line["worst"] if dtype == "float64" else f"{float(line['worst']):.9g}"
            cell = f"{mark}{word}{mark} at {at}" if error else "0"
            cells.setdefault(line["function"], {})[line["library"]] = cell
    rows = [[f"`{name}`", *[row.get(lib, "") for lib in LIBRARIES]] for name, row in cells.items()]
    return table(["function", *LIBRARIES.values()], rows)


def of_every_float(lines: list[dict[str, str]]) -> str:
    """A row for each function: the largest error on every instruction set."""
    cells: dict[str, dict[str, str]] = {}
    for line in lines:
        error, at = float(line["ulp"]), f"{float(line['worst']):.9g}"
        word = f"{error:.3f} at {at}" if error else "0"
        cells.setdefault(line["function"], {})[line["isa"]] = word
    rows = [[f"`{name}`", *[row.get(isa, "") for isa in ISAS]] for name, row in cells.items()]
    return table(["function", *ISAS.values()], rows)


def edges(lines: list[dict[str, str]]) -> str:
    """Two rows for each case, value and gradient; what is not as it should be is bold."""
    rows, before = [], ""
    for line in lines:
        name = line["case"] if line["case"] != before else ""
        before = line["case"]
        if not any(line[lib] for lib in LIBRARIES):
            continue
        call = f"{name}: `{line['call']}`" if name else ""
        words = [_marked(line[lib], line["right"]) for lib in LIBRARIES]
        rows.append([call, line["quantity"], line["right"], *words])
    return table(["case", "", "right", *LIBRARIES.values()], rows)


def _marked(word: str, right: str) -> str:
    return f"**{word}**" if word and right and not _close(word, right) else word


def _close(word: str, right: str) -> bool:
    """Whether all numbers agree to about float32's precision."""
    if word == right:
        return True
    a, b = [w.replace("−", "-").replace("∞", "inf").strip("[]").split(", ") for w in (word, right)]
    try:
        pairs = [(float(x), float(y)) for x, y in zip(a, b, strict=True)]
    except ValueError:
        return False
    return all(x == y or abs(x - y) <= 1e-5 * max(abs(y), 1e-300) or (y == 0 and abs(x) <= 1e-6)
               or (x != x and y != y) for x, y in pairs)  # fmt: skip


def text() -> str:
    """The page."""
    lines, stamp = read("ulp_errors.csv")
    cases, _ = read("edge_cases.csv")
    every, _ = read("ulp_of_every_float.csv")
    versions = f"""PyTorch {stamp["torch"].split("+")[0]}, JAX {stamp["jax"]}, NumPy
{stamp["numpy"]} and SciPy {stamp["scipy"]}"""
    return f"""# Errors, beside other libraries'

Written by `tools/error_page.py` from `ulp_errors.csv`, `ulp_of_every_float.csv` and
`edge_cases.csv`; `tools/ulp_errors.py` and `tools/edge_cases.py` measure the first and the last.
On {stamp["cpu"]}, {stamp["date"].split()[0]}, beside {versions}, all on the CPU.

## The largest errors of elementary functions

In units in the last place of the result, with the argument that gives them; more than 2 is bold,
"wrong" is an infinity or NaN where a number is right, or the reverse.  Arguments and results below
the smallest normal number are left out: JAX takes them for 0.  An empty cell: the library has no
such function.

### float32

One float of every {stamp["stride"]}, over all 2³².

{errors(lines, "float32")}

### float32, at every number

fastdl's functions at all 2³² floats, subnormal arguments and results among them, on each
instruction set: the kernels' formulas (`csrc/core`, `csrc/ops/unary_math.h`), compiled with their
flags, against the C library's functions of doubles, or formulas in these, right to 2⁻²⁰ of these
units.
Infinities, NaN and the signs of zeros agree everywhere.  What errs by 0.500 is computed in double
and rounded once.  `erfinv` and `digamma`, which the C library does not have, stand above only.
(`pytest -m slow tests/test_ulp.py` tries as many from Python.)

{of_every_float(every)}

### float64

The hard arguments of `tests/special_values.csv`, and random ones against mpmath.  Around the zeros
of `lgamma` and `digamma` an absolute error of a few 10⁻¹⁵ (`ZEROS` in `tests/test_ulp.py`) is none.

{errors(lines, "float64")}

## Cases known to go wrong

Bold is what is not right, where only one answer is; NumPy takes no gradients.  An empty cell: the
library has no such function, or it has no gradient.  `log1mexp` of PyTorch and NumPy is
log(−expm1(−x)); batch norm of NumPy (x − mean) / √(var + ε), of JAX `jax.nn.standardize`.

{edges(cases)}
"""


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
