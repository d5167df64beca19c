"""detect_anomaly: who made the first NaN or Inf."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Sequence
from typing import Any

from . import _C, autograd
from .frames import users_line
from .tensor import Tensor


class detect_anomaly:
    """Inside `with detect_anomaly():` the op that first makes a NaN or Inf raises.

    Every op is watched as it runs, forward and backward (PyTorch's namesake looks at gradients
    only).  The error names the op and the line of the user's code that called it; in a backward
    pass also the line of the forward op whose gradient it is.  A NaN that an op was given raises as
    well.  An Inf that it was given does not: masks are made of it.  Compiled functions run op by op
    meanwhile.  Slow: every result is read.  Holds for all threads; blocks may be nested.

    Args:
        check_nan: look for NaN.
        check_inf: look for Inf made from finite numbers.

    Raises:
        RuntimeError: from the op, when it has made or met such a number.
    """

    def __init__(self, check_nan: bool = True, check_inf: bool = True) -> None:
        self.check_nan, self.check_inf = check_nan, check_inf
        self._lines: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._outer: list[Any] = []

    def __enter__(self) -> None:
        self._outer.append(autograd._watch)
        autograd._watch = self._look
        _C.watch_ops(True)

    def __exit__(self, *_: object) -> None:
        autograd._watch = self._outer.pop()
        _C.watch_ops(autograd._watch is not None)

    def _look(self, out: Any, inputs: Sequence[Any]) -> Any:
        """Called by every op with its result, which it gives back."""
        line = users_line()
        for x in out if type(out) is tuple else (out,):
            if x._node is not None:
                self._lines.setdefault(x._node, line)
            if not x.dtype.is_floating_point or _all_finite(x):
                continue
            has_nan = bool(_C.item(_C.any(_C.ne(x, x))))
            given = [i for i, value in enumerate(inputs) if _holds(value, has_nan)]
            if self.check_nan and has_nan:
                self._report("NaN", line, given)
            elif self.check_inf and not has_nan and not given:
                self._report("Inf", line, given)
        return out

    def _report(self, what: str, line: str, given: Sequence[int]) -> None:
        op, node = _op_and_node()
        did = f"was given {what} in input {given[0]}" if given else f"made the first {what}"
        if node is not None:
            op += f", for the gradient of {_name(node)}"
            if node in self._lines:
                did += f" ({_name(node)} ran at {self._lines[node]})"
        raise RuntimeError(f"detect_anomaly: {line}: {op} {did}")


def _all_finite(x: Tensor) -> bool:
    return bool(_C.item(_C.all(_C.eq(_C.sub(x, x), 0))))


def _holds(value: Any, nan: bool) -> bool:
    """Whether an input holds NaN, or else Inf."""
    if isinstance(value, Tensor):
        if not value.dtype.is_floating_point:
            return False
        return bool(_C.item(_C.any(_C.ne(value, value)))) if nan else not _all_finite(value)
    return isinstance(value, float) and (math.isnan(value) if nan else not math.isfinite(value))


def _op_and_node() -> tuple[str, Any]:
    """The op that called `record`, and the node whose vjp it runs for, if any."""
    frame = sys._getframe(0)
    while frame.f_code is not autograd.record.__code__:
        assert frame.f_back is not None
        frame = frame.f_back
    caller = frame.f_back
    assert caller is not None
    up: Any = caller
    while up is not None and up.f_code is not autograd._call_vjp.__code__:
        up = up.f_back
    return caller.f_code.co_name.strip("_"), up and up.f_locals["node"]


def _name(node: Any) -> str:
    return str(getattr(node.vjp, "__name__", "an op")).strip("_").removesuffix("_vjp")
