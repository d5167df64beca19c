"""Seconds from process start to an accuracy, memory of a training loop, time to capture a step, as
a CSV: `python -m benchmarks.training`.  fastdl beside PyTorch, in fresh processes run in turn."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from fastdl.data import load_digits, load_fashion_mnist

from .environment import stamp, stamp_of_run
from .libraries import child_environment

SEEDS = 5
SCRIPT = Path(__file__).with_name("training_script.py")
OUT = Path(__file__).parent / "results" / "training.csv"
THREADS = 2


def digits(path: Path) -> None:
    """80 % of the digits to train with, the rest to test: 98 %."""
    images, labels = load_digits()
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]
    np.savez(
        path, x=images[train], y=labels[train], images=images[test], labels=labels[test],
        widths=(64, 256, 128, 10), batch=32, epochs=100, target=0.98,
    )  # fmt: skip


def fashion_mnist(path: Path) -> None:
    """Its own test set: 89 %."""
    x, y = load_fashion_mnist(train=True)
    images, labels = load_fashion_mnist(train=False)
    np.savez(
        path, x=x, y=y, images=images, labels=labels,
        widths=(784, 256, 128, 10), batch=128, epochs=50, target=0.89,
    )  # fmt: skip


def run(*words: str) -> tuple[float, list[str]]:
    """Seconds until a process of the script has printed its line, and the words of it."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *words], stdout=subprocess.PIPE, text=True,
        env=child_environment(THREADS, huge_pages=False),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if process.wait():
        raise RuntimeError(f"{' '.join(words)}: the process failed")
    return seconds, line.split()


def figures(seeds: int = SEEDS) -> list[str]:
    """The lines of the CSV.  A data set that is not there is left out."""
    libraries = [name for name in ("fastdl", "torch") if importlib.util.find_spec(name)]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("98 % on digits", digits), ("89 % on Fashion-MNIST", fashion_mnist)):
            path = Path(folder) / "data.npz"
            try:
                make(path)
            except (FileNotFoundError, ImportError) as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                continue
            found: dict[str, list[tuple[float, int]]] = {library: [] for library in libraries}
            for seed in range(seeds):
                for library in libraries:
                    seconds, (epochs,) = run("accuracy", library, str(path), str(seed))
                    if epochs != "never":
                        found[library].append((seconds, int(epochs)))
            for library, runs in found.items():
                if not runs:
                    continue
                seconds, epochs = (statistics.median(values) for values in zip(*runs, strict=True))
                lines += [
                    f"{library} to {name},{seconds:.2f},s",
                    f"{library} to {name},{epochs:g},epochs ({len(runs)} of {seeds} runs)",
                ]
    for library in libraries:
        _, (early, late) = run("memory", library)
        lines += [
            f"{library} peak after 1000 steps,{float(early):.1f},MB",
            f"{library} peak after 10000 steps,{float(late):.1f},MB",
        ]
    several = [[float(word) for word in run("capture", "fastdl")[1]] for _ in range(seeds)]
    eager, first, second = (statistics.median(values) for values in zip(*several, strict=True))
    lines += [
        f"784-1024-1024-10 batch 256: eager step,{eager:.1f},ms",
        f"784-1024-1024-10 batch 256: first call of the compiled step,{first:.1f},ms",
        f"784-1024-1024-10 batch 256: second call,{second:.1f},ms",
    ]
    return lines


def main() -> None:
    stamps = {**stamp({}), **stamp_of_run(Path(__file__).parent), "threads": str(THREADS)}
    lines = [*(f"# {key}: {value}" for key, value in stamps.items()), "figure,value,unit"]
    OUT.write_text("\n".join([*lines, *figures()]) + "\n", "utf-8")
    print(OUT.read_text("utf-8"), end="")


if __name__ == "__main__":
    main()
