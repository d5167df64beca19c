"""fastdl: trains small and middle-sized networks fast.  Reads like PyTorch; see the README."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import autograd, ops, random
from .capture import CaptureError
from .compile import compile
from .device import device
from .dtypes import (
    DType,
    bool,
    double,
    float,
    float32,
    float64,
    int,
    int32,
    int64,
    long,
    uint8,
)
from .grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .random import Generator, get_rng_state, initial_seed, manual_seed, set_rng_state
from .tensor import Tensor
from .threads import get_num_threads, set_num_threads

__version__ = "0.1.0"

globals().update(ops.public)  # exp, matmul, zeros, ...: from the list of ops

_LAZY = (
    "cli", "data", "distributions", "linalg", "models", "nn", "optim", "special", "testing",
    "train",
)  # fmt: skip

if TYPE_CHECKING:
    from . import cli, data, distributions, linalg, models, nn, optim, special, testing, train


def __getattr__(name: str) -> Any:  # heavy submodules load when first used
    if name in _LAZY:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'fastdl' has no attribute {name!r}")
