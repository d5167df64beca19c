"""fastdl: trains small and middle-sized networks fast.  Reads like PyTorch; see the README."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# `as` says to type checkers that a name is public.
from . import autograd as autograd, ops as ops, random as random
from .capture import CaptureError as CaptureError
from .compile import compile as compile
from .device import device as device
from .dtypes import (
    DType as DType,
    bool as bool,
    double as double,
    float as float,
    float32 as float32,
    float64 as float64,
    int as int,
    int32 as int32,
    int64 as int64,
    long as long,
    uint8 as uint8,
)
from .grad_mode import (
    enable_grad as enable_grad,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from .random import (
    Generator as Generator,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    set_rng_state as set_rng_state,
)
from .tensor import Tensor as Tensor, is_tensor as is_tensor, numel as numel
from .threads import get_num_threads as get_num_threads, set_num_threads as set_num_threads

__version__ = "0.1.0"

globals().update(ops.public)  # exp, matmul, zeros, ...: from the list of ops

_LAZY = (
    "cli", "data", "distributions", "linalg", "models", "nn", "optim", "special", "testing",
    "train",
)  # fmt: skip

if TYPE_CHECKING:
    from . import (
        cli as cli,
        data as data,
        distributions as distributions,
        linalg as linalg,
        models as models,
        nn as nn,
        optim as optim,
        special as special,
        testing as testing,
        train as train,
    )
    from ._public import *
else:

    def __getattr__(name: str) -> Any:  # heavy submodules load when first used
        if name in _LAZY:
            return importlib.import_module(f".{name}", __name__)
        raise AttributeError(f"module 'fastdl' has no attribute {name!r}")
