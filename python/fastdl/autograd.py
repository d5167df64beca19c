"""Reverse-mode differentiation.

Every differentiable op calls `record` with its result, its vjp (vector-Jacobian product) and its
inputs; that links a `Node` to the result.  `backward` and `grad` walk the nodes from the newest to
the oldest.  A vjp is written in ordinary ops, so running it with recording on (`create_graph=True`)
gives higher derivatives.

A vjp is called as `vjp(node, cotangent, *constants)` and returns one gradient (or None) per input.
`node.saved_tensors` are the tensors it asked to keep, `node.needs_input_grad` tells which gradients
are wanted.
"""

from __future__ import annotations

import heapq
import importlib
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _C
from .grad_mode import _mode, enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .hooks import checked_gradient

if TYPE_CHECKING:
    from .tensor import Tensor

# What stands on the engine, in files of its own.
_LAZY = {
    ".anomaly": ("detect_anomaly",),
    ".check_gradients": ("gradcheck", "gradgradcheck"),
    ".derivatives": ("hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"),
    ".function": ("Function",),
}
__all__ = [
    "Node", "backward", "enable_grad", "grad", "is_grad_enabled", "no_grad", "set_grad_enabled",
    *itertools.chain(*_LAZY.values()),
]  # fmt: skip

_sequence = itertools.count()
_watch: Callable[..., Any] | None = None  # looks at every result, see detect_anomaly


