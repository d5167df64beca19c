"""Writes what type checkers know of the public functions and of Tensor's methods: `_public.pyi`.

`python tools/stubs.py`, after a change of csrc/ops.def: at run time these names are made from the
list of ops (`fastdl.ops`), which no type checker can follow.  A line `exp = _unary.exp` gives it
the function with its annotations, and in a class binds it as a method.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastdl as fd
from fastdl import ops

STUB = Path(fd.__file__).parent / "_public.pyi"


def methods() -> dict[str, Any]:
    """Tensor's methods that are functions of `fastdl.ops`, by name."""
    table = fd._C.op_table()
    return {
        name: f
        for name, f in vars(fd.Tensor).items()
        if not name.startswith("_")
        and (table[name]["kind"] == "method" if name in table else _home(f))
    }


def _home(function: Any) -> str:
    """What the stub calls the module that defines it; "" if that is none of the ops."""
    module = getattr(function, "__module__", None) or ""
    return "_" + module.removeprefix("fastdl.ops.") if module.startswith("fastdl.ops.") else ""


def _named(name: str, function: Any, first: str) -> str:
    """The line that gives the stub a function: kernels that are public as they are have two
    operands."""
    home = _home(function)
    if home:
        return f"{name} = {home}.{function.__name__}"
    return f"def {name}({first}, other: Tensor | _Number) -> Tensor: ..."


def _operators() -> Iterator[str]:
    for name in ops._UNARY_OPERATORS:
        yield f"def {name}(self) -> Tensor: ..."
    for name, op in (ops._BINARY_OPERATORS | ops._SWAPPED_OPERATORS).items():
        other = "Tensor | _Array" if op == "matmul" else "Tensor | _Number | _Array"
        note = "  # type: ignore[override]" if op in ("eq", "ne") else ""
        yield f"def {name}(self, other: {other}) -> Tensor: ...{note}"


def text() -> str:
    """The stub."""
    functions, bound = dict(sorted(ops.public.items())), dict(sorted(methods().items()))
    homes = sorted({_home(f) for f in (*functions.values(), *bound.values())} - {""})
    lines = [
        "# Written by tools/stubs.py from the list of ops.",
        "from typing import Any",
        "",
        "import numpy as np",
        "",
        "from .ops import (",
        *[f"    {home[1:]} as {home}," for home in homes],
        ")",
        "from .tensor import Tensor",
        "",
        "_Number = float | np.generic",
        "_Array = np.ndarray[Any, Any]",
        "",
        *[_named(name, f, "input: Tensor | _Number") for name, f in functions.items()],
        "",
        "class _Methods:",
        *["    " + _named(name, f, "self") for name, f in bound.items()],
        *["    " + line for line in _operators()],
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(text(), "utf-8")
