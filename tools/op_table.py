"""Writes docs/ops.md, what every op takes and gives: `python tools/op_table.py`.

A function of one tensor is called by itself; how the others are called stands in `CALLS`, for which
`arguments` says what x, y, … are.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastdl as fd
from fastdl.nn import functional as F
from fastdl.testing import OpCase

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "ops.md"
DTYPES = {"f32": fd.float32, "f64": fd.float64, "i64": fd.int64, "i32": fd.int32, "u8": fd.uint8,
          "bool": fd.bool}  # fmt: skip
EDGES = {"∞": float("inf"), "−∞": -float("inf"), "NaN": float("nan")}
INTRODUCTION = """# What every op takes and gives

Written by `tools/op_table.py`, which calls each op.  In a call x, y, s are matrices, m is a
positive definite one, i and j hold indices, b is a mask; d is the dtype.

* **dtypes** on the CPU: f32 and f64, i64, i32, u8 and bool; after an arrow what they give, where
  it is another dtype.  **CUDA**: no op has device code yet.
* **Derivatives**: the highest order that was taken, of at most 2, with respect to the floats among
  the arguments; vjps are written in public ops, so that higher ones follow.  `tests/ops` compares
  both with differences.
* **ULP**: the largest error, in units in the last place, that the tests allow in float32 / float64
  (with a slash only where they differ; after "baseline" without AVX2): by `tests/test_ulp.py`, else
  by the `OpCase` in `tests/ops`.  `docs/errors.md` has the errors that were measured.
* **At ∞, −∞, NaN, empty** (float32): the result for such an element, of a reduction for a vector of
  it and 1.  Of an empty tensor a function of one element gives an empty one.
