"""NumPy, imported when first used: it takes longer to import than all of fastdl."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["numpy"]


class _Lazy:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


if TYPE_CHECKING:
    import numpy
else:
    numpy = _Lazy("numpy")
