"""What a call costs beside its arithmetic: 2 × 2 tensors.

"no grad": no input needs a gradient.  "recorded": one does, and the call is recorded.  "backward":
recorded, and differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import Op, Work

MODES = ("no grad", "recorded", "backward")
FUNCTIONS: dict[str, tuple[int, Callable[[Any], Callable[..., Any]]]] = {
    "exp": (1, lambda m: m.exp),
    "add": (2, lambda m: m.add),
    "matmul": (2, lambda m: m.matmul),
}


def _operands(arity: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((2, 2), np.float32) for _ in range(arity)]


def _eager(arity: int, function: Any) -> Any:
    """fastdl and PyTorch: their scripts read the same."""

    def build(lib: Any, mode: str) -> Any:
        first, *rest = map(lib.array, _operands(arity))
        g, f = lib.array(np.ones((2, 2), np.float32)), function(lib.module)
        first.requires_grad_(mode != "no grad")

        def backward() -> Any:
            first.grad = None
            f(first, *rest).backward(g)
            return first.grad

        if mode == "backward":
            return backward
        second = rest[0] if rest else None
        return (lambda: f(first)) if second is None else (lambda: f(first, second))

    return build


def _plain(arity: int, function: Any) -> Any:
    """NumPy and JAX, which record nothing; JAX's gradient is compiled."""

    def build(lib: Any, mode: str) -> Any:
        if mode == "recorded" or (mode == "backward" and lib.name == "numpy"):
            return None
        operands = [lib.array(x) for x in _operands(arity)]
        forward = function(lib.module.numpy if lib.name == "jax" else lib.module)
        g = lib.array(np.ones((2, 2), np.float32))

        def backward(first: Any, *rest: Any) -> Any:
            return lib.module.vjp(lambda x: forward(x, *rest), first)[1](g)[0]

        call = lib.function(backward if mode == "backward" else forward)
        return lambda: call(*operands)

    return build


def _op(name: str) -> Op:
    arity, function = FUNCTIONS[name]
    eager, plain = _eager(arity, function), _plain(arity, function)
    contenders = {"fastdl": eager, "numpy": plain, "torch": eager, "jax": plain}
    return Op(f"overhead_{name}", MODES, lambda _: Work(), contenders, kind="overhead")


OPS = [_op(name) for name in FUNCTIONS]