"""

# The arguments of what does not just take one tensor, or two.
CALLS = {
    **dict.fromkeys(["empty", "ones", "zeros", "rand", "randn"], "2, 3, dtype=d"),
    **dict.fromkeys(["as_tensor", "tensor"], "[0, 1], dtype=d"),
    **dict.fromkeys(["from_dlpack", "from_numpy"], "x.numpy()"),
    **dict.fromkeys(["linspace", "logspace"], "0, 1, 3, dtype=d"),
    **dict.fromkeys(["tril_indices", "triu_indices"], "3, 3, dtype=d"),
    **dict.fromkeys(["reshape", "view"], "x, 3, 2"),
    **dict.fromkeys(["movedim", "swapaxes", "transpose"], "x, 0, 1"),
    **dict.fromkeys(["chunk", "split", "tensor_split"], "x, 2, 1"),
    **dict.fromkeys(["cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack",
                     "column_stack"], "[x, y]"),
    **dict.fromkeys(["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"], "x, 1"),
    **dict.fromkeys(["softmax", "log_softmax", "logsumexp", "softmin"], "x, 1"),
    **dict.fromkeys(["quantile", "nanquantile"], "x, 0.5"),
    **dict.fromkeys(["kthvalue", "topk"], "x, 2"),
    **dict.fromkeys(["index_add", "index_copy"], "x, 1, i, y[:, :2]"),
    **dict.fromkeys(["scatter", "scatter_add"], "x, 1, j, y[:, :2]"),
    **dict.fromkeys(["matmul", "mm"], "x, y.T"),
    **dict.fromkeys(["dot", "outer", "searchsorted"], "x[0], y[0]"),
    **dict.fromkeys(["layer_norm", "rms_norm"], "x, (3,)"),
    **dict.fromkeys(["cross_entropy", "nll_loss", "multi_margin_loss"], "x, i"),
    **dict.fromkeys(
        ["hinge_loss", "squared_hinge_loss", "modified_huber_loss", "soft_margin_loss",
         "multilabel_soft_margin_loss", "hinge_embedding_loss"], "x, s"),
    **dict.fromkeys(["margin_ranking_loss", "triplet_margin_loss", "gaussian_nll_loss"], "x, y, s"),
    "arange": "0, 3, dtype=d",
    "full": "(2, 3), 1, dtype=d",
    **dict.fromkeys(
        ["empty_like", "ones_like", "zeros_like", "rand_like", "randn_like"], "x, dtype=d"),
    "full_like": "x, 1",
    "eye": "3, dtype=d",
    "normal": "0.0, 1.0, (2, 3), dtype=d",
    "randint": "0, 3, (2, 3), dtype=d",
    "randint_like": "x, 0, 3",
    "randperm": "3, dtype=d",
    "multinomial": "x, 1",
    "scatter_reduce": "x, 1, j, y[:, :2], 'sum'",
    "permute": "x, 1, 0",
    "expand": "x, 4, 2, 3",
    "unsqueeze": "x, 0",
    "unflatten": "x, 1, (3, 1)",
    "broadcast_to": "x, (4, 2, 3)",
    "broadcast_tensors": "x, y",
    "narrow": "x, 1, 0, 2",
    "select": "x, 1, 0",
    "meshgrid": "x[0], y[0]",
    "cast": "x, fd.float64",
    "polygamma": "1, x",
    **dict.fromkeys(["clamp", "clip"], "x, 0, 1"),
    **dict.fromkeys(["addcdiv", "addcmul"], "x, y, s"),
    "lerp": "x, y, 0.5",
    "where": "b, x, y",
    "flip": "x, 0",
    "roll": "x, 1",
    "repeat": "x, 2, 1",
    "tile": "x, 2",
    "repeat_interleave": "x, 2",
    "index_select": "x, 1, i",
    "gather": "x, 1, j",
    "index_fill": "x, 1, i, 1",
    "take_along_dim": "x, j, 1",
    "masked_fill": "x, b, 0",
    "masked_select": "x, b",
    "bucketize": "x, y[0]",
    "bincount": "x[0]",
    "mv": "x, y[0]",
    "bmm": "x[None], y.T[None]",
    "addmm": "x[:, :2], x, y.T",
    "addmv": "x[:, 0], x, y[0]",
    "baddbmm": "x[None, :, :2], x[None], y.T[None]",
    "einsum": "'ij,kj->ik', x, y",
    "tensordot": "x, y.T, 1",
    "batch_norm": "x, None, None, training=True",
    "F.glu": "x[:, :2]",
    "linalg.multi_dot": "[x, y.T, x]",
    "F.maxout": "x, 3",
    "F.prelu": "x, y[0, :1]",
    "F.threshold": "x, 0.5, 0",
    "F.pad": "x, (1, 1)",
    "F.dropout1d": "x[None]",
    "F.dropout2d": "x[None, None]",
    "F.dropout3d": "x[None, None, None]",
    "F.feature_alpha_dropout": "x, training=True",
    "F.alpha_dropout": "x, training=True",
    "F.rrelu": "x, training=True",
    "F.cosine_embedding_loss": "x, y, s[:, 0]",
    "F.multilabel_margin_loss": "x, fd.tensor([[0, -1, -1], [1, 2, -1]])",
    "linalg.solve": "m, y.T",
    "linalg.solve_triangular": "m, y.T, upper=True",
    "linalg.lstsq": "m, y.T",
    "linalg.cholesky_solve": "y.T, m",
    "linalg.matrix_power": "m, 2",
}  # fmt: skip


class Op(NamedTuple):
    """A public function: its name, and how it is called."""

    name: str
    function: Callable[..., Any]
    call: str


def ops() -> Iterator[Op]:
    """Everything public that takes tensors, in the order of csrc/ops.def."""
    places = {"": fd.ops.public, "F.": _members(F), "linalg.": _members(fd.linalg)}
    seen: list[Any] = []
    for prefix, functions in places.items():
        for name, f in functions.items():
            if f in seen or inspect.isclass(f):
                continue
            seen.append(f)
            first = "m" if prefix == "linalg." else "x"
            call = CALLS.get(prefix + name) or CALLS.get(name)
            yield Op(prefix + name, f, call or (first if _takes_one(f) else "x, y"))


def _members(module: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__}


def _takes_one(f: Callable[..., Any]) -> bool:
    """Whether one argument is all it needs.  The kernels that are public have two."""
    if not inspect.isfunction(f):
        return False
    parameters = inspect.signature(f).parameters.values()
    return sum(p.default is p.empty for p in parameters) == 1


# ---- calling ---------------------------------------------------------------------------------


def arguments(dtype: fd.DType) -> dict[str, Any]:
    """What the names in a call stand for: floats in (0, 1), ints 0 and 1."""
    if dtype.is_floating_point:
        x = [[0.25, 0.5, 0.75], [0.875, 0.375, 0.625]]
        y = [[0.625, 0.125, 0.375], [0.5, 0.75, 0.25]]
    else:
        x, y = [[0, 1, 1], [1, 0, 1]], [[1, 1, 1], [1, 1, 1]]
    m = [[4, 1, 0], [1, 3, 1], [0, 1, 2]]
    made = {name: fd.tensor(values, dtype=dtype) for name, values in (("x", x), ("y", y), ("m", m))}
    i, j = fd.tensor([0, 2]), fd.tensor([[0, 2], [1, 0]])
    return {**made, "s": fd.ones(2, 3, dtype=dtype), "i": i, "j": j,
            "b": fd.tensor([[True, False, True]]), "d": dtype, "fd": fd}  # fmt: skip


def run(op: Op, given: dict[str, Any]) -> list[Any]:
    """The tensors (or the one value) that a call gives."""
    fd.manual_seed(0)
    found = eval(f"_function({op.call})", {**given, "_function": op.function})
    return list(found) if isinstance(found, tuple | list) else [found]


def dtypes(op: Op) -> dict[str, str]:
    """What it takes, and what that gives."""
    found = {}
    for short, dtype in DTYPES.items():
        try:
            first = run(op, arguments(dtype))[0]
        except (TypeError, ValueError):
            continue
        found[short] = next(n for n, d in DTYPES.items() if d is getattr(first, "dtype", dtype))
    if not found:
        raise ValueError(f"{op.name}: CALLS: expected a call that works, got {op.call!r}")
    return found


def _grouped(taken: dict[str, str]) -> str:
    """ "f32 f64, i64 bool → f32"."""
    groups: dict[str, list[str]] = {}
    for short, given in taken.items():
        groups.setdefault("" if given == short else f" → {given}", []).append(short)
    return ", ".join(" ".join(names) + to for to, names in groups.items())


def orders(op: Op) -> int:
    """The highest derivative that can be taken, of at most 2."""
    given = arguments(fd.float64)
    wanted = [x for x in given.values() if _is_float(x)]
    for x in wanted:
        x.requires_grad_()
    taken = 0
    try:
        roots = [y for y in run(op, given) if _is_float(y) and y.requires_grad]
        while roots and taken < 2:
            weights = [fd.full_like(y, 0.7).requires_grad_() for y in roots]
            found = fd.autograd.grad(roots, wanted, weights, create_graph=True, allow_unused=True)
            roots = [g for g in found if g is not None and g.requires_grad]
            wanted, taken = [*wanted, *weights], taken + 1
    except (TypeError, ValueError, RuntimeError):
        pass
    return taken


def _is_tensor(x: Any) -> bool:
    return isinstance(x, fd.Tensor)


def _is_float(x: Any) -> bool:
    return _is_tensor(x) and x.is_floating_point()


def kind(op: Op) -> str:
    """ "element" or "reduction" of a function of one float tensor that draws nothing, else ""."""
    if op.call != "x":
        return ""
    given = arguments(fd.float32)
    try:
        out = run(op, given)
        if fd.get_rng_state()[1]:  # it drew something
            return ""
        if all(_is_tensor(y) and y.shape == () for y in out):
            run(op, {"x": given["x"][0]})
            return "reduction"
        alone = [run(op, {"x": x.reshape(1)}) for x in given["x"].reshape(-1)]
        by_one = [[y[0].tolist() for y in outs] for outs in alone]
    except (TypeError, ValueError, IndexError):
        return ""
    values = [y.tolist() for y in out if _is_tensor(y)]
    flat = [value for values in by_one for value in values]
    rows = [[flat[:3], flat[3:]]]
    return "element" if repr(values) == repr(rows) else ""  # NaN too


def at(op: Op, values: list[float]) -> str:
    """The result of one value, or the error."""
    try:
        out = run(op, {"x": fd.tensor(values, dtype=fd.float32)})
    except (TypeError, ValueError, IndexError) as error:
        return type(error).__name__
    return ", ".join(_word(y.item()) for y in out)


def _word(value: Any) -> str:
    if value != value:
        return "NaN"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.6g}".replace("inf", "∞").replace("-", "−")


# ---- the bounds of the tests -----------------------------------------------------------------


def bounds() -> dict[Any, str]:
    """The largest error in ULP that the tests allow, by function."""
    for folder in ("tests", "tests/ops"):
        sys.path.insert(0, str(ROOT / folder))
    public = {**_members(F), **fd.ops.public}
    found: dict[Any, str] = {}
    for path in sorted((ROOT / "tests" / "ops").glob("test_*.py")):
        for case in getattr(importlib.import_module(path.stem), "CASES", []):
            if isinstance(case, OpCase) and case.ulp is not None and case.name in public:
                found[public[case.name]] = f"{case.ulp:g}"
    ulp = importlib.import_module("test_ulp")
    for name in ulp.REFERENCES:
        if name in public:
            found[public[name]] = _bound(lambda *a, name=name: ulp.bound(name, *a))
    return found


def _bound(bound: Callable[[np.dtype[Any], str], float]) -> str:
    fast, base = [
        "/".join(dict.fromkeys([f"{bound(np.dtype(d), isa):g}" for d in ("float32", "float64")]))
        for isa in ("avx2", "baseline")
    ]
    return fast if fast == base else f"{fast}, baseline {base}"


# ---- the page --------------------------------------------------------------------------------


def _table(columns: list[str], rows: list[list[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def text() -> str:
    """The page."""
    state, known = fd.get_rng_state(), bounds()
    rows: dict[str, list[list[str]]] = {"element": [], "reduction": [], "": []}
    for op in ops():
        which, ulp = kind(op), known.get(op.function, "")
        name = op.name if which else f"{op.name}({op.call})"
        row = [f"`{name}`", _grouped(dtypes(op)), str(orders(op) or "–")]
        if which == "element":
            row += [ulp, *[at(op, [value]) for value in EDGES.values()]]
        elif which == "reduction":
            row += [*[at(op, [value, 1.0]) for value in EDGES.values()], at(op, [])]
        else:
            row.append(ulp)
        rows[which].append(row)
    fd.set_rng_state(state)
    lines = [
        INTRODUCTION,
        "## Functions of one element\n",
        *_table(["op", "dtypes", "derivatives", "ULP", *EDGES], rows["element"]),
        "\n## Reductions\n",
        *_table(["op", "dtypes", "derivatives", *EDGES, "empty"], rows["reduction"]),
        "\n## All others\n",
        *_table(["call", "dtypes", "derivatives", "ULP"], rows[""]),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
