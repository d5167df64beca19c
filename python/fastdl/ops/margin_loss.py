"""Losses that ask for a margin: between classes, between pairs, and between distances."""

from __future__ import annotations

import math

from .. import _C, check
from ..autograd import Node, needs_grad, record
from ..tensor import Tensor
from .binary import minimum
from .binary_loss import signs
from .cat import cat
from .copy import cast
from .create import arange
from .distance import cosine_similarity, pairwise_distance
from .index import gather, index_select, scatter_add
from .loss import check_loss, check_reduction, reduced
from .scan import cumsum
from .unary import relu
from .view import reshape, unsqueeze
from .where import where

_PIECE = 1 << 20  # so many pairs of classes at a time


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ weight[target] max(0, margin - input[target] + input[i])^p / classes over i ≠ target.

    Args:
        input: scores, (classes,) or (batch, classes).
        target: classes as int64 or int32, () or (batch,).
        p: 1 or 2.
        margin: how much higher the score of the target should be.
        weight: of each class, (classes,).
        reduction: "mean", "sum" or "none".

    Raises:
        IndexError: a target is no class. ValueError: a shape or option does not fit.
        TypeError: a dtype does not fit.
    """
    op = "multi_margin_loss"
    check.float_tensor(f"{op}: input", input)
    check.tensor(f"{op}: target", target)
    check_reduction(op, reduction)
    check.number(f"{op}: margin", margin, -math.inf, math.inf)
    if p not in (1, 2):
        raise ValueError(f"{op}: p: expected 1 or 2, got {p}")
    if input.ndim not in (1, 2):
        raise ValueError(
            f"{op}: input: expected shape (classes,) or (batch, classes), got {input.shape}"
        )
    rows, classes = input.shape[:-1], input.shape[-1]
    if target.shape != rows:
        raise ValueError(
            f"{op}: target: expected classes of shape {rows} for input of shape {input.shape}, "
            f"got {target.shape}"
        )
    if weight is not None:
        check.float_tensor(f"{op}: weight", weight)
        if weight.shape != (classes,):
            raise ValueError(f"{op}: weight: expected shape ({classes},), got {weight.shape}")
    target = _C.class_targets(op, target, classes, 0)
    if not target.numel():
        return reduced(input.sum(-1), reduction)
    at = unsqueeze(target, -1)
    short = relu(margin - gather(input, -1, at) + input)
    short = short if p == 1 else short * short
    if weight is not None:
        short = short * reshape(index_select(weight, 0, reshape(at, (at.numel(),))), at.shape)
    others = _C.ne(arange(classes), at)
    return reduced(where(others, short, 0.0).sum(-1) / classes, reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Σ max(0, 1 - input[j] + input[i]) / classes over targets j and other classes i.

    Args:
        input: scores, (classes,) or (batch, classes).
        target: int64 or int32, of input's shape: the classes of a row, up to the first −1.
        reduction: "mean", "sum" or "none".

    Raises:
        IndexError: a target is no class. ValueError: the shapes differ, or the reduction is not
        known. TypeError: a dtype does not fit.
    """
    op = "multilabel_margin_loss"
    check.float_tensor(f"{op}: input", input)
    check.tensor(f"{op}: target", target)
    check_reduction(op, reduction)
    if input.ndim not in (1, 2):
        raise ValueError(
            f"{op}: input: expected shape (classes,) or (batch, classes), got {input.shape}"
        )
    if target.shape != input.shape:
        raise ValueError(
            f"{op}: target: expected the shape {input.shape} of input, got {target.shape}"
        )
    classes = input.shape[-1]
    if not target.numel():
        return reduced(input.sum(-1), reduction)
    target = _C.class_targets(op, target, classes, -1)
    counted = _C.eq(cumsum(cast(_C.lt(target, 0), target.dtype), -1), 0)
    at = _C.where(counted, target, 0)
    none = _C.full(input.shape, 0, target.dtype)
    is_other = _C.eq(scatter_add(none, -1, at, cast(counted, target.dtype)), 0)
    shape = (target.numel() // classes, classes)
    rows = [reshape(z, shape) for z in (input.detach(), at, counted, is_other)]
    total, slope = _over_pairs(rows, needs_grad(input))
    total = record(reshape(total, input.shape[:-1]), _over_pairs_vjp, (input,), (slope,))
    return reduced(total / classes, reduction)


def _over_pairs(rows: list[Tensor], with_slope: bool) -> tuple[Tensor, Tensor | None]:
    """Σ max(0, 1 - x[j] + x[i]) over counted targets j and others i of each row, and its
    derivative, which is constant between its jumps; about 2²⁰ of the pairs at a time."""
    n, classes = rows[0].shape
    step = max(1, _PIECE // classes**2)
    parts = []
    for first in range(0, n, step):
        x, at, counted, is_other = [_C.index(z, (slice(first, first + step),)) for z in rows]
        parts.append(_pairs_of_rows(x, at, counted, is_other, with_slope))
    totals, slopes = zip(*parts, strict=True)
    return cat(totals), cat(slopes) if with_slope else None


def _pairs_of_rows(
    x: Tensor, at: Tensor, counted: Tensor, is_other: Tensor, with_slope: bool
) -> tuple[Tensor, Tensor]:
    total, slope = _C.full(x.shape[:-1], 0, x.dtype), _C.full(x.shape, 0, x.dtype)
    step = max(1, _PIECE // x.numel())
    for first in range(0, x.shape[-1], step):
        piece = (..., slice(first, first + step))
        places = _C.index(at, piece)
        scores = _C.unsqueeze(gather(x, -1, places), -1)
        pairs = _C.logical_and(_C.unsqueeze(_C.index(counted, piece), -1),
                               _C.unsqueeze(is_other, -2))  # fmt: skip
        short = _C.where(pairs, 1 - scores + _C.unsqueeze(x, -2), 0.0)
        total = total + relu(short).sum((-2, -1))
        if with_slope:
            active = _C.cast(_C.logical_not(_C.le(short, 0)), x.dtype)  # NaN, too
            slope = scatter_add(slope + active.sum(-2), -1, places, -active.sum(-1))
    return total, slope


def _over_pairs_vjp(node: Node, g: Tensor) -> Tensor:
    (slope,) = node.saved_tensors
    return unsqueeze(g, -1) * reshape(slope, (*g.shape, slope.shape[-1]))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """max(0, margin - target (input1 - input2)): target 1 if input1 shall be the larger, else −1.

    Args:
        input1, input2, target: of one shape; nothing is broadcast.

    Raises:
        ValueError: a target is neither −1 nor 1, shapes differ, or an option does not fit.
        TypeError: an input is not float32 or float64.
    """
    op = "margin_ranking_loss"
    check_loss(op, reduction, input1=input1, input2=input2)
    check.number(f"{op}: margin", margin, -math.inf, math.inf)
    target = signs(op, input1, target, reduction)
    return reduced(relu(margin - target * (input1 - input2)), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """`input`, a distance, where the target is 1, and max(0, margin - input) where it is −1.

    Raises:
        ValueError: a target is neither −1 nor 1, shapes differ, or an option does not fit.
        TypeError: input is not float32 or float64.
    """
    op = "hinge_embedding_loss"
    check.number(f"{op}: margin", margin, -math.inf, math.inf)
    target = signs(op, input, target, reduction)
    return reduced(where(_C.eq(target, 1), input, relu(margin - input)), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """1 - cos(input1, input2) where the target is 1, and max(0, cos - margin) where it is −1.

    Args:
        input1, input2: (batch, n) or (n,), of one shape.
        target: −1 or 1, (batch,) or ().

    Raises:
        ValueError: a target is neither −1 nor 1, shapes do not fit, or an option does not.
        TypeError: an input is not float32 or float64.
    """
    op = "cosine_embedding_loss"
    check_loss(op, reduction, input1=input1, input2=input2)
    check.number(f"{op}: margin", margin, -math.inf, math.inf)
    if input1.ndim not in (1, 2):
        raise ValueError(f"{op}: input1: expected shape (batch, n) or (n,), got {input1.shape}")
    if check.tensor(f"{op}: target", target).shape != input1.shape[:-1]:
        raise ValueError(f"{op}: target: expected shape {input1.shape[:-1]}, got {target.shape}")
    similarity = cosine_similarity(input1, input2, -1)
    target = signs(op, similarity, target, reduction)
    return reduced(where(_C.eq(target, 1), 1 - similarity, relu(similarity - margin)), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, |anchor - positive| - |anchor - negative| + margin), by `pairwise_distance`.

    Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses", BMVC
    2016; with `swap` the smaller of |anchor - negative| and |positive - negative| counts.

    Args:
        anchor, positive, negative: vectors along the last dimension, of one shape.

    Raises:
        ValueError: the shapes differ, or an option does not fit.
        TypeError: a dtype is not float32 or float64.
    """
    op = "triplet_margin_loss"
    check_loss(op, reduction, anchor=anchor, positive=positive, negative=negative)
    check.number(f"{op}: margin", margin, -math.inf, math.inf)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(relu(near - far + margin), reduction)