class Node:
    """One recorded op: what its vjp needs and where its gradients go."""

    __slots__ = (
        "__weakref__", "constants", "edges", "hooks", "like", "needs_input_grad", "saved",
        "sequence", "versions", "vjp",
    )  # fmt: skip

    def __init__(self, vjp: Callable[..., Any], inputs: Sequence[Any], constants: tuple[Any, ...]):
        self.vjp: Callable[..., Any] | None = vjp
        self.constants = constants
        self.edges = edges = tuple([_edge(x) for x in inputs])
        self.needs_input_grad = tuple([edge is not None for edge in edges])
        self.hooks: dict[int, dict[object, Callable[[Tensor], Tensor | None]]] | None = None
        self.like: tuple[Tensor | None, ...] | None = None  # the outputs, if several
        self.saved: tuple[Any, ...] = ()
        self.versions: tuple[int, ...] = ()
        self.sequence = next(_sequence)

    def save(self, saved: Sequence[Any], outputs: Sequence[Tensor]) -> None:
        # An output is kept as (its number, an alias): a plain reference would be a cycle.
        kept = list(saved)
        for i, tensor in enumerate(saved):
            for number, output in enumerate(outputs):
                if tensor is output:
                    kept[i] = (number, output._alias())
        self.saved = tuple(kept)
        self.versions = tuple([0 if t is None else t._version for t in saved])

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved tensors, with their history; raises if one was changed in place since."""
        if self.vjp is None:
            raise RuntimeError(
                "backward: the graph was freed by an earlier backward; call that one with "
                "retain_graph=True to go through it twice"
            )
        unpacked = []
        for item, version in zip(self.saved, self.versions, strict=True):
            is_output = type(item) is tuple
            tensor = item[1] if is_output else item
            if tensor is not None and tensor._version != version:
                raise RuntimeError(
                    f"backward: a tensor of shape {tensor.shape} that is needed for a gradient was "
                    f"changed in place (version {tensor._version}, saved at {version})"
                )
            if is_output:
                tensor = tensor._alias()
                tensor._set_history(self, item[0])
            unpacked.append(tensor)
        return tuple(unpacked)

    def free(self) -> None:
        self.vjp = None
        self.saved = self.versions = self.constants = ()

    def __repr__(self) -> str:
        return f"<Node {getattr(self.vjp, '__name__', 'freed').strip('_')}>"


def _edge(x: Any) -> Any:
    """Where the gradient of x goes: None, a leaf tensor, or (node, output index)."""
    if not getattr(x, "requires_grad", False):
        return None
    if x._view is not None:
        _refresh_view(x)
    node = x._node
    return x if node is None else (node, x._index)


def _key(edge: Any) -> Any:
    return edge if type(edge) is tuple else id(edge)


class View(NamedTuple):
    """How a tensor views its base: `redo(base)` gives it again; `edge` was the base's edge when
    `stamp` counted the changes of histories."""

    redo: Callable[[Tensor], Tensor]
    edge: Any
    stamp: int


class _Changes:
    """Counts the changes of histories by in-place ops, after which views look at their base."""

    count = 0


def _refresh_view(x: Tensor) -> None:
    """If the base of a view was changed in place, x gets its new history."""
    stale = []
    while x._view is not None and x._view.stamp != _Changes.count:
        stale.append(x)
        x = x._base
    for x in reversed(stale):  # bases before their views
        view, edge = x._view, _edge(x._base)
        if _key(edge) != _key(view.edge):
            with enable_grad():
                again = view.redo(x._base)
            x._set_history(again._node, again._index)
        x._view = View(view.redo, edge, _Changes.count)


# Whether an op of these inputs is to be recorded, or watched: it must come to `record`.
needs_grad: Callable[..., bool] = _C.needs_grad_under(_mode)


def record(
    out: Any,
    vjp: Callable[..., Any],
    inputs: Sequence[Any],
    saved: Sequence[Any] = (),
    *constants: Any,
) -> Any:
    """Links `out` (a tensor or a tuple of them) to its inputs, if a gradient is wanted; returns it.

    `saved` may contain inputs, outputs, other tensors and None.
    """
    for x in inputs:  # as needs_grad(), without the call; the mode is slower to ask
        if getattr(x, "requires_grad", False):
            break
    else:
        return out if _watch is None else _watch(out, inputs)
    if _mode.enabled:
        node = Node(vjp, inputs, constants)
        outputs = out if type(out) is tuple else (out,)
        if saved:
            node.save(saved, outputs)
        for index, tensor in enumerate(outputs):
            tensor._set_history(node, index)
        if len(outputs) > 1:
            node.like = tuple([t._alias() for t in outputs])
    return out if _watch is None else _watch(out, inputs)


# ---- the engine ------------------------------------------------------------------------------


def _engine(
    roots: Sequence[tuple[Any, Tensor]],
    wanted: Sequence[Any] | None,
    retain_graph: bool,
    create_graph: bool,
) -> dict[Any, Tensor]:
    """Pushes cotangents from the roots' edges back; returns the gradient at each edge that was
    reached: of all leaves, or (with `wanted`) of these edges only, going nowhere else."""
    reaches = None if wanted is None else _nodes_that_reach(roots, wanted)
    targets = set() if wanted is None else {_key(edge) for edge in wanted}
    found: dict[Any, Tensor] = {}
    leaves: dict[int, Any] = {}
    pending: dict[Node, dict[int, Tensor]] = {}
    heap: list[tuple[int, Node]] = []

    def send(edge: Any, g: Tensor) -> None:
        if type(edge) is tuple:
            node, index = edge
            if reaches is not None and node not in reaches:
                return
            slots = pending.get(node)
            if slots is None:
                slots = pending[node] = {}
                heapq.heappush(heap, (-node.sequence, node))
            slots[index] = slots[index] + g if index in slots else g
        elif wanted is None or id(edge) in targets:
            key = id(edge)
            leaves[key] = edge
            found[key] = found[key] + g if key in found else g

    with set_grad_enabled(create_graph):
        for edge, g in roots:
            send(edge, g)
        while heap:
            _, node = heapq.heappop(heap)
            slots = pending.pop(node)
            for index, hooks in (node.hooks or {}).items():
                if index in slots:
                    slots[index] = _run_hooks(hooks, slots[index])
            for index, g in slots.items():
                if (node, index) in targets:
                    found[(node, index)] = g
            if reaches is not None and not reaches[node]:
                continue
            if node.vjp is None:
                node.saved_tensors  # noqa: B018 (raises that the graph was freed)
            for edge, gradient in zip(node.edges, _call_vjp(node, slots), strict=True):
                if edge is not None and gradient is not None:
                    send(edge, gradient)
            if not retain_graph:
                node.free()
        for key, leaf in leaves.items():
            if leaf._hooks:
                found[key] = _run_hooks(leaf._hooks, found[key])
    return {leaves.get(key, key): g for key, g in found.items()}


def _call_vjp(node: Node, slots: dict[int, Tensor]) -> Sequence[Tensor | None]:
    cotangents: list[Tensor | None]
    if node.like is None:
        cotangents = [slots[0]]
    else:
        cotangents = [slots.get(i) for i in range(len(node.like))]
        for i, t in enumerate(node.like):
            if i not in slots and t is not None:
                cotangents[i] = t.clone().fill_(0)
    assert node.vjp is not None
    result = node.vjp(node, *cotangents, *node.constants)
    gradients = result if isinstance(result, tuple) else (result,)
    if len(gradients) != len(node.edges):
        raise RuntimeError(
            f"{node}: expected {len(node.edges)} gradients, one an input, got {len(gradients)}"
        )
    return gradients


def _run_hooks(hooks: dict[object, Callable[[Tensor], Tensor | None]], g: Tensor) -> Tensor:
    for hook in list(hooks.values()):
        changed = hook(g)
        g = g if changed is None else checked_gradient("hook: gradient", changed, g.shape, g.dtype)
    return g


def _nodes_that_reach(
    roots: Sequence[tuple[Any, Tensor]], wanted: Sequence[Any]
) -> dict[Any, bool]:
    """The nodes from which a wanted edge is reached; the value: whether beyond their own output."""
    targets = {_key(edge) for edge in wanted}
    stack = [edge[0] for edge, _ in roots if type(edge) is tuple]
    seen = set(stack)
    while stack:
        for edge in stack.pop().edges:
            if type(edge) is tuple and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    at_output = {key[0] for key in targets if type(key) is tuple}
    reaches: dict[Any, bool] = {}
    for node in sorted(seen, key=lambda n: n.sequence):  # inputs come before outputs
        beyond = any(
            edge is not None
            and (_key(edge) in targets or (type(edge) is tuple and edge[0] in reaches))
            for edge in node.edges
        )
        if beyond or node in at_output:
            reaches[node] = beyond
    return reaches


def _roots(op: str, outputs: Any, cotangents: Any) -> list[tuple[Any, Tensor]]:
    if isinstance(outputs, _C.TensorBase) and cotangents is None:  # nearly always
        outputs, cotangents = (outputs,), (None,)
    else:
        from . import check

        outputs = check.tensors(f"{op}: outputs", outputs)
        if cotangents is None:
            cotangents = (None,) * len(outputs)
        cotangents = check.tensors(f"{op}: cotangents", cotangents, or_none=True)
    if len(cotangents) != len(outputs):
        raise ValueError(f"{op}: expected {len(outputs)} cotangents, got {len(cotangents)}")
    roots = []
    for out, g in zip(outputs, cotangents, strict=True):
        if not out.requires_grad:
            raise RuntimeError(f"{op}: the tensor of shape {out.shape} does not require grad")
        if g is None:
            if out.numel() != 1:
                raise RuntimeError(
                    f"{op}: expected a scalar output or a cotangent of its shape, "
                    f"got an output of shape {out.shape}"
                )
            g = _C.full(out.shape, 1, out.dtype)
        elif g.shape != out.shape:
            raise ValueError(f"{op}: expected a cotangent of shape {out.shape}, got {g.shape}")
        roots.append((_edge(out), g if g.dtype is out.dtype else g.cast(out.dtype)))
    return roots


def _references_of_a_local() -> int:
    x = object()
    return sys.getrefcount(x)


_REFERENCES_OF_A_LOCAL = _references_of_a_local()


def backward(
    outputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Adds the gradient of `outputs` (weighted by `grad_outputs`) to `.grad` of every leaf.

    Raises:
        RuntimeError: an output does not require grad, is no scalar and has no cotangent, or the
            graph was freed already.
    """
    retain = create_graph if retain_graph is None else retain_graph
    roots = _roots("backward", outputs, grad_outputs)
    found = _engine(roots, None, retain, create_graph)
    while found:
        leaf, g = found.popitem()
        if create_graph:
            leaf.grad = g if leaf.grad is None else leaf.grad + g
        elif leaf.grad is not None:
            with no_grad():
                leaf.grad.add_(g)
        elif sys.getrefcount(g) > _REFERENCES_OF_A_LOCAL or not g._owns_memory():
            leaf.grad = g._alias().clone()  # another leaf, a hook or the caller holds it too
        else:
            leaf.grad = g


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` (weighted by `grad_outputs`) with respect to `inputs`.

    `.grad` fields stay untouched.  With `create_graph=True` the result can be differentiated again.

    Raises:
        RuntimeError: as `backward`, and for an input that the outputs do not depend on unless
            `allow_unused=True` (which gives None for it).
    """
    from . import check

    inputs = check.tensors("grad: inputs", inputs)
    retain = create_graph if retain_graph is None else retain_graph
    edges = [_edge(x) for x in inputs]
    for i, edge in enumerate(edges):
        if edge is None:
            raise RuntimeError(f"grad: inputs[{i}] does not require grad")
    found = _engine(_roots("grad", outputs, grad_outputs), edges, retain, create_graph)
    by_key = {_key(edge): g for edge, g in found.items()}
    gradients = tuple([by_key.get(_key(edge)) for edge in edges])
    if not allow_unused and any(g is None for g in gradients):
        i = next(i for i, g in enumerate(gradients) if g is None)
        raise RuntimeError(f"grad: the outputs do not depend on inputs[{i}] (see allow_unused)")
    return gradients


def __getattr__(name: str) -> Any:
    if name == "functional":
        return importlib.import_module(".derivatives", __package__)
    for module, names in _LAZY.items():
        if name in names:
            return getattr(importlib.import_module(module, __package__), name)
    raise AttributeError(f"module 'fastdl.autograd' has no attribute {name!r}")
