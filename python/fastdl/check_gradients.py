"""gradcheck and gradgradcheck: derivatives against numeric differences, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import autograd
from .dtypes import float64
from .ops.create import from_numpy
from .tensor import Tensor


class GradcheckError(RuntimeError):
    """A derivative that does not agree with numeric differences."""


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, list | tuple) else (x,)


def _checked_inputs(name: str, inputs: Any) -> tuple[Any, ...]:
    inputs = _tuple(inputs)
    wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(f"{name}: inputs: expected at least one tensor that requires grad")
    for i, x in enumerate(inputs):
        if isinstance(x, Tensor) and x.requires_grad and x.dtype is not float64:
            raise TypeError(
                f"{name}: inputs[{i}]: expected dtype float64 (numeric differences need its "
                f"precision), got {x.dtype.name}"
            )
    return inputs


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> list[Tensor]:
    """The outputs that can have a gradient."""
    outputs = _tuple(func(*inputs))
    return [y for y in outputs if isinstance(y, Tensor) and y.dtype.is_floating_point]


def _numeric(func: Callable[..., Any], inputs: Sequence[Any], i: int, eps: float) -> list[Any]:
    """The Jacobian of each output at inputs[i], by central differences: arrays (elements of the
    input, elements of the output)."""
    x = inputs[i].detach().numpy().copy()
    flat, rows = x.reshape(-1), []
    for k in range(flat.size):
        kept, values = flat[k], []
        for at in (kept + eps, kept - eps):
            flat[k] = at
            moved = from_numpy(x.copy()).requires_grad_()
            args = [moved if j == i else a for j, a in enumerate(inputs)]
            values.append([y.detach().numpy().reshape(-1).copy() for y in _outputs(func, args)])
        flat[k] = kept
        rows.append([(above - below) / (2 * eps) for above, below in zip(*values, strict=True)])
    return [np.array(column) for column in zip(*rows, strict=True)]


def _analytic(output: Tensor, inputs: Sequence[Tensor]) -> list[Any]:
    """The Jacobian of the output at each input, by one backward pass per element of the output."""
    size = output.numel()
    jacobians = [np.zeros((x.numel(), size)) for x in inputs]
    if not output.requires_grad:
        return jacobians
    for k in range(size):
        cotangent = np.zeros(size)
        cotangent[k] = 1
        gradients = autograd.grad(
            output, inputs, from_numpy(cotangent.reshape(output.shape)), True, allow_unused=True
        )
        for jacobian, g in zip(jacobians, gradients, strict=True):
            if g is not None:
                jacobian[:, k] = g.detach().numpy().reshape(-1)
    return jacobians


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of `func(*inputs)` agree with central differences.

    Looks at every element of every output and of every input that requires grad (float64).

    Raises:
        GradcheckError: they do not agree, unless `raise_exception=False`.
        TypeError: an input that requires grad is not float64.  ValueError: no input requires grad.
    """
    inputs = _checked_inputs("gradcheck", inputs)
    wanted = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    with autograd.enable_grad():
        outputs = _outputs(func, inputs)
        analytic = [_analytic(y, [inputs[i] for i in wanted]) for y in outputs]
        for n, i in enumerate(wanted):
            numeric = _numeric(func, inputs, i, eps)
            for o, expected in enumerate(numeric):
                got = analytic[o][n]
                good = np.abs(got - expected) <= atol + rtol * np.abs(expected)
                if good.all():
                    continue
                if not raise_exception:
                    return False
                row, column = (int(k) for k in np.argwhere(~good)[0])
                at_input = tuple(map(int, np.unravel_index(row, inputs[i].shape)))
                at_output = tuple(map(int, np.unravel_index(column, outputs[o].shape)))
                raise GradcheckError(
                    f"gradcheck: {int((~good).sum())} of {good.size} derivatives are wrong, the "
                    f"first of output {o} at {at_output} with respect to input {i} at {at_input}: "
                    f"numeric {expected[row, column]:.9g}, analytic {got[row, column]:.9g}"
                )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the second derivatives of `func(*inputs)` agree with differences of the first.

    `grad_outputs` are the cotangents at which the first derivative is taken (random by default);
    they are differentiated too.  Errors as in `gradcheck`.
    """
    inputs = _checked_inputs("gradgradcheck", inputs)
    outputs = [y for y in _outputs(func, inputs) if y.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        arrays = [np.asarray(rng.standard_normal(y.shape)) for y in outputs]
        grad_outputs = [from_numpy(a).requires_grad_() for a in arrays]
    cotangents = _tuple(grad_outputs)
    if len(cotangents) != len(outputs):
        raise ValueError(
            f"gradgradcheck: grad_outputs: expected {len(outputs)} cotangents, "
            f"got {len(cotangents)}"
        )

    def first(*args: Any) -> tuple[Tensor, ...]:
        at, weights = args[: len(inputs)], args[len(inputs) :]
        roots = [y for y in _outputs(func, at) if y.requires_grad]
        leaves = [x for x in at if isinstance(x, Tensor) and x.requires_grad]
        found = autograd.grad(roots, leaves, weights, create_graph=True, allow_unused=True)
        return tuple([x * 0 if g is None else g for x, g in zip(leaves, found, strict=True)])

    return gradcheck(first, (*inputs, *cotangents), eps, atol, rtol, raise_exception)
