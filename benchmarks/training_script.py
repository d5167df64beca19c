"""What `training.py` runs in a process of its own: one script for fastdl and PyTorch.

    python training_script.py accuracy|memory|capture fastdl|torch [DATA SEED]

`accuracy` trains on the arrays of a file until a share of the test images is right, and says in
which epoch; `memory` prints the peak after 1,000 and after 10,000 steps in MB; `capture` the
milliseconds of an eager step, of the first call of the compiled one, and of the next."""

from __future__ import annotations

import importlib
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def make_step(lib: Any, widths: Sequence[int], compiled: bool = True) -> tuple[Any, Any]:
    """A model and its training step, by Adam."""
    nn = lib.nn
    layers: list[Any] = []
    for i in range(len(widths) - 1):
        layers += [nn.Linear(widths[i], widths[i + 1]), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    rule = lib.optim.Adam(model.parameters(), lr=1e-3)

    def step(x: Any, y: Any) -> Any:
        rule.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        rule.step()
        return loss

    return model, lib.compile(step) if compiled and lib.__name__ == "fastdl" else step


def accuracy(lib: Any, path: str, seed: str) -> None:
    """Print the epoch in which the share of the file's `target` is reached, or "never"."""
    file = np.load(path)
    x, y, images, labels = (lib.tensor(file[n]) for n in ("x", "y", "images", "labels"))
    widths, batch = file["widths"].tolist(), int(file["batch"])
    lib.manual_seed(int(seed))
    model, step = make_step(lib, widths)
    for epoch in range(int(file["epochs"])):
        order = lib.randperm(len(x))
        for at in range(0, len(x) - batch + 1, batch):
            picked = order[at : at + batch]
            step(x[picked], y[picked])
        with lib.no_grad():
            right = (model(images).argmax(1) == labels).sum().item() / len(labels)
        if right >= file["target"]:
            print(epoch + 1, flush=True)
            return
    print("never", flush=True)


def batch_of(lib: Any, size: int, width: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    images = rng.random((size, width), np.float32)
    return lib.tensor(images), lib.tensor(rng.integers(0, 10, size))


def memory(lib: Any) -> None:
    _, step = make_step(lib, (784, 256, 10))
    x, y = batch_of(lib, 64, 784)
    for steps in (1000, 9000):
        for _ in range(steps):
            step(x, y)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, end=" ")
    print(flush=True)


def capture(lib: Any) -> None:
    widths = (784, 1024, 1024, 10)
    x, y = batch_of(lib, 256, 784)
    (_, eager), (_, step) = make_step(lib, widths, compiled=False), make_step(lib, widths)
    eager(x, y)
    for call in (eager, step, step):
        start = time.perf_counter()
        call(x, y)
        print(1e3 * (time.perf_counter() - start), end=" ")
    print(flush=True)


if __name__ == "__main__":
    what: dict[str, Callable[..., None]] = {
        "accuracy": accuracy, "memory": memory, "capture": capture,
    }  # fmt: skip
    what[sys.argv[1]](importlib.import_module(sys.argv[2]), *sys.argv[3:])
