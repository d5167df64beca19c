"""Element types, and the conversion of what users write for them."""

from __future__ import annotations

import builtins
from typing import Any

from . import _C
from ._C import DType
from .lazy import numpy as np

__all__ = ["DType", "as_dtype", "bool", "double", "float", "float32", "float64", "int", "int32",
           "int64", "long", "uint8"]  # fmt: skip

float32 = float = DType.float32
float64 = double = DType.float64
int64 = long = DType.int64
int32 = int = DType.int32
uint8 = DType.uint8
bool = DType.bool

setattr(DType, "itemsize", property(_C.item_size))  # noqa: B010
setattr(DType, "is_floating_point", property(_C.is_float))  # noqa: B010
setattr(DType, "__repr__", lambda self: f"fastdl.{self.name}")  # noqa: B010
setattr(DType, "__str__", DType.__repr__)  # noqa: B010

_BY_NAME: dict[str, DType] = dict(DType.__members__)
_BY_TYPE = {builtins.float: float32, builtins.int: int64, builtins.bool: bool}


def as_dtype(dtype: Any) -> DType:
    """A dtype of ours from one of ours, a Python type, or anything NumPy takes for one.

    Raises:
        TypeError: there is no such dtype here.
    """
    if type(dtype) is DType:
        return dtype
    try:
        if dtype in _BY_TYPE:
            return _BY_TYPE[dtype]
        return _BY_NAME[np.dtype(dtype).name]
    except (TypeError, KeyError):
        known = ", ".join(_BY_NAME)
        raise TypeError(f"dtype: expected one of {known}, got {dtype!r}") from None
