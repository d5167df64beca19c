"""Derivatives of functions: products with the Jacobian and the Hessian, and both whole.

Each takes `func` and `inputs`, a float tensor or a tuple of them, as `torch.autograd.functional`
does.  `func` is called with detached copies, so gradients recorded outside stay untouched; with
`create_graph=True` it is called with the inputs themselves, and results can be differentiated.
Where an output does not depend on an input the result is zero, or with `strict=True` a
RuntimeError.  Results are tensors where `inputs` (and what `func` returns) is one, else tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import autograd, check
from .ops.cat import stack
from .ops.create import ones, ones_like, zeros, zeros_like
from .tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs and vᵀJ, a gradient for each input.

    Args:
        v: of the outputs' shapes; may be left out if there is one output of one element.

    Raises:
        TypeError, ValueError: an input, an output or `v` is no float tensor or of a wrong shape.
        RuntimeError: with `strict=True`, an output does not depend on an input.
    """
    call = _Call("vjp", func, inputs, create_graph)
    gradients = call.pull(call.cotangents(v), create_graph, strict)
    return call.packed_outputs(), call.like_inputs(gradients)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs and Jv, the derivative of each output in the direction v.

    vᵀJ is linear in v, so its own vjp is Jv (Townsend 2017, "A new trick for calculating Jacobian
    vector products").  Arguments and errors as `vjp`; `v` is of the inputs' shapes.
    """
    call = _Call("jvp", func, inputs, create_graph)
    directions = call.directions(v)
    probes = [zeros_like(y).requires_grad_() for y in call.outputs]
    gradients = call.pull(probes, True, strict)
    derivatives = _gradients(gradients, directions, probes, create_graph)
    return call.packed_outputs(), call.like_outputs(derivatives)


def jacobian(func: Function, inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """The Jacobian of each output at each input, of shape (*output.shape, *input.shape); several
    outputs and several inputs give a tuple of tuples.  Errors as `vjp`."""
    call = _Call("jacobian", func, inputs, create_graph)
    rows = [call.jacobian_of(y, create_graph, strict) for y in call.outputs]
    return call.like_outputs([call.like_inputs(row) for row in rows])


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output of `func`, one element, and Hv: the gradient's derivative in the direction v.

    Computed as the gradient of gᵀv (Pearlmutter 1994).  Arguments and errors as `vjp`; `v` is of
    the inputs' shapes.
    """
    call = _Call("hvp", func, inputs, create_graph)
    directions = call.directions(v)
    gradients = call.pull(call.scalar(), True, strict)
    products = _gradients(gradients, directions, call.inputs, create_graph, strict and "hvp")
    return call.packed_outputs(), call.like_inputs(products)


vhp = hvp  # the Hessian is symmetric


def hessian(func: Function, inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """The Hessian of `func`, whose output has one element, of shape (*input.shape, *input.shape);
    of several inputs a tuple of tuples of (*first.shape, *second.shape).  Errors as `vjp`."""
    call = _Call("hessian", func, inputs, create_graph)
    gradients = call.pull(call.scalar(), True, strict)
    rows = [call.jacobian_of(g, create_graph, strict) for g in gradients]
    return call.like_inputs([call.like_inputs(row) for row in rows])


class _Call:
    """One call of `func`, and the shape of what went in and came out."""

    def __init__(self, name: str, func: Function, inputs: Any, create_graph: bool) -> None:
        self.name = name
        self.one_input = isinstance(inputs, Tensor)
        given = _floats(f"{name}: inputs", inputs)
        with autograd.enable_grad():
            if create_graph:  # an own node for each, where the graph of this call ends
                self.inputs = [x.view(x.shape) if x.requires_grad else _leaf(x) for x in given]
            else:
                self.inputs = [_leaf(x) for x in given]
            outputs = func(*self.inputs)
        self.one_output = isinstance(outputs, Tensor)
        self.outputs = _floats(f"{name}: outputs of func", outputs)
        self.create_graph = create_graph

    def cotangents(self, v: Any) -> list[Tensor]:
        return _vectors(self.name, v, self.outputs, "the outputs")

    def directions(self, v: Any) -> list[Tensor]:
        return _vectors(self.name, v, self.inputs, "the inputs")

    def scalar(self) -> list[Tensor]:
        """The cotangent of an output that has one element."""
        if not self.one_output or self.outputs[0].numel() != 1:
            shapes = ", ".join(str(y.shape) for y in self.outputs)
            raise ValueError(
                f"{self.name}: func: expected one output of one element, got shape {shapes}"
            )
        return [ones_like(self.outputs[0])]

    def pull(self, cotangents: Sequence[Tensor], create_graph: bool, strict: bool) -> list[Tensor]:
        """The gradients at the inputs."""
        refuses = strict and self.name
        return _gradients(self.outputs, cotangents, self.inputs, create_graph, refuses)

    def jacobian_of(self, y: Tensor, create_graph: bool, strict: bool) -> list[Tensor]:
        """The Jacobian of `y` at each input, row by row."""
        refuses, one = strict and self.name, ones((), dtype=y.dtype)
        with autograd.enable_grad():
            flat = y.reshape(-1)
            rows = [
                _gradients([flat[k]], [one], self.inputs, create_graph, refuses)
                for k in range(y.numel())
            ]
            return [
                stack([row[i] for row in rows]).reshape(*y.shape, *x.shape)
                if rows
                else zeros(*y.shape, *x.shape, dtype=x.dtype)
                for i, x in enumerate(self.inputs)
            ]

    def packed_outputs(self) -> Any:
        kept = self.outputs if self.create_graph else [y.detach() for y in self.outputs]
        return self.like_outputs(kept)

    def like_inputs(self, values: Sequence[Any]) -> Any:
        return values[0] if self.one_input else tuple(values)

    def like_outputs(self, values: Sequence[Any]) -> Any:
        return values[0] if self.one_output else tuple(values)


def _leaf(x: Tensor) -> Tensor:
    return x.detach().clone().requires_grad_()


def _floats(where: str, values: Any) -> list[Tensor]:
    listed = list(check.tensors(where, values))
    for x in listed:
        if not x.dtype.is_floating_point:
            raise TypeError(f"{where}: expected a float dtype, got {x.dtype.name}")
    return listed


def _vectors(name: str, v: Any, like: Sequence[Tensor], whose: str) -> list[Tensor]:
    if v is None:
        if len(like) == 1 and like[0].numel() == 1:
            return [ones_like(like[0])]
        raise ValueError(f"{name}: v: expected tensors of the shapes of {whose}, got None")
    vectors = _floats(f"{name}: v", v)
    if len(vectors) != len(like):
        raise ValueError(f"{name}: v: expected {len(like)} tensors, got {len(vectors)}")
    for x, y in zip(vectors, like, strict=True):
        if x.shape != y.shape:
            raise ValueError(f"{name}: v: expected shape {y.shape}, got {x.shape}")
    return vectors


def _gradients(
    outputs: Sequence[Tensor],
    cotangents: Sequence[Tensor],
    inputs: Sequence[Tensor],
    create_graph: bool,
    refuses: str | bool = False,
) -> list[Tensor]:
    """Gradients with zeros where there is none; `refuses` names the op that takes no such zeros."""
    pairs = [(y, v) for y, v in zip(outputs, cotangents, strict=True) if y.requires_grad]
    found: Sequence[Tensor | None] = [None] * len(inputs)
    if pairs:
        ys, vs = zip(*pairs, strict=True)
        found = autograd.grad(ys, inputs, vs, True, create_graph, allow_unused=True)
    if refuses and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise RuntimeError(f"{refuses}: strict: the outputs do not depend on inputs[{i}]")
    return [zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True)]
