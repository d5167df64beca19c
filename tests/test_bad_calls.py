"""Random calls of everything public: each returns or raises an error that names what was wrong.

The calls run in a process of their own with little memory and a limit of time for each.
"""

from __future__ import annotations

import inspect
import json
import random
import re
import resource
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fastdl as fd
from fastdl import data, distributions, linalg, nn, optim, special

CALLS = 10_000
SECONDS = 10  # of one call
MEMORY = 3 << 30  # bytes of the process
# Files, processes and global switches; `testing` and what calls functions of the caller's; the
# KeyError of a dict.
LEFT_OUT = {
    "CaptureError", "DType", "Generator", "Tensor", "compile", "device", "set_num_threads",
    "set_rng_state", "save", "load", "register_kl", "load_digits", "load_fashion_mnist",
    "load_mnist5k", "summary", "get_submodule", "pop",
}  # fmt: skip


def public(module: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__}


def methods(x: object) -> dict[str, Any]:
    return {name: getattr(x, name) for name in vars(type(x)) | vars(type(x).__base__)
            if not name.startswith("_") and callable(getattr(type(x), name, None))}  # fmt: skip


def objects() -> list[object]:
    """What has methods of its own, besides tensors."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    probs = fd.full((3,), 1 / 3)
    optimizer = optim.SGD(nn.Linear(2, 2).parameters(), 0.1, momentum=0.9)
    return [
        model, nn.ModuleList([nn.ReLU()]), nn.ModuleDict({"a": nn.ReLU()}), nn.Linear(2, 2),
        optimizer, optim.lr_scheduler.StepLR(optimizer, 2), distributions.Bernoulli(0.5),
        distributions.Beta(1.0, 2.0), distributions.Categorical(probs),
        distributions.OneHotCategorical(probs), distributions.Exponential(1.0),
        distributions.Gamma(1.0, 2.0), distributions.Laplace(0.0, 1.0),
        distributions.MultivariateNormal(fd.zeros(2), fd.eye(2)), distributions.Normal(0.0, 1.0),
        distributions.RelaxedOneHotCategorical(1.0, probs), distributions.Uniform(0.0, 1.0),
        fd.Generator(), optim.PolyakAverage([fd.ones(2)]), data.TensorDataset(fd.ones(3, 2)),
    ]  # fmt: skip


def surface() -> dict[str, Callable[..., Any]]:
    """Everything that is tried, by name."""
    found: dict[str, Any] = {}
    places = {
        "": {name: f for name, f in vars(fd).items() if not name.startswith("_")},
        "Tensor.": {n: getattr(fd.Tensor, n) for n in dir(fd.Tensor) if not n.startswith("_")},
        "F.": public(nn.functional),
        "nn.": public(nn),
        "init.": public(nn.init),
        "optim.": public(optim),
        "lr_scheduler.": public(optim.lr_scheduler),
        "linalg.": public(linalg),
        "distributions.": public(distributions),
        "special.": public(special),
        "data.": public(data),
        "utils.": public(nn.utils),
    }
    places.update({f"{type(x).__name__}.": methods(x) for x in objects()})
    for prefix, names in places.items():
        for name, value in names.items():
            ours = getattr(value, "__module__", "") or ""
            if callable(value) and name not in LEFT_OUT and ours.startswith("fastdl"):
                found[prefix + name] = value
    return found


def values(rng: random.Random) -> Any:
    """An argument: often a tensor of some shape and dtype, else anything."""
    kind = rng.randrange(16)
    if kind < 8:
        shape = rng.choice(
            [(), (0,), (1,), (3,), (2, 3), (3, 2), (2, 0, 3), (2, 3, 4), (1, 1, 3, 2)]
        )
        dtype = rng.choice(
            [fd.float32, fd.float32, fd.float64, fd.int64, fd.int32, fd.uint8, fd.bool]
        )
        x = fd.zeros(shape).uniform_(-3, 3).to(dtype)
        if rng.random() < 0.2 and x.ndim > 1:
            x = x.transpose(0, -1)
        if rng.random() < 0.3 and dtype.is_floating_point:
            x.requires_grad_()
        if rng.random() < 0.1 and dtype.is_floating_point:
            x = x * float("nan")
        return x
    if kind < 11:
        return rng.choice([-3, -2, -1, 0, 1, 2, 3, 7, 1 << 33, -(1 << 63)])
    return rng.choice(
        [None, True, 0.5, -1.5, float("nan"), float("inf"), 1e300, "mean", "x", "", [], (), [1, 2],
         (2, 3), (0, 1), [0.5], (None,), {}, object(), 1j, fd.float32, [fd.ones(2)], b"y", slice(1)]
    )  # fmt: skip


def parameters_of(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # built-in
        return []


def arguments(function: Any, rng: random.Random) -> tuple[list[Any], dict[str, Any]]:
    """Of about the number that the function takes."""
    parameters = parameters_of(function)
    given = [p for p in parameters if p.default is p.empty and p.kind <= p.VAR_POSITIONAL]
    number = max(0, len(given) + rng.choice([0, 0, 0, 0, 1, 1, 2, -1]))
    keywords = [p.name for p in parameters[number:] if p.kind in (1, 3) and rng.random() < 0.2]
    return [values(rng) for _ in range(number)], {name: values(rng) for name in keywords}


def names_of(name: str, function: Any) -> set[str]:
    """One of these must be in the message: the op, or an argument."""
    last = name.rpartition(".")[2]
    found = {last, last.rstrip("_"), f"{last}_", getattr(function, "__name__", last)}
    found |= {p.name for p in parameters_of(function)}
    forward = getattr(function, "forward", None)
    if forward:  # a layer: its arguments when called, and the functions that it hands them to
        called = {n for n in forward.__code__.co_names if hasattr(nn.functional, n)}
        found |= {*[p.name for p in parameters_of(forward)], *called, *[f"{n}_" for n in called]}
    return found - {"self", "x"}


class Hang(BaseException):
    pass


def _hang(*_: Any) -> None:
    raise Hang


def offences(seed: int, calls: int) -> Iterator[str]:
    """What went wrong in so many calls."""
    rng = random.Random(seed)
    every = surface()
    signal.signal(signal.SIGALRM, _hang)
    for _ in range(calls):
        name = rng.choice(list(every))
        function = every[name]
        args, kwargs = arguments(function, rng)
        if name.startswith("Tensor."):
            args[:1] = [args[0] if args and isinstance(args[0], fd.Tensor) else fd.zeros(2, 3)]
            for first in parameters_of(function)[:1]:
                kwargs.pop(first.name, None)
        shown = ", ".join([*map(show, args), *[f"{k}={show(v)}" for k, v in kwargs.items()]])
        signal.alarm(SECONDS)
        try:
            result = function(*args, **kwargs)
            if isinstance(function, type) and isinstance(result, nn.Module):
                shown = f"{shown})({show(x := values(rng))}"
                result(x)
        except Hang:
            yield f"{name}({shown}): ran for more than {SECONDS} s"
        except (TypeError, ValueError, IndexError, RuntimeError, MemoryError, BufferError,
                NotImplementedError, OverflowError) as error:  # fmt: skip
            text = str(error)
            if not isinstance(error, MemoryError) and not any(
                re.search(rf"\b{n}\b", text) for n in names_of(name, function)
            ):
                yield f"{name}({shown}): {type(error).__name__}: {text}"
        except Exception as error:
            yield f"{name}({shown}): {type(error).__name__}: {error}"
        finally:
            signal.alarm(0)


def show(x: Any) -> str:
    """An argument in a line."""
    if isinstance(x, fd.Tensor):
        return f"{x.dtype.name}{list(x.shape)}"
    return repr(x)[:40]


@pytest.fixture(scope="module")
def found():
    done = subprocess.run(
        [sys.executable, __file__, "0", str(CALLS)],
        capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_no_call_crashes_or_hangs(found):
    assert not [text for text in found if "ran for more than" in text]


def test_every_error_names_what_was_wrong(found):
    assert not found, f"{len(found)} offences, such as\n" + "\n".join(found[:40])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(json.dumps(list(offences(int(sys.argv[1]), int(sys.argv[2])))))
