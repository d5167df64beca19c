"""Cross-entropy of logits with classes or class probabilities.  Formula, and what happens at ±inf,
NaN and ignored rows: csrc/ops/cross_entropy.h."""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .loss import check_reduction, reduced, times
from .softmax import log_softmax, softmax, softmax_backward
from .view import permute, reshape, unsqueeze
from .where import where


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input)[target], by PyTorch's definitions.

    Args:
        input: logits, (classes,), (batch, classes) or (batch, classes, ...).
        target: classes as int64 or int32, of input's shape without its classes; or probabilities,
            of input's shape and dtype.
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (over the sum of the targets' weights; for probabilities over the batch),
            "sum" or "none".
        label_smoothing: the share of the target that is spread evenly over the classes.

    Of no targets, or ignored ones only, the mean is NaN and its gradient 0.

    Raises:
        IndexError: a target is no class. ValueError: a shape or option does not fit; a target is
            never broadcast. TypeError: a dtype does not fit.
    """
    _check(input, target, weight, reduction, label_smoothing)
    if target.dtype.is_floating_point:
        if ignore_index >= 0:
            raise ValueError(
                "cross_entropy: ignore_index: expected none with class probabilities, "
                f"got {ignore_index}"
            )
        return _of_probabilities(input, target, weight, reduction, label_smoothing)
    if weight is not None and weight.requires_grad:
        raise ValueError("cross_entropy: weight: expected no gradient to be needed; detach() it")
    if input.ndim > 2:
        input = permute(input, (0, *range(2, input.ndim), 1))
    loss, stats, scale = _C.cross_entropy(
        input, target, weight, ignore_index, reduction, label_smoothing
    )
    saved = (input, target, weight, stats, scale)
    return record(loss, _cross_entropy_vjp, (input,), saved, ignore_index, label_smoothing)


def _check(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> None:
    check.tensor("cross_entropy: input", input)
    check.tensor("cross_entropy: target", target)
    if weight is not None:
        check.tensor("cross_entropy: weight", weight)
    if not input.dtype.is_floating_point:
        raise TypeError(
            f"cross_entropy: input: expected dtype float32 or float64, got {input.dtype.name}"
        )
    if input.ndim == 0:
        raise ValueError("cross_entropy: input: expected at least 1 dimension, got shape ()")
    logits, at = input.shape, _class_dim(input)
    if target.dtype.is_floating_point:
        if target.dtype is not input.dtype:
            raise TypeError(
                f"cross_entropy: target: expected probabilities of dtype {input.dtype.name}, "
                f"got {target.dtype.name}"
            )
        shape, what = logits, "probabilities"
    else:
        shape, what = logits[:at] + logits[at + 1 :], "classes"
    if target.shape != shape:
        raise ValueError(
            f"cross_entropy: target: expected {what} of shape {shape} for logits of shape "
            f"{logits}, got {target.shape}"
        )
    if weight is not None and weight.shape != (logits[at],):
        raise ValueError(
            f"cross_entropy: weight: expected shape ({logits[at]},), got {weight.shape}"
        )
    check_reduction("cross_entropy", reduction)
    check.number("cross_entropy: label_smoothing", label_smoothing, 0, 1)


def _class_dim(input: Tensor) -> int:
    return 1 if input.ndim > 1 else 0


def _cross_entropy_vjp(node: Node, g: Tensor, ignore_index: int, label_smoothing: float) -> Tensor:
    input, target, weight, stats, scale = node.saved_tensors
    if scale is not None:
        g = g * scale
    return cross_entropy_backward(g, input, target, weight, stats, ignore_index, label_smoothing)


def cross_entropy_backward(
    g: Tensor,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    stats: Tensor,
    ignore_index: int,
    label_smoothing: float,
) -> Tensor:
    """The gradient at the logits (classes last): a row's is g times that of its loss.

    `g` is one number or one per row; `stats` is what the loss's kernel found out about the rows.
    """
    constants = (ignore_index, label_smoothing)
    out = _C.cross_entropy_backward(g, input, target, weight, stats, *constants)
    saved = (g, input, target, weight, stats)
    return record(out, _cross_entropy_backward_vjp, (g, input), saved, *constants)


def _cross_entropy_backward_vjp(
    node: Node, h: Tensor, ignore_index: int, label_smoothing: float
) -> tuple[Tensor | None, ...]:
    """The gradient of a row is g (factor softmax(x) - constants)."""
    g, input, target, weight, stats = node.saved_tensors
    need_g, need_input = node.needs_input_grad
    grad_g = grad_input = None
    if need_g:
        one = _C.full((), 1.0, g.dtype)
        unit = cross_entropy_backward(
            one, input, target, weight, stats, ignore_index, label_smoothing
        )
        rows = (h * unit).sum(-1)
        grad_g = rows if g.shape == rows.shape else rows.sum()
    if need_input:
        factor = reshape(stats[2], (*target.shape, 1))
        counted = unsqueeze(_C.ne(target, ignore_index), -1)
        y = softmax(where(counted, input, 0.0), -1)
        grad_input = softmax_backward(h * (unsqueeze(g, -1) * factor), y, -1)
    return grad_g, grad_input


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> Tensor:
    """-Σ target · weight · log softmax(input), where 0 · log 0 is 0."""
    dim = _class_dim(input)
    classes = input.shape[dim]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    terms = times(target, log_softmax(input, dim))
    if weight is not None:
        terms = terms * reshape(weight, (classes, *[1] * (input.ndim - dim - 1)))
    return reduced(-terms.sum(dim), reduction)
