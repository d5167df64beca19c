"""Losses of two classes: for probabilities and logits with targets in [0, 1], and for scores with
targets −1 and 1."""

from __future__ import annotations

from .. import _C, check
from ..autograd import Node, record
from ..tensor import Tensor
from .check_values import check_between, check_signs
from .copy import cast
from .loss import check_loss, check_weight, reduced, times
from .regression_loss import huber
from .unary import relu, softplus
from .where import where


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """-(target log(input) + (1 - target) log(1 - input)) of probabilities, logarithms no less than
    -100.

    The gradient is (input - target) / max(input (1 - input), 1e-12), as in PyTorch, so it stays
    finite.  A NaN in input or target gives NaN.

    Args:
        input, target: probabilities, of one shape; nothing is broadcast.
        weight: of each loss, or None; a shape that can be expanded to theirs.
        reduction: "mean" (over the elements), "sum" or "none".

    Raises:
        ValueError: a value is not in [0, 1], shapes differ, or the reduction is not known.
        TypeError: a dtype is not float32 or float64.
    """
    op = "binary_cross_entropy"
    check_loss(op, reduction, input=input, target=target)
    check_weight(op, "weight", weight, input.shape)
    check_between(f"{op}: input", input, 0.0, 1.0)
    check_between(f"{op}: target", target, 0.0, 1.0)
    losses = _cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def _cross_entropy(p: Tensor, t: Tensor) -> Tensor:
    yes, no = _log_of(_C.log(p)), _log_of(_C.log1p(_C.neg(p)))
    out = _C.neg(_C.add(_C.mul(t, yes), _C.mul(_C.sub(1.0, t), no)))
    return record(out, _cross_entropy_vjp, (p, t), (p, t))


def _log_of(logarithm: Tensor) -> Tensor:
    return _C.where(_C.lt(logarithm, -100.0), -100.0, logarithm)


def _cross_entropy_vjp(node: Node, g: Tensor) -> tuple[Tensor | None, ...]:
    p, t = node.saved_tensors
    need_p, need_t = node.needs_input_grad
    spread = p * (1 - p)
    slope = (p - t) / where(_C.lt(spread, 1e-12), 1e-12, spread)
    return (
        cast(g * slope, p.dtype) if need_p else None,
        cast(g * (_kept_log(1 - p) - _kept_log(p)), t.dtype) if need_t else None,
    )


def _kept_log(p: Tensor) -> Tensor:
    least = 3.720075976020836e-44  # exp(-100)
    return where(_C.le(p, least), -100.0, where(_C.le(p, least), 1.0, p).log())


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), in full precision for logits of any size.

    target pos_weight log(1 + exp(-input)) + (1 - target) log(1 + exp(input)); a term whose
    coefficient is 0 counts nothing, also where its logarithm is infinite.

    Args:
        input, target: logits and probabilities, of one shape; nothing is broadcast.
        weight: of each loss, or None; a shape that can be expanded to theirs.
        reduction: "mean" (over the elements), "sum" or "none".
        pos_weight: of the positive part, or None; a shape that can be expanded to theirs.

    Raises:
        ValueError: shapes differ, or the reduction is not known.
        TypeError: a dtype is not float32 or float64.
    """
    op = "binary_cross_entropy_with_logits"
    check_loss(op, reduction, input=input, target=target)
    check_weight(op, "weight", weight, input.shape)
    check_weight(op, "pos_weight", pos_weight, input.shape)
    positive = target if pos_weight is None else target * pos_weight
    losses = times(positive, softplus(-input)) + times(1 - target, softplus(input))
    return reduced(losses if weight is None else losses * weight, reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """`binary_cross_entropy_with_logits`, averaged over the last dimension, the classes.

    Args and errors as there; `weight` of each class, (classes,).
    """
    op = "multilabel_soft_margin_loss"
    check_loss(op, reduction, input=input, target=target)
    if input.ndim == 0:
        raise ValueError(f"{op}: input: expected at least 1 dimension, got shape ()")
    check_weight(op, "weight", weight, input.shape)
    losses = binary_cross_entropy_with_logits(input, target, weight, "none")
    return reduced(losses.mean(-1), reduction)


# ---- targets −1 and 1 ------------------------------------------------------------------------


def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target input)), the logistic loss, without overflow.

    Args:
        input, target: scores, and −1 or 1 (floats or ints), of one shape; nothing is broadcast.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: a target is neither −1 nor 1, shapes differ, or an option does not fit.
        TypeError: input is not float32 or float64.
    """
    target = signs("soft_margin_loss", input, target, reduction)
    return reduced(softplus(-target * input), reduction)


def hinge_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """max(0, margin - target input).  Arguments and errors: `soft_margin_loss`."""
    target = signs("hinge_loss", input, target, reduction)
    check.number("hinge_loss: margin", margin, -float("inf"), float("inf"))
    return reduced(relu(margin - target * input), reduction)


def squared_hinge_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """max(0, margin - target input)².  Arguments and errors: `soft_margin_loss`."""
    target = signs("squared_hinge_loss", input, target, reduction)
    check.number("squared_hinge_loss: margin", margin, -float("inf"), float("inf"))
    short = relu(margin - target * input)
    return reduced(short * short, reduction)


def modified_huber_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """max(0, 1 - z)² for z = target input from -1 on, and -4 z below.

    Zhang, "Solving large scale linear prediction problems using stochastic gradient descent
    algorithms", ICML 2004; scikit-learn's `modified_huber`.  Arguments and errors:
    `soft_margin_loss`.
    """
    target = signs("modified_huber_loss", input, target, reduction)
    return reduced(2 * huber(relu(1 - target * input), 2.0), reduction)


def signs(op: str, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The target in the dtype of input, checked to be of −1 and 1 and of input's shape."""
    target = cast(check.tensor(f"{op}: target", target), check.tensor(f"{op}: input", input).dtype)
    check_loss(op, reduction, input=input, target=target)
    check_signs(f"{op}: target", target)
    return target
