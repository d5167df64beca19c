"""Sorting along the last dimension and what is found by it, of numbers without ties; and what is
done with all elements as one vector: unique values, counts, places among 1000 others."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import boundaries, distinct, normal, repeated, runs
from .row import COMPOSED, row

_row = partial(row, "sort", inputs=distinct)


def _sort(m: Any, x: Any) -> Any:
    """NumPy and JAX: values and indices, as PyTorch gives them."""
    order = m.argsort(x, -1)
    return m.take_along_axis(x, order, -1), order


def _topk(np: Any, x: Any) -> Any:
    largest = np.argpartition(x, -10, -1)[:, -10:]
    values = np.take_along_axis(x, largest, -1)
    order = np.argsort(-values, -1)
    return np.take_along_axis(values, order, -1), np.take_along_axis(largest, order, -1)


def _kthvalue(np: Any, x: Any) -> Any:
    order = np.argpartition(x, 9, -1)[:, 9]
    return np.take_along_axis(x, order[:, None], -1)[:, 0], order


OPS = [
    _row("sort", 16, lambda m, x: m.sort(x, -1), _sort, representative=True),
    _row("argsort", 12, lambda m, x: m.argsort(x, -1)),
    _row("topk", 4, lambda m, x: m.topk(x, 10), _topk, jax=lambda jax, x: jax.lax.top_k(x, 10)),
    _row("kthvalue", 4, lambda m, x: m.kthvalue(x, 10), _kthvalue, jax=None, note=COMPOSED),
    _row("median", 4, lambda m, x: m.median(x, -1)[0],
         lambda m, x: m.partition(x, (x.shape[-1] - 1) // 2, -1)[:, (x.shape[-1] - 1) // 2],
         note=COMPOSED),
    _row("nanmedian", 4, lambda m, x: m.nanmedian(x, -1)[0], None, note=COMPOSED),
    _row("quantile", 4, lambda m, x: m.quantile(x, 0.3, -1)),
    _row("nanquantile", 4, lambda m, x: m.nanquantile(x, 0.3, -1)),
    _row("unique", 8, lambda m, x: m.unique(x), jax=None, inputs=repeated),
    _row("unique_consecutive", 8, lambda m, x: m.unique_consecutive(x), None, inputs=runs),
    _row("bincount", 8, lambda m, x: m.bincount(x), inputs=repeated,
         jax=lambda jax, x: jax.numpy.bincount(x, length=100), note=COMPOSED),
    _row("histc", 4, lambda m, x: m.histc(x, 100, -3, 3),
         lambda m, x: m.histogram(x, 100, (-3, 3))[0], inputs=normal, note=COMPOSED),
    _row("searchsorted", 12, lambda m, x, y: m.searchsorted(x, y), inputs=boundaries),
    _row("bucketize", 12, lambda m, x, y: m.bucketize(y, x), lambda m, x, y: m.digitize(y, x, True),
         inputs=boundaries),
    _row("isin", 5, lambda m, x, y: m.isin(y, x), inputs=boundaries,
         # By default JAX compares each with each: half a minute and 10 GB for 10⁷.
         jax=lambda jax, x, y: jax.numpy.isin(y, x, method="binary_search"), note=COMPOSED),
]  # fmt: skip
