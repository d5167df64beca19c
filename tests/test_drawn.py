"""The mode `drawn` of OpCase: it finds what fixed sizes, layouts and cotangents do not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastdl as fd
from fastdl import drawn
from fastdl.testing import OpCase, given, randn
from test_testing import function

HERE = Path(__file__).parent


def test_every_case_has_it():
    assert drawn.examples() > 0 or os.environ.get("FASTDL_TEST_EXAMPLES") == "0"


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setenv("FASTDL_TEST_EXAMPLES", "60")


def fails(fn, *inputs, **more):
    case = OpCase("planted", fn, inputs or [randn(3, 5)], **more)
    with pytest.raises(AssertionError, match="planted"):
        case.check("drawn")


def test_what_is_right_passes():
    OpCase("square", lambda x: x * x, [randn(3, 5)], lambda x: x * x, ulp=0.5).check("drawn")
    OpCase("given", lambda x, y: x * y, [given([[1.0, 2.0]]), randn(2)]).check("drawn")
    OpCase("fixed", lambda x: x.reshape(5, 3), [randn(3, 5)], fixed=True).check("drawn")


def test_it_finds_an_error_of_some_sizes(many):
    fails(lambda x: x * (1 if x.shape[0] != 1 else 2), reference=lambda x: x)


def test_it_finds_an_error_of_some_cotangents(many):
    doubled = function(lambda x: x * 1, lambda g, x: g * (1 if g.is_contiguous() else 2))
    fails(doubled, reference=lambda x: x, second=False)


def test_it_finds_an_error_of_some_layouts(many):
    def if_plain(x):
        return x * (1 if x.stride(-1) != 3 else 1.5)

    fails(if_plain, reference=lambda x: x)


def test_without_hypothesis(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    case = OpCase("exp", fd.exp, [randn(2)])
    assert "drawn" not in case.modes()
    with pytest.raises(ImportError, match="'drawn' needs hypothesis"):
        case.check("drawn")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in (HERE / "ops").glob("test_*.py")))
def test_many_examples(name):
    """A hundred for each case of a file."""
    path = os.pathsep.join([str(Path(fd.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "drawn",
         str(HERE / "ops" / name)],
        env={**os.environ, "FASTDL_TEST_EXAMPLES": "100", "PYTHONPATH": path},
        cwd=HERE.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 5), done.stdout[-5000:]  # 5: no OpCase in it
