"""The options of `fastdl bench`; light, since the parser of every `fastdl` command reads them."""

from __future__ import annotations

import argparse
from typing import Any

RIVALS = ("numpy", "scipy", "torch", "jax", "mlx")
PROCESSES = 3


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
    add("--out", "the folder for bench.csv and the pictures", default="runs/bench", metavar="DIR")
