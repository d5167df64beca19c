"""Views and in-place changes in recorded computations.

A view remembers its base.  Changing a view in place gives the base a new history (the old base with
a part replaced), and every view of that base takes its new history from there when next used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from . import _C
from .autograd import Node, View, _Changes, _edge, _refresh_view, needs_grad, record
from .grad_mode import _mode, no_grad

if TYPE_CHECKING:
    from .tensor import Tensor


def record_view(
    out: Tensor,
    base: Tensor,
    redo: Callable[[Tensor], Tensor],
    vjp: Callable[..., Any],
    *constants: Any,
) -> Tensor:
    """As `record`, for an `out` that shares the memory of `base`."""
    out._share_version(base)
    if _mode.enabled:
        record(out, vjp, (base,), (), *constants)
        out._base = base
        out._view = View(redo, _edge(base), _Changes.count)
    return out


def record_views(
    outs: tuple[Tensor, ...],
    base: Tensor,
    redo: Callable[[Tensor, int], Tensor],
    vjp: Callable[..., Any],
    *constants: Any,
) -> tuple[Tensor, ...]:
    """As `record_view`, for several outputs of one node; `redo(base, i)` gives output i again."""
    for out in outs:
        out._share_version(base)
    if _mode.enabled:
        record(outs, vjp, (base,), (), *constants)
        edge = _edge(base)
        for i, out in enumerate(outs):
            out._base = base
            out._view = View(partial(_nth, redo, i), edge, _Changes.count)
    return outs


def _nth(redo: Callable[[Tensor, int], Tensor], i: int, base: Tensor) -> Tensor:
    return redo(base, i)


def check_in_place(op: str, x: Tensor) -> None:
    """Raises where an in-place change of x could not be differentiated."""
    if not _mode.enabled:
        return
    root = x
    try:
        while True:
            if root.requires_grad and root._node is None:
                what = "a leaf that requires grad" if root is x else "a view of such a leaf"
                raise RuntimeError(f"{op}: {what} cannot be changed in place; use no_grad()")
            if root._view is None:
                return
            root = root._base
    except AttributeError:
        from .check import tensor

        tensor(f"{op}: input", x)
        raise


def changed_in_place(x: Tensor, source: Tensor | None) -> Tensor:
    """x's memory now holds the value of `source` (None: a constant); x takes over its history."""
    x._bump_version()
    if _mode.enabled:
        _set_value_history(x, source)
    return x


def replaced_by(x: Tensor, value: Tensor) -> Tensor:
    """Writes `value` (of x's shape and dtype) into x, which takes over its history."""
    _C.copy_(x, value)
    return changed_in_place(x, value)


def in_place(op: str, f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Replaces x by f(x), where the vjp of f may need the x of before; TypeError if that is of
    another dtype."""
    check_in_place(op, x)
    value = f(x.clone() if needs_grad(x) else x)
    if value.dtype is not x.dtype:
        raise TypeError(
            f"{op}: a result of dtype {value.dtype.name} cannot be kept in a tensor of dtype "
            f"{x.dtype.name}"
        )
    return replaced_by(x, value)


def _set_value_history(x: Tensor, source: Tensor | None) -> None:
    _Changes.count += 1
    views = []
    while x._view is not None:  # up to the tensor that is no view
        base, redo = x._base, x._view.redo
        if _edge(source) is None and not base.requires_grad:
            return
        stand_in = base._alias()  # the base with its part replaced
        stand_in._set_history(Node(_replaced_part_vjp, (base, source), (redo,)), 0)
        views.append(x)
        x, source = base, stand_in
    edge = _edge(source)
    if edge is None:
        if x._node is not None:
            x._set_history(None, 0)
    elif type(edge) is tuple:
        x._set_history(*edge)
    else:  # the source is a leaf: x is a copy of it
        x._set_history(Node(_copied_vjp, (source,), ()), 0)
    for view in reversed(views):
        view._view = View(view._view.redo, None, -1)
        _refresh_view(view)


def _copied_vjp(_: Node, g: Tensor) -> tuple[Any, ...]:
    return (g,)


def _replaced_part_vjp(node: Node, g: Tensor, redo: Callable[[Tensor], Tensor]) -> tuple[Any, ...]:
    from .ops.where import where

    with no_grad():
        kept = g._alias().bool().fill_(True)
        redo(kept).fill_(False)
    return where(kept, g, 0.0) if node.needs_input_grad[0] else None, redo(g)
