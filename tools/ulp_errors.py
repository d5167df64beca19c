"""Measures the largest errors of the elementary functions, ours beside PyTorch's, JAX's and
NumPy's or SciPy's, into docs/ulp_errors.csv: `python tools/ulp_errors.py`.

float32: the sample of tests/test_ulp.py against its references.  float64: its table of hard
arguments, and random ones against mpmath.  Arguments and results below the smallest normal number
are left out, since XLA takes them for 0.
"""

from __future__ import annotations

import csv
import importlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
OUT = ROOT / "docs" / "ulp_errors.csv"
COLUMNS = ["function", "dtype", "library", "ulp", "worst"]
RANDOM = 2000  # float64 arguments of each function
Array = np.ndarray[Any, Any]
Function = Callable[[Array], Array]
ulp: Any = importlib.import_module("test_ulp")


# ---- the functions ---------------------------------------------------------------------------

SPECIAL = {
    "erf": "erf",
    "erfc": "erfc",
    "erfinv": "erfinv",
    "lgamma": "gammaln",
    "digamma": "digamma",
}
NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
         "acosh": "arccosh", "atanh": "arctanh"}  # fmt: skip


def fastdl(name: str) -> Function | None:
    import fastdl as fd

    f = getattr(fd._C, name)
    return lambda x: f(fd.from_numpy(x)).numpy()


def torch(name: str) -> Function | None:
    import torch

    F = torch.nn.functional
    own = {
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        **{n: getattr(F, n) for n in ("softplus", "logsigmoid", "gelu", "relu6", "hardsigmoid",
                                      "hardswish", "silu", "softsign")},
    }  # fmt: skip
    f = own.get(name) or getattr(torch, name, None)
    return f and (lambda x: f(torch.from_numpy(x)).numpy())


def jax(name: str) -> Function | None:
    import jax

    jax.config.update("jax_enable_x64", True)
    own = {
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "logsigmoid": jax.nn.log_sigmoid,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "gelu_tanh": lambda x: jax.nn.gelu(x, approximate=True),
        "relu6": jax.nn.relu6,
        "hardsigmoid": jax.nn.hard_sigmoid,
        "hardswish": jax.nn.hard_swish,
        "silu": jax.nn.silu,
        "softsign": jax.nn.soft_sign,
        "rsqrt": jax.lax.rsqrt,
        "log1mexp": jax.nn.log1mexp,
        **{n: getattr(jax.scipy.special, other) for n, other in SPECIAL.items()},
    }
    f = own.get(name) or getattr(jax.numpy, NAMES.get(name, name), None)
    if f is None:
        return None
    compiled = jax.jit(f)
    return lambda x: np.asarray(compiled(x))


def numpy(name: str) -> Function | None:
    import scipy.special

    own = {
        "sigmoid": scipy.special.expit,
        "softplus": lambda x: np.logaddexp(x.dtype.type(0), x),
        "logsigmoid": scipy.special.log_expit,
        **{n: getattr(scipy.special, other) for n, other in SPECIAL.items()},
    }
    return own.get(name) or getattr(np, NAMES.get(name, name), None)


LIBRARIES = {"fastdl": fastdl, "torch": torch, "jax": jax, "numpy": numpy}


# ---- arguments and exact values --------------------------------------------------------------


def float32_arguments() -> Iterator[Array]:
    """As `test_ulp.sweep`: one float of every 2^STRIDE_BITS, at a scattered place among them."""
    k = ulp.STRIDE_BITS
    for start in range(0, 1 << (32 - k), ulp.CHUNK):
        bits = np.arange(start, start + ulp.CHUNK, dtype=np.uint32)
        scattered = (bits * np.uint32(0x9E3779B1)) >> np.uint32(32 - k)
        yield ((bits << np.uint32(k)) + scattered).view(np.float32)


