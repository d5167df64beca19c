"""The operations, one module for each stem; here they become methods of Tensor."""

from __future__ import annotations

import importlib
from typing import Any

from .. import _C
from ..tensor import Tensor
from . import binary, copy, create, index, unary, view, where  # noqa: F401
from .create import *  # noqa: F403

_OPERATORS = {
    "add": ("__add__", "__radd__"),
    "sub": ("__sub__",),
    "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__",),
    "pow": ("__pow__",),
    "matmul": ("__matmul__",),
    "neg": ("__neg__",),
    "abs": ("__abs__",),
    "eq": ("__eq__",),
    "ne": ("__ne__",),
    "lt": ("__lt__",),
    "le": ("__le__",),
    "gt": ("__gt__",),
    "ge": ("__ge__",),
    "logical_not": ("__invert__",),
    "logical_and": ("__and__", "__rand__"),
    "logical_or": ("__or__", "__ror__"),
    "logical_xor": ("__xor__", "__rxor__"),
    "add_": ("__iadd__",),
    "sub_": ("__isub__",),
    "mul_": ("__imul__",),
    "div_": ("__itruediv__",),
}


__all__ = list(create.__all__)


def _attach() -> None:
    """Gives Tensor the ops that ops.def calls methods, and every in-place op (`name_`)."""
    modules: dict[str, Any] = {}
    for name, op in _C.op_table().items():
        stem = op["stem"]
        module = modules.setdefault(stem, importlib.import_module(f".{stem}", __name__))
        if not hasattr(module, name):  # TODO remove when every stem is written
            continue
        if op["kind"] != "inner":
            globals()[name] = getattr(module, name)
            __all__.append(name)
        if op["kind"] == "method":
            setattr(Tensor, name, getattr(module, name))
    for module in modules.values():
        for name, function in vars(module).items():
            if name.endswith("_") and not name.startswith("_"):
                setattr(Tensor, name, function)
    Tensor.cast, Tensor.view = copy.cast, view.view
    for name, operators in _OPERATORS.items():
        for operator in operators:
            if hasattr(Tensor, name):
                setattr(Tensor, operator, getattr(Tensor, name))


_attach()
