"""The tests of all ops on the other instruction sets of this machine, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastdl as fd

HERE = Path(__file__).parent
FASTDL = str(Path(fd.__file__).parents[1])


def run(isa: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([FASTDL, os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "FASTDL_ISA": isa, "PYTHONPATH": path, **more}
    return subprocess.run(
        [sys.executable, *command], env=env, cwd=HERE.parent, capture_output=True, text=True
    )


def test_the_best_is_chosen():
    if not os.environ.get("FASTDL_ISA"):
        assert fd._C.isa() == fd._C.isas()[0]
    assert fd._C.isas()[-1] == "baseline"


@pytest.mark.parametrize("isa", fd._C.isas())
def test_the_choice_is_kept(isa):
    done = run(isa, "-c", "import fastdl; print(fastdl._C.isa())")
    assert done.stdout.strip() == isa


@pytest.mark.parametrize("name", ["mmx", "AVX2", "avx1024"])
def test_an_unknown_instruction_set(name):
    done = run(name, "-c", "import fastdl")
    assert done.returncode != 0
    assert f"FASTDL_ISA: expected one of {', '.join(fd._C.isas())}" in done.stderr
    assert f"got {name}" in done.stderr


@pytest.mark.parametrize("isa", [isa for isa in fd._C.isas() if isa != fd._C.isa()])
def test_ops(isa):
    tests = [str(HERE / name) for name in ("ops", "test_bits.py", "test_ulp.py")]
    quick = {"FASTDL_TEST_STRIDE_BITS": "12", "FASTDL_TEST_EXAMPLES": "0"}
    done = run(isa, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, **quick)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
