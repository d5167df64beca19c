"""Finds the benchmarks: `fastdl.benchmarks` of an installed fastdl, `benchmarks/` of a source tree.

Run as a module, it is a measuring process of theirs.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


def benchmarks(module: str) -> ModuleType:
    """A module of the benchmarks.

    Raises:
        ImportError: they are not there.
    """
    import fastdl

    root = Path(__file__).resolve().parents[2]
    if (root / "benchmarks" / "command.py").is_file() and str(root) not in fastdl.__path__:
        fastdl.__path__.append(str(root))
    try:
        return importlib.import_module(f"fastdl.benchmarks.{module}")
    except ModuleNotFoundError as error:
        if error.name not in ("fastdl.benchmarks", f"fastdl.benchmarks.{module}"):
            raise
        raise ImportError(
            "this fastdl was packaged without its benchmarks: run it from a source tree, or "
            "install it with pip install fastdl-nn"
        ) from error


if __name__ == "__main__":
    benchmarks("worker").main()
