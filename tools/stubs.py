"""Writes python/fastdl/_public.pyi: what type checkers and editors see of the ops, which `fastdl`
and `Tensor` get from csrc/ops.def while they are imported.

Run:  PYTHONPATH=python python tools/stubs.py
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import fastdl
from fastdl import ops

PATH = Path(__file__).parent.parent / "python" / "fastdl" / "_public.pyi"
HEAD = '''\
"""The ops as names of fastdl and as methods of Tensor; written by tools/stubs.py."""

'''


def stubs() -> str:
    """The text of the file."""
    functions: dict[str, list[str]] = defaultdict(list)
    for name, function in sorted(ops.public.items()):
        functions[_module(function)].append(name)
    methods = {
        name: value
        for name, value in vars(fastdl.Tensor).items()
        if _module(value).startswith("fastdl.ops.")
    }
    modules = sorted({*functions, *map(_module, methods.values())})
    lines = [f"from .ops import {module.rpartition('.')[2]} as _{module.rpartition('.')[2]}" for module in modules]
    for module, names in sorted(functions.items()):
        stem = module.rpartition(".")[2]
        lines += [f"from .ops.{stem} import {name} as {name}" for name in names]
    lines += ["", "class Methods:"]
    for name, value in sorted(methods.items()):
        stem = _module(value).rpartition(".")[2]
        lines.append(f"    {name} = _{stem}.{value.__name__}")
    return HEAD + "\n".join(lines) + "\n"


def _module(value: object) -> str:
    return getattr(value, "__module__", None) or ""


if __name__ == "__main__":
    PATH.write_text(stubs(), encoding="utf-8")
    sys.stdout.write(f"{PATH}\n")
