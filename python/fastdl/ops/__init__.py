"""The operations, one module for each stem; here they become methods of Tensor."""

from __future__ import annotations

import importlib
from typing import Any

from .. import _C
from ..explain import explain_errors
from ..lazy import numpy as np
from ..tensor import Tensor
from . import create

_UNARY_OPERATORS = {"__neg__": "neg", "__abs__": "abs", "__invert__": "bitwise_not"}
_BINARY_OPERATORS = {
    "__add__": "add",
    "__radd__": "add",
    "__sub__": "sub",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__truediv__": "div",
    "__pow__": "pow",
    "__floordiv__": "floor_divide",
    "__mod__": "remainder",
    "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
    "__matmul__": "matmul",
    "__eq__": "eq",
    "__ne__": "ne",
    "__lt__": "lt",
    "__le__": "le",
    "__gt__": "gt",
    "__ge__": "ge",
    "__and__": "bitwise_and",
    "__rand__": "bitwise_and",
    "__or__": "bitwise_or",
    "__ror__": "bitwise_or",
    "__xor__": "bitwise_xor",
    "__rxor__": "bitwise_xor",
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_",
    "__ipow__": "pow_",
}
_SWAPPED_OPERATORS = {
    "__rsub__": "sub",
    "__rtruediv__": "div",
    "__rpow__": "pow",
    "__rfloordiv__": "floor_divide",
    "__rmod__": "remainder",
    "__rlshift__": "bitwise_left_shift",
    "__rrshift__": "bitwise_right_shift",
    "__rmatmul__": "matmul",
}


def _operator(function: Any, swapped: bool = False) -> Any:
    """The operator of an op: takes NumPy arrays too, and leaves other types to Python."""

    def operator(self: Tensor, other: Any) -> Any:
        try:
            return function(other, self) if swapped else function(self, other)
        except TypeError:
            if isinstance(other, np.ndarray):
                return operator(self, create.as_tensor(other))
            if isinstance(other, Tensor | int | float | np.generic):
                raise
            return NotImplemented

    return operator


def explain_composed(module: dict[str, Any], names: list[str]) -> None:
    """`explain_errors` for the functions without a binding of their name; those with one explain
    themselves, and lose no time."""
    explain_errors(module, [n for n in names if not hasattr(_C, n)])


def _attach() -> dict[str, Any]:
    """Gives Tensor the ops that ops.def calls methods, every in-place op (`name_`) and the
    operators.  Returns the functions that are fastdl's own names."""
    public: dict[str, Any] = {}
    modules: dict[str, Any] = {}
    for name, op in _C.op_table().items():
        stem = op["stem"]
        module = modules.setdefault(stem, importlib.import_module(f".{stem}", __name__))
        if op["kind"] != "inner":
            explain_composed(vars(module), [name])
            public[name] = getattr(module, name)
        if op["kind"] == "method":
            setattr(Tensor, name, getattr(module, name))
    for module in modules.values():
        in_place = [n for n in vars(module) if n.endswith("_") and not n.startswith("_")]
        explain_composed(vars(module), in_place)
        for name in in_place:
            setattr(Tensor, name, getattr(module, name))
    for operator, name in _UNARY_OPERATORS.items():
        setattr(Tensor, operator, getattr(Tensor, name))
    for operator, name in _BINARY_OPERATORS.items():
        setattr(Tensor, operator, _operator(getattr(Tensor, name)))
    for operator, name in _SWAPPED_OPERATORS.items():
        setattr(Tensor, operator, _operator(getattr(Tensor, name), swapped=True))
    return public


public = _attach()
