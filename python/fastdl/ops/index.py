"""Indexing: `x[key]` and `x[key] = value`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _C
from ..inplace import check_in_place
from ..tensor import Tensor
from .copy import copy_, fill_
from .create import as_tensor
from .view import index


def getitem(input: Tensor, key: Any) -> Tensor:
    """A view for basic keys."""
    return index(input, key)


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """Writes `value` (broadcast) at a basic key."""
    check_in_place("__setitem__", input)
    part = index(input, key)
    if isinstance(value, int | float):
        fill_(part, value)
    else:
        copy_(part, as_tensor(np.asarray(value) if not isinstance(value, Tensor) else value))
