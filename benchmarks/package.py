"""What fastdl weighs and how long its import takes, beside PyTorch's and JAX's, as a CSV:
`python -m benchmarks.package dist/*.whl`.  Medians of fresh processes, run in turn."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .environment import stamp, stamp_of_run

PROCESSES = 15
MODULES = ("fastdl", "numpy", "fastdl, numpy", "torch", "jax")
OUT = Path(__file__).parent / "results" / "package.csv"


def import_times() -> dict[str, float]:
    """Milliseconds that a Python process takes with this import, less those it takes without; with
    the bytecode that pip leaves beside an installed package, wherever fastdl runs from."""
    found = [m for m in MODULES if importlib.util.find_spec(m.split(",")[0])]
    codes = {"": "pass", **{m: f"import {m}" for m in found}}
    times: dict[str, list[float]] = {name: [] for name in codes}
    with tempfile.TemporaryDirectory() as bytecode:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPYCACHEPREFIX"] = bytecode
        for turn in range(1 + PROCESSES):  # the first one writes it
            for name, code in codes.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], check=True, env=env)
                if turn:
                    times[name].append(1e3 * (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {name: medians[name] - medians[""] for name in found}


def installed_megabytes(distribution: str) -> float:
    """What the files of an installed package take."""
    files = importlib.metadata.files(distribution) or []
    paths = [Path(str(f.locate())) for f in files]
    return sum(p.stat().st_size for p in paths if p.is_file()) / 1e6


def main(wheel: str) -> None:
    stamps = {**stamp({}), **stamp_of_run(Path(__file__).parent)}
    lines = [f"# {key}: {value}" for key, value in stamps.items()]
    lines += ["figure,value,unit", f"fastdl wheel,{Path(wheel).stat().st_size / 1e6:.2f},MB"]
    if importlib.util.find_spec("torch"):
        lines.append(f"torch installed,{installed_megabytes('torch'):.0f},MB")
    for name, value in import_times().items():
        lines.append(f"import {name.replace(', ', ' and ')},{value:.1f},ms")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
    print(OUT.read_text("utf-8"), end="")


if __name__ == "__main__":
    main(sys.argv[1])
