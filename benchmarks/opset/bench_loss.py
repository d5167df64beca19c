"""Losses, forward, with the mean over all elements or rows: inputs and targets are read.

NumPy's and JAX's forms are the formulas; neither has losses of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import (
    labelled,
    multilabelled,
    paired,
    probable,
    ranked,
    signed,
    three,
    two,
    two_unit,
    with_variance,
    zero_or_one,
)  # fmt: skip
from .row import COMPOSED, row

_row = partial(row, "loss", inputs=two)


def _huber(np: Any, x: Any, y: Any) -> Any:
    d = abs(x - y)
    return np.where(d < 1, 0.5 * d * d, d - 0.5).mean()


def _log_softmax(np: Any, x: Any) -> Any:
    y = x - x.max(-1, keepdims=True)
    return y - np.log(np.exp(y).sum(-1, keepdims=True))


def _picked(np: Any, x: Any, labels: Any) -> Any:
    return np.take_along_axis(x, labels[:, None], 1)


def _multi_margin(np: Any, x: Any, labels: Any) -> Any:
    margins = np.maximum(0, 1 - _picked(np, x, labels) + x)
    return (margins.sum(-1) - 1).mean() / x.shape[1]


def _modified_huber(m: Any, x: Any, y: Any) -> Any:
    z = x * y
    return m.where(z < -1, -4 * z, m.clip(1 - z, 0, None) ** 2).mean()


def _cosine(np: Any, x: Any, y: Any) -> Any:
    norms = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    return (x * y).sum(-1) / norms


def _distance(np: Any, x: Any, y: Any) -> Any:
    return np.sqrt(((x - y + 1e-6) ** 2).sum(-1))


OPS = [
    _row("mse_loss", 8, lambda m, x, y: m.nn.functional.mse_loss(x, y),
         lambda m, x, y: ((x - y) ** 2).mean()),
    _row("l1_loss", 8, lambda m, x, y: m.nn.functional.l1_loss(x, y),
         lambda m, x, y: abs(x - y).mean()),
    _row("smooth_l1_loss", 8, lambda m, x, y: m.nn.functional.smooth_l1_loss(x, y), _huber,
         note=COMPOSED),
    _row("huber_loss", 8, lambda m, x, y: m.nn.functional.huber_loss(x, y), _huber, note=COMPOSED),
    _row("binary_cross_entropy", 8, lambda m, x, y: m.nn.functional.binary_cross_entropy(x, y),
         lambda m, x, y: -(y * m.log(x) + (1 - y) * m.log1p(-x)).mean(), inputs=probable,
         note=COMPOSED),
    _row("binary_cross_entropy_with_logits", 8,
         lambda m, x, y: m.nn.functional.binary_cross_entropy_with_logits(x, y),
         lambda m, x, y: (m.logaddexp(0, x) - y * x).mean(), inputs=zero_or_one, note=COMPOSED),
    _row("multilabel_soft_margin_loss", 8,
         lambda m, x, y: m.nn.functional.multilabel_soft_margin_loss(x, y),
         lambda m, x, y: (m.logaddexp(0, x) - y * x).mean(), inputs=zero_or_one),
    _row("soft_margin_loss", 8, lambda m, x, y: m.nn.functional.soft_margin_loss(x, y),
         lambda m, x, y: m.log1p(m.exp(-y * x)).mean(), inputs=signed, note=COMPOSED),
    _row("hinge_loss", 8, lambda m, x, y: m.nn.functional.hinge_loss(x, y),
         lambda m, x, y: m.maximum(0, 1 - y * x).mean(),
         torch=lambda m, x, y: m.relu(1 - y * x).mean(), inputs=signed, note=COMPOSED),
    _row("squared_hinge_loss", 8, lambda m, x, y: m.nn.functional.squared_hinge_loss(x, y),
         lambda m, x, y: (m.maximum(0, 1 - y * x) ** 2).mean(),
         torch=lambda m, x, y: m.relu(1 - y * x).square().mean(), inputs=signed, note=COMPOSED),
    _row("modified_huber_loss", 8, lambda m, x, y: m.nn.functional.modified_huber_loss(x, y),
         _modified_huber, torch=_modified_huber, inputs=signed, note=COMPOSED),
    _row("hinge_embedding_loss", 8, lambda m, x, y: m.nn.functional.hinge_embedding_loss(x, y),
         lambda m, x, y: m.where(y > 0, x, m.maximum(0, 1 - x)).mean(), inputs=signed,
         note=COMPOSED),
    _row("margin_ranking_loss", 12,
         lambda m, x, y, z: m.nn.functional.margin_ranking_loss(x, y, z),
         lambda m, x, y, z: m.maximum(0, -z * (x - y)).mean(), inputs=ranked, note=COMPOSED),
    _row("kl_div", 8, lambda m, x, y: m.nn.functional.kl_div(x, y),
         lambda m, x, y: (y * (m.log(y) - x)).mean(), inputs=two_unit, note=COMPOSED),
    _row("poisson_nll_loss", 8, lambda m, x, y: m.nn.functional.poisson_nll_loss(x, y),
         lambda m, x, y: (m.exp(x) - y * x).mean(), inputs=zero_or_one, note=COMPOSED),
    _row("gaussian_nll_loss", 12, lambda m, x, y, v: m.nn.functional.gaussian_nll_loss(x, y, v),
         lambda m, x, y, v: 0.5 * (m.log(v) + (x - y) ** 2 / v).mean(), inputs=with_variance,
         note=COMPOSED),
    _row("nll_loss", 0.012, lambda m, x, y: m.nn.functional.nll_loss(x, y),
         lambda m, x, y: -_picked(m, x, y).mean(), inputs=labelled, note=COMPOSED),
    _row("cross_entropy", 4, lambda m, x, y: m.nn.functional.cross_entropy(x, y),
         lambda m, x, y: -_picked(m, _log_softmax(m, x), y).mean(), inputs=labelled),
    _row("multi_margin_loss", 4, lambda m, x, y: m.nn.functional.multi_margin_loss(x, y),
         _multi_margin, inputs=labelled, note=COMPOSED),
    _row("multilabel_margin_loss", 12,
         lambda m, x, y: m.nn.functional.multilabel_margin_loss(x, y), None,
         inputs=multilabelled, note=COMPOSED),
    _row("cosine_similarity", 8, lambda m, x, y: m.nn.functional.cosine_similarity(x, y), _cosine,
         note=COMPOSED),
    _row("pairwise_distance", 8, lambda m, x, y: m.nn.functional.pairwise_distance(x, y),
         _distance, note=COMPOSED),
    _row("cosine_embedding_loss", 8,
         lambda m, x, y, z: m.nn.functional.cosine_embedding_loss(x, y, z),
         lambda m, x, y, z: (lambda c: m.where(z > 0, 1 - c, m.maximum(0, c)).mean())(
             _cosine(m, x, y)), inputs=paired, note=COMPOSED),
    _row("triplet_margin_loss", 12, lambda m, x, y, z: m.nn.functional.triplet_margin_loss(x, y, z),
         lambda m, x, y, z: m.maximum(0, 1 + _distance(m, x, y) - _distance(m, x, z)).mean(),
         inputs=three, note=COMPOSED),
]  # fmt: skip
