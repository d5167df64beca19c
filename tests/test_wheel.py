"""What keeps the wheel acceptable to auditwheel: the package brings its libraries along."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import fastdl

PACKAGE = Path(fastdl.__file__).parent
OBJECTS = sorted(PACKAGE.rglob("*.so*"))
# The libraries of every manylinux system that we may need (PEP 600; auditwheel's policy).
SYSTEM = re.compile(
    r"(ld-linux-[\w-]+|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+)\.so\.\d+"
)


@pytest.mark.parametrize("path", OBJECTS, ids=[path.name for path in OBJECTS])
def test_needs_only_its_own_and_the_systems_libraries(path):
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not installed")
    text = subprocess.run(
        ["readelf", "-dW", path], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    if any(re.match(r"lib[at]san", name) for name in needed):
        pytest.skip("a sanitized build is not for wheels")
    own = {other.name for other in path.parent.iterdir()}
    assert needed
    assert [name for name in needed if name not in own and not SYSTEM.fullmatch(name)] == []
    if own.intersection(needed):
        assert "[$ORIGIN]" in text
    for folders in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text):
        assert folders == "$ORIGIN"  # no folder of the machine it was built on


def test_there_are_objects_to_look_at():
    assert any(path.name.startswith("_C.") for path in OBJECTS)
    assert any(path.name == "libfastdl_openblas.so" for path in OBJECTS)
