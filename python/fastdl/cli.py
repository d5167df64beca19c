"""The command `fastdl`: `fastdl train`, `fastdl bench` and `fastdl env`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from .bench import add_options, benchmarks

Number = TypeVar("Number", int, float)

BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 for bad input, 130 after Ctrl-C."""
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.run
        return command(options)
    except BrokenPipeError:  # the reader has gone (`fastdl env | head -1`): nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("fastdl: stopped", file=sys.stderr)
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence in place of a page of usage."""
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fastdl", description="Trains small neural networks fast.", allow_abbrev=False
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="train | bench | env")
    train = commands.add_parser(
        "train",
        help="train a network on small images and test it",
        description="Trains a network of fully connected layers on handwritten digits or on "
        "pictures of clothes and measures its accuracy on images it has not seen.",
        allow_abbrev=False,
    )
    _add_train_options(train)
    train.set_defaults(run=_train)
    bench = commands.add_parser(
        "bench",
        help="measure fastdl beside the libraries installed here",
        description="Measures operations and training steps beside NumPy, SciPy, PyTorch, JAX and "
        "MLX, those of them that are installed; prints a table, writes it as CSV, and draws it.  "
        "A suite takes a quarter of an hour to an hour; --quick takes a few minutes.",
        allow_abbrev=False,
    )
    add_options(bench)
    bench.set_defaults(run=_bench)
    env = commands.add_parser(
        "env",
        help="say which fastdl this is and what it runs on",
        description="Prints versions, the instruction set and the BLAS kernels in use: the first "
        "thing to put into a bug report.",
    )
    env.set_defaults(run=_env)
    return parser


def _add_train_options(parser: argparse.ArgumentParser) -> None:
    from .train.datasets import DATA_SETS
    from .train.run import OPTIMIZERS, TrainOptions

    defaults = TrainOptions.of()
    rates = ", ".join(f"{rate} for {name}" for name, (rate, _) in OPTIMIZERS.items())
    files = "; ".join(f"{name}: {data.files}" for name, data in DATA_SETS.items())

    def add(name: str, help: str, default: Any = None, **more: Any) -> None:
        shown = "" if default is None else f" (default: {default})"
        parser.add_argument(name, help=help + shown, default=default, **more)

    def add_of_recipe(name: str, help: str, field: str, **more: Any) -> None:
        defaults = []
        for data_set, data in DATA_SETS.items():
            value = getattr(data.recipe, field)
            text = " ".join(map(str, value)) if isinstance(value, tuple) else value
            defaults.append(f"{text} for {data_set}")
        add(name, f"{help} (default: {', '.join(defaults)})", **more)

    add("--data", "the data set", defaults.data, choices=list(DATA_SETS))
    add(
        "--data-dir",
        f"read the data from this folder ({files}) instead of from the one in the environment "
        "variable FASTDL_DATA or from where a package has installed them",
        metavar="DIR",
    )
    add(
        "--folds",
        "cut all images into K parts with the same share of each class, train K times, and test "
        "each time on the part left out; without it, train once and test on the test images of "
        "fashion-mnist, or on 20%% of the others",
        type=_number(int, 2),
        metavar="K",
    )
    add_of_recipe(
        "--epochs",
        "how often to go through the training images",
        "epochs",
        type=_number(int, 1),
        metavar="N",
    )
    add_of_recipe(
        "--batch-size",
        "images per update; at least 2, since batch normalization compares them",
        "batch_size",
        type=_number(int, 2),
        metavar="N",
    )
    add(
        "--lr",
        f"learning rate at the start, lowered to 0 along a cosine (default: {rates})",
        type=_number(float, 0, above=True),
        metavar="RATE",
    )
    add_of_recipe(
        "--hidden",
        "the width of each hidden layer",
        "hidden",
        type=_number(int, 1, below=2**20),
        nargs="+",
        metavar="UNITS",
    )
    add_of_recipe(
        "--dropout",
        "the share of hidden units switched off at random in each update",
        "dropout",
        type=_number(float, 0, below=1),
        metavar="P",
    )
    add("--optimizer", "the rule of the updates", defaults.optimizer, choices=list(OPTIMIZERS))
    add(
        "--seed",
        "where random numbers start; the same seed gives the same result, bit for bit",
        defaults.seed,
        type=_number(int, 0, below=2**63),
        metavar="N",
    )
    add("--out", "the folder for the results (default: runs/<data set>)", metavar="DIR")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no line per epoch")


def _number(
    kind: type[Number], least: Number, *, above: bool = False, below: float = math.inf
) -> Callable[[str], Number]:
    """A parser of numbers ≥ `least` (> where `above`) and < `below`."""
    noun = "a whole number" if kind is int else "a number"
    text = f"{noun} {'above' if above else 'of at least'} {least}"
    if below < math.inf:
        text += f" and below {below}"

    def parse(word: str) -> Number:
        try:
            value = kind(word)
        except ValueError:
            value = None
        if value is None or not least <= value < below or (above and value == least):
            raise argparse.ArgumentTypeError(f"expected {text}, got {word!r}")
        return value

    return parse


def _train(arguments: argparse.Namespace) -> int:
    from .train.run import TrainOptions, prepare, run

    given = {k: v for k, v in vars(arguments).items() if k != "run" and v is not None}
    if "hidden" in given:
        given["hidden"] = tuple(given["hidden"])
    try:
        task = prepare(TrainOptions.of(**given))
    except (ImportError, OSError, ValueError, MemoryError) as error:
        return _fail(error)
    try:
        result = run(task)
    except BrokenPipeError:
        raise
    except (OSError, FloatingPointError, MemoryError) as error:  # any other error is our fault
        return _fail(error)
    except KeyboardInterrupt:
        done = f"; the epochs done are in {task.out}" if task.records else ""
        print(f"fastdl train: stopped{done}", file=sys.stderr)
        return INTERRUPTED
    folds = len(result.accuracies)
    spread = f" ± {100 * result.std:.2f} % (mean ± standard deviation of {folds} folds)"
    print(f"test accuracy  {100 * result.mean:.2f} %{spread if folds > 1 else ''}")
    for name, path in result.pictures.items():
        print(f"{name:<14} {path}")
    if not result.pictures:
        print("pictures       none: matplotlib is not installed (pip install 'fastdl-nn[plot]')")
    print(f"history        {task.history}")
    last = f" … {task.checkpoints[-1].name}" if folds > 1 else ""
    print(f"checkpoints    {task.checkpoints[0]}{last}")
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    try:
        code: int = benchmarks("command").run(arguments)
        return code
    except BrokenPipeError:
        raise
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        return _fail(error, "bench")


def _fail(error: Exception, command: str = "train") -> int:
    print(f"fastdl {command}: {_sentence(error)}", file=sys.stderr)
    return BAD_INPUT


def _sentence(error: Exception) -> str:
    """The message of an error in one line."""
    if isinstance(error, MemoryError):
        return "not enough memory for these images and this network"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())


def _env(arguments: argparse.Namespace) -> int:
    import platform

    import numpy

    from . import _C, __version__

    lines = {
        "fastdl": __version__,
        "instruction set": f"{_C.isa()} (this machine can run: {', '.join(_C.isas())})",
        "BLAS": f"OpenBLAS, {_C.blas_core()} kernels",
        "Python": platform.python_version(),
        "NumPy": numpy.__version__,
        "system": platform.platform(),
    }
    for name, value in lines.items():
        print(f"{name:<16} {value}")
    return 0
