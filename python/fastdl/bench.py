"""The options of `fastdl bench`, and where the benchmarks are: `fastdl.benchmarks` of an installed
fastdl, `benchmarks/` of a source tree.  Run as a module, this is a measuring process of theirs."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

RIVALS = ("numpy", "scipy", "torch", "jax", "mlx")
SUITES = ("headline", "steps", "ops")
PROCESSES = 3


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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser."""

    def words(text: str) -> list[str]:
        return [word.strip() for word in text.split(",")]

    def numbers(text: str) -> list[int]:
        try:
            found = [int(word) for word in text.split(",")]
        except ValueError:
            found = []
        if not found or min(found) < 1:
            raise argparse.ArgumentTypeError(f"expected whole numbers of at least 1, got {text!r}")
        return found

    def one(text: str) -> int:
        return numbers(text)[0]

    def add(name: str, help: str, **more: Any) -> None:
        parser.add_argument(name, help=help, **more)

    suites = "headline: what training does most (the default); steps: whole steps; ops: every op"
    add("--suite", suites, choices=SUITES, default="headline")
    add("--ops", "the rows, as in: softmax,exp (default: all)", type=words, default=[])
    add("--sizes", "the sizes, as in: 64x10,4096x4096 (default: all)", type=words, default=[])
    rivals = ", ".join(RIVALS)
    add("--rivals", f"of {rivals} (default: those installed)", type=words, default=[])
    add("--threads", "as in: 1,2 (the default)", type=numbers, default=[])
    add("--processes", f"how often to measure, each time in a new process (default: {PROCESSES})",
        type=one, metavar="N")  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="one process, few repetitions, no intervals"
    )
    add("--out", "the folder for the CSV and the pictures", default="runs/bench", metavar="DIR")


if __name__ == "__main__":
    benchmarks("worker").main()
