"""Custom differentiable functions."""

from __future__ import annotations

from typing import Any

from .autograd import Node
from .grad_mode import enable_grad, is_grad_enabled, no_grad
from .hooks import checked_gradient
from .inplace import changed_in_place, check_in_place
from .tensor import Tensor


class _Context(Node):
    """The `ctx` of a `Function`: a node that also takes attributes of the user's."""

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """What `ctx.saved_tensors` gives in backward: inputs, outputs, other tensors, None."""
        self.to_save = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """These inputs are changed in place by forward, and returned by it.

        Raises:
            RuntimeError: one is a leaf that requires grad.
        """
        with enable_grad():
            for tensor in tensors:
                check_in_place("mark_dirty", tensor)
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """These outputs have no gradient; backward gets zeros for them."""
        self.constant_outputs = tensors


class Function:
    """A differentiable function of your own, as in PyTorch.

    Derive from it, write `forward(ctx, *args)` and `backward(ctx, *grad_outputs)` as static
    methods, and call `YourFunction.apply(*args)`.  `forward` runs unrecorded; `backward` returns
    one gradient (or None) per argument of `forward`, and is recorded under `create_graph=True`.
    Instead `forward(*args)` may do without ctx, and `setup_context(ctx, inputs, output)` save.
    """

    @staticmethod
    def forward(*args: Any) -> Any:
        raise NotImplementedError("Function: forward(ctx, *args) is missing")

    setup_context: Any = None

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("Function: backward(ctx, *grad_outputs) is missing")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        likes = [(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in args]
        ctx = _Context(_checked_backward, args, (cls, likes))
        with no_grad():
            if cls.setup_context is None:
                out = cls.forward(ctx, *args)
            else:
                out = cls.forward(*args)
                cls.setup_context(ctx, args, out)
        if not (any(ctx.needs_input_grad) and is_grad_enabled()):
            return out
        marks = ctx.__dict__  # taken out of it: kept, they would be cycles
        dirty = {id(x) for x in marks.pop("dirty", ())}
        constant = {id(x) for x in marks.pop("constant_outputs", ())}
        inputs = {id(x) for x in args} - dirty
        outputs = []
        for index, x in enumerate(out if isinstance(out, tuple) else (out,)):
            if isinstance(x, Tensor) and id(x) not in constant:
                linked = x._alias() if id(x) in inputs or id(x) in dirty else x
                linked._set_history(ctx, index)
                x = changed_in_place(x, linked) if id(x) in dirty else linked
            outputs.append(x)
        ctx.save(marks.pop("to_save", ()), outputs)
        if len(outputs) > 1:
            ctx.like = tuple([x._alias() if isinstance(x, Tensor) else None for x in outputs])
        return tuple(outputs) if isinstance(out, tuple) else outputs[0]


def _checked_backward(ctx: _Context, *rest: Any) -> tuple[Any, ...]:
    *cotangents, cls, likes = rest
    gradients = cls.backward(ctx, *cotangents)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    if len(gradients) != len(likes):
        raise RuntimeError(
            f"{cls.__name__}.backward: expected {len(likes)} gradients, one an argument of "
            f"forward, got {len(gradients)}"
        )
    checked: list[Any] = []
    for i, (g, like, needed) in enumerate(zip(gradients, likes, ctx.needs_input_grad, strict=True)):
        where = f"{cls.__name__}.backward: gradient {i}"
        checked.append(checked_gradient(where, g, *like) if needed and g is not None else None)
    return tuple(checked)
