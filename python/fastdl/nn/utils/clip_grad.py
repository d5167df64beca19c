"""Gradients that are too large, made smaller: against cliffs and explosions.

All of it may stand in a compiled step, but for `error_if_nonfinite=True`, which reads the norm.
"""

from __future__ import annotations

import math
from typing import Any

from ... import _C, check
from ...grad_mode import no_grad
from ...tensor import Tensor

_KINDS = {math.inf: 0, 1.0: 1, 2.0: 2}  # the norms that have a kernel


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Tensor:
    """The norm of all the tensors taken as one vector; of none 0.

    Computed in float64, so that the squares of float32 do not overflow.

    Args:
        tensors: a tensor of floats, or several.
        norm_type: above 0; inf for the largest magnitude.
        error_if_nonfinite: whether to raise where the norm is infinite or NaN.
        foreach: is ignored.

    Returns:
        A float64 tensor of shape ().

    Raises:
        TypeError: no tensors of floats; norm_type is no number.
        ValueError: norm_type is not above 0.
        RuntimeError: the norm is not finite, if that is asked for.
    """
    listed = list(check.tensors("get_total_norm: tensors", tensors))
    return _total_norm("get_total_norm", listed, norm_type, error_if_nonfinite)


def _total_norm(name: str, tensors: list[Tensor], norm_type: Any, finite: bool) -> Tensor:
    p = float(norm_type) if norm_type in ("inf", math.inf) else norm_type
    if check.number(f"{name}: norm_type", p, 0, math.inf) == 0:
        raise ValueError(f"{name}: norm_type: expected a number above 0, got 0")
    with no_grad():
        if p in _KINDS:
            norm = _C.norm_of(tensors, _KINDS[p])
        else:
            norm = _C.full((), 0, _C.DType.float64)
            for x in tensors:
                norm = norm + (abs(x.double()) ** p).sum()
            norm = norm ** (1 / p)
        if finite and not math.isfinite(norm.item()):
            raise RuntimeError(
                f"{name}: expected a finite norm (error_if_nonfinite), got {norm.item()}"
            )
    return norm


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: Any = None,
) -> Tensor:
    """Scales all gradients, as one vector, down to a norm of at most `max_norm`.

    Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
    As in PyTorch the factor is max_norm / (norm + 1e-6), at most 1; an infinite norm makes it 0
    (and infinite gradients NaN), a NaN makes all gradients NaN.

    Args:
        parameters: a tensor, or several; those without gradient are left out.
        max_norm: at least 0.
        norm_type, error_if_nonfinite, foreach: as in `get_total_norm`.

    Returns:
        The norm before, as `get_total_norm` gives it.

    Raises: as `get_total_norm`, before anything is changed; ValueError for a max_norm below 0.
    """
    check.number("clip_grad_norm_: max_norm", max_norm, 0, math.inf)
    grads = _gradients("clip_grad_norm_", parameters)
    norm = _total_norm("clip_grad_norm_", grads, norm_type, error_if_nonfinite)
    _scale(grads, max_norm, norm)
    return norm


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Tensor, foreach: Any = None
) -> None:
    """`clip_grad_norm_` with a norm that is known already.

    Raises: as `clip_grad_norm_`; TypeError where total_norm is no tensor.
    """
    check.number("clip_grads_with_norm_: max_norm", max_norm, 0, math.inf)
    norm = check.tensor("clip_grads_with_norm_: total_norm", total_norm)
    if norm.numel() != 1:
        raise ValueError(
            f"clip_grads_with_norm_: total_norm: expected one number, got shape {norm.shape}"
        )
    _scale(_gradients("clip_grads_with_norm_", parameters), max_norm, norm)


def _scale(grads: list[Tensor], max_norm: float, norm: Tensor) -> None:
    with no_grad():
        _C.scale_(grads, _C.minimum(max_norm / (norm.double() + 1e-6), 1.0))


def clip_grad_value_(parameters: Any, clip_value: float, foreach: Any = None) -> None:
    """Cuts every element of the gradients to [−clip_value, clip_value]; NaN stays.

    Args:
        parameters: a tensor, or several; those without gradient are left out.
        clip_value: at least 0.
        foreach: is ignored.

    Raises:
        TypeError: no tensors; clip_value is no number. ValueError: it is below 0.
    """
    bound = float(check.number("clip_grad_value_: clip_value", clip_value, 0, math.inf))
    with no_grad():
        for grad in _gradients("clip_grad_value_", parameters):
            grad.copy_(_C.minimum(_C.maximum(grad, -bound), bound))


def _gradients(name: str, parameters: Any) -> list[Tensor]:
    listed = check.tensors(f"{name}: parameters", parameters)
    return [p.grad.detach() for p in listed if p.grad is not None]
