"""Custom differentiable functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .autograd import Node, needs_grad
from .grad_mode import no_grad

if TYPE_CHECKING:
    from .tensor import Tensor


class _Context(Node):
    """The `ctx` of a `Function`: a node that also takes attributes of the user's."""

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        self.to_save = tensors


def _function_vjp(ctx: _Context, *rest: Any) -> tuple[Any, ...]:
    *cotangents, cls, shapes = rest
    result = cls.backward(ctx, *cotangents)
    gradients = result if isinstance(result, tuple) else (result,)
    for i, (g, shape) in enumerate(zip(gradients, shapes, strict=False)):
        if g is not None and shape is not None and g.shape != shape:
            raise RuntimeError(
                f"{cls.__name__}.backward: gradient {i}: expected shape {shape}, got {g.shape}"
            )
    return gradients


class Function:
    """A differentiable function of your own, as in PyTorch.

    Derive from it, write `forward(ctx, *args)` and `backward(ctx, *grad_outputs)` as static
    methods, and call `YourFunction.apply(*args)`.  `forward` runs unrecorded; `backward` returns
    one gradient (or None) per argument of `forward`, and is recorded under `create_graph=True`.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("Function: forward(ctx, *args) is missing")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("Function: backward(ctx, *grad_outputs) is missing")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        shapes = [getattr(x, "shape", None) for x in args]
        ctx = _Context(_function_vjp, args, (cls, shapes))
        with no_grad():
            out = cls.forward(ctx, *args)
        if not needs_grad(*args):
            return out
        outputs = out if isinstance(out, tuple) else (out,)
        outputs = tuple([t._alias() if any(t is a for a in args) else t for t in outputs])
        ctx.save(ctx.__dict__.pop("to_save", ()), outputs)  # kept, it would be a cycle
        for index, tensor in enumerate(outputs):
            tensor._set_history(ctx, index)
        if len(outputs) > 1:
            ctx.like = tuple([t._alias() for t in outputs])
        return outputs if isinstance(out, tuple) else outputs[0]
