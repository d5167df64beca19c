"""What `import fastdl` costs and loads, in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys

import fastdl

LIMIT = 0.150  # seconds, the whole
HEAVY = [
    "matplotlib",
    "onnx",
    "optuna",
    "pandas",
    "safetensors",
    "scipy",
    "sklearn",
    "torch",
    "tqdm",
]
PATH = os.path.dirname(os.path.dirname(fastdl.__file__))


def fresh(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {PATH!r})\n{code}"],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout.strip()


def seconds_to_import(module: str, bytecode: str) -> float:
    """With compiled bytecode, as of an installed package, whatever this environment writes."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
    code = f"""
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)"""
    return min(float(fresh(code, **kept)) for _ in range(8))  # the first one compiles


def test_time(record_property, tmp_path):
    whole, numpy = [seconds_to_import(name, str(tmp_path)) for name in ("fastdl", "numpy")]
    record_property("import_fastdl_ms", round(whole * 1e3, 1))
    print(f"import fastdl: {whole * 1e3:.0f} ms; import numpy: {numpy * 1e3:.0f} ms")
    assert whole <= LIMIT, (
        f"import fastdl takes {whole * 1e3:.0f} ms, more than {LIMIT * 1e3:.0f} ms "
        f"(numpy alone {numpy * 1e3:.0f} ms)"
    )


def test_loads_nothing_heavy():
    code = f"import fastdl; print([m for m in {HEAVY} if m in sys.modules])"
    assert fresh(code) == "[]"


def test_public_names_exist():
    """Every lazy name loads, and every name in __all__ of the engine is there."""
    code = """
import fastdl
assert all(hasattr(fastdl.autograd, n) for n in fastdl.autograd.__all__)
for name in fastdl._LAZY:
    getattr(fastdl, name)
print("fine")"""
    assert fresh(code) == "fine"


def test_no_warnings():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c",
         f"import sys; sys.path.insert(0, {PATH!r}); import fastdl"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