def float64_arguments() -> Array:
    """Of every size, and where functions do most."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-20, 3, RANDOM // 2) * rng.choice([-1.0, 1.0], RANDOM // 2)
    return np.concatenate(
        [sizes, rng.uniform(-40, 40, RANDOM // 4), rng.uniform(-1, 1, RANDOM // 4)]
    )


def exact(name: str, x: Array) -> Array:
    """To 64 bits, from 400 of mpmath."""
    from mpmath import mp, mpf

    mp.prec = 400
    one = mpf(1)

    def relu6(t: Any) -> Any:
        return min(max(t, mpf(0)), mpf(6))

    def softplus(t: Any) -> Any:
        return mp.log1p(mp.exp(t))

    def inner(t: Any) -> Any:
        return mp.sqrt(2 / mp.pi) * (t + mpf("0.044715") * t**3)

    functions = {
        "sigmoid": lambda t: one / (one + mp.exp(-t)),
        "softplus": softplus,
        "logsigmoid": lambda t: -softplus(-t),
        "gelu": lambda t: t * mp.erfc(-t / mp.sqrt(2)) / 2,
        "gelu_tanh": lambda t: t / (one + mp.exp(-2 * inner(t))),
        "relu6": relu6,
        "hardsigmoid": lambda t: relu6(t + 3) / 6,
        "hardswish": lambda t: t * relu6(t + 3) / 6,
        "silu": lambda t: t / (one + mp.exp(-t)),
        "softsign": lambda t: t / (one + abs(t)),
        "exp2": lambda t: mpf(2) ** t,
        "log2": lambda t: mp.log(t) / mp.log(2),
        "log10": lambda t: mp.log(t) / mp.log(10),
        "rsqrt": lambda t: one / mp.sqrt(t),
        "log1mexp": lambda t: mp.log1p(-mp.exp(-t)) if t > 1 else mp.log(-mp.expm1(-t)),
        "softplus_inverse": lambda t: mp.log(mp.expm1(t)),
        "lgamma": lambda t: mp.log(abs(mp.gamma(t))),
        "digamma": lambda t: mp.psi(0, t),
    }
    f = functions.get(name) or getattr(mp, name)
    values = np.full(x.shape, np.nan, np.longdouble)
    for i, t in enumerate(x):
        try:
            y = f(mpf(float(t)))
        except (ValueError, ZeroDivisionError):  # no number, or outside of the domain
            continue
        if not hasattr(y, "imag") or y.imag == 0:
            y = mp.re(y)
            high = float(y)
            values[i] = high if np.isinf(high) else np.longdouble(high) + float(y - high)
    return values


# ---- measuring -------------------------------------------------------------------------------


def largest(got: Array, wide: Array, x: Array) -> tuple[float, float]:
    """The largest error in ULP among normal numbers, and where."""
    tiny = np.finfo(x.dtype).tiny
    with np.errstate(all="ignore"):
        expected = wide.astype(x.dtype)
        same = (got == expected) | (np.isnan(got) & np.isnan(expected))
        errors = np.abs(got.astype(wide.dtype) - wide) / np.spacing(np.abs(expected))
        errors = np.where(np.isfinite(got) & np.isfinite(wide), errors, np.where(same, 0, np.inf))
        normal = ((np.abs(expected) >= tiny) | ~np.isfinite(expected)) & (np.abs(x) >= tiny)
    errors = np.where(normal, errors, 0)
    i = int(np.argmax(errors))
    return float(errors[i]), float(x[i])


def measure(name: str, library: str, f: Function, samples: Any) -> list[tuple[str, ...]]:
    """The lines of one function and library."""
    worst: dict[str, tuple[float, float]] = {}
    for x, wide in samples:
        with np.errstate(all="ignore"):
            got = f(x)
        if x.dtype == np.float64:  # around zeros of lgamma and digamma: an absolute error
            wide = np.where(np.abs(got - wide) <= ulp.slack(name, x), got, wide)
        found = largest(got, wide, x)
        worst[str(x.dtype)] = max(worst.get(str(x.dtype), found), found, key=lambda pair: pair[0])
    return [(name, d, library, f"{e:.4g}", repr(float(x))) for d, (e, x) in worst.items()]


def main() -> None:
    hard = {name: (x, value.astype(np.longdouble) + rest)
            for name, x, value, rest in ulp.special_values()}  # fmt: skip
    lines: list[tuple[str, ...]] = []
    for name, reference in ulp.REFERENCES.items():
        functions = {library: make(name) for library, make in LIBRARIES.items()}
        with np.errstate(all="ignore"):
            samples = [(x, reference(x.astype(np.float64))) for x in float32_arguments()]
        x = float64_arguments()
        samples.append((x, exact(name, x)))
        if name in hard:
            samples.append(hard[name])
        for library, f in functions.items():
            if f is not None:
                lines += measure(name, library, f, samples)
        print(name, flush=True)
    write(OUT, COLUMNS, lines, stride=1 << ulp.STRIDE_BITS)


def write(path: Path, columns: list[str], lines: list[tuple[str, ...]], **more: Any) -> None:
    """A CSV with a stamp of the machine and the libraries, and what `more` says."""
    import importlib.metadata as metadata

    from benchmarks.environment import stamp, stamp_of_run

    versions = {n: metadata.version(n) for n in ("torch", "jax", "numpy", "scipy", "mpmath")}
    buffer = io.StringIO()
    found = {**stamp({}), **versions, **stamp_of_run(ROOT / "benchmarks")}
    kept = {key: found[key] for key in ("cpu", "python", *versions, "date", "commit")}
    for key, value in {**kept, **more}.items():
        buffer.write(f"# {key}: {value}\n")
    csv.writer(buffer, lineterminator="\n").writerows([columns, *lines])
    path.write_text(buffer.getvalue(), "utf-8")


if __name__ == "__main__":
    main()
