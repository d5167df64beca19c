"""What type checkers are told of fastdl is what is there at run time."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import fastdl as fd
import stubs
from fastdl import _C

PACKAGE = Path(fd.__file__).parent


def names(body):
    """The names that statements of a stub give."""
    for line in body:
        if isinstance(line, ast.FunctionDef | ast.ClassDef):
            yield line.name
        elif isinstance(line, ast.Assign):
            yield line.targets[0].id
        elif isinstance(line, ast.AnnAssign):
            yield line.target.id


def bodies(stub):
    """The statements of a stub, and those of its classes by name."""
    tree = ast.parse((PACKAGE / stub).read_text("utf-8"))
    return tree.body, {c.name: c.body for c in tree.body if isinstance(c, ast.ClassDef)}


def test_the_stub_is_up_to_date():
    assert stubs.STUB.read_text("utf-8") == stubs.text(), "run: python tools/stubs.py"


def test_the_stub_names_all_that_is_public():
    body, classes = bodies("_public.pyi")
    assert {n for n in names(body) if not n.startswith("_")} == set(fd.ops.public)
    told = set(names(classes["_Methods"]))
    made = {n for n in vars(fd.Tensor) if n not in told and not n.startswith("_")}
    own = {n for n, f in vars(fd.Tensor).items() if n in made and (
        isinstance(f, property) or f.__module__ == "fastdl.tensor")}  # fmt: skip
    assert made - own == set()
    assert [n for n in told if not hasattr(fd.Tensor, n)] == []


@pytest.mark.parametrize("name", ["DType", "TensorBase"])
def test_the_stub_of_the_compiled_module(name):
    _, classes = bodies("_C.pyi")
    told = {n for n in names(classes[name]) if not n.startswith("__")}
    there = {n for n in vars(getattr(_C, name)) if not n.startswith("_")}
    assert [n for n in told if not hasattr(getattr(_C, name), n)] == []
    assert there - told <= {"grad", "name", "value"}  # `Tensor` says what a gradient is


def functions():
    table = {**fd.ops.public, **stubs.methods()}
    table |= {f"F.{n}": getattr(fd.nn.functional, n) for n in fd.nn.functional.__all__}
    table |= {f"linalg.{n}": getattr(fd.linalg, n) for n in fd.linalg.__all__}
    return {n: f for n, f in table.items() if inspect.isfunction(f)}


def test_every_public_function_is_annotated():
    for name, function in functions().items():
        signature = inspect.signature(function)
        empty = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
        assert not empty, f"{name}: {empty}"
        assert signature.return_annotation is not signature.empty, name


def test_kernels_that_are_public_have_two_operands():
    """As the stub says: they have no signature to look at."""
    kernels = {n: f for n, f in fd.ops.public.items() if not inspect.isfunction(f)}
    assert "eq" in kernels
    for name, kernel in kernels.items():
        assert isinstance(kernel(input=fd.tensor([1, 2]), other=1), fd.Tensor)
        assert isinstance(getattr(fd.tensor([1, 2]), name)(1), fd.Tensor)


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").exists()
