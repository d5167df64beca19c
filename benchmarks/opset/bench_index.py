"""Reading and writing elements at places that a tensor says: indices of 8 bytes (4 in JAX, where
8 are counted, too), one for each element or each row, or a mask of 1 byte."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import chosen, columns, half_of_rows, masked, moved_columns, moved_rows, rows
from .row import BY_NUMPY, COMPOSED, row

_row = partial(row, "index")


def _index_add(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    np.add.at(result, index, y)
    return result


def _scatter_add(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    np.add.at(result, (np.arange(len(x))[:, None], index), y)
    return result


def _scatter_max(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    np.maximum.at(result, (np.arange(len(x))[:, None], index), y)
    return result


def _scatter(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    np.put_along_axis(result, index, y, -1)
    return result


def _index_copy(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    result[index] = y
    return result


def _masked_fill(np: Any, x: Any, mask: Any) -> Any:
    result = x.copy()
    result[mask] = 1
    return result


def _each_row(jax: Any, x: Any) -> Any:
    return jax.numpy.arange(len(x))[:, None]


OPS = [
    _row("gather", 16, lambda m, x, index: m.gather(x, -1, index),
         lambda m, x, index: m.take_along_axis(x, index, -1),
         inputs=columns, representative=True),
    _row("index_add", 12, lambda m, x, index, y: m.index_add(x, 0, index, y), _index_add,
         jax=lambda jax, x, index, y: x.at[index].add(y), inputs=rows, representative=True),
    _row("index_select", 8, lambda m, x, index, _: m.index_select(x, 0, index),
         lambda m, x, index, _: m.take(x, index, 0), inputs=rows),
    _row("getitem", 8, lambda m, x, index, _: x[index], inputs=rows, note=COMPOSED),
    _row("take_along_dim", 16, lambda m, x, index: m.take_along_dim(x, index, -1),
         lambda m, x, index: m.take_along_axis(x, index, -1), inputs=columns),
    _row("scatter", 20, lambda m, x, index, y: m.scatter(x, -1, index, y), _scatter,
         jax=lambda jax, x, index, y: x.at[_each_row(jax, x), index].set(y), inputs=moved_columns),
    _row("scatter_add", 20, lambda m, x, index, y: m.scatter_add(x, -1, index, y), _scatter_add,
         jax=lambda jax, x, index, y: x.at[_each_row(jax, x), index].add(y), inputs=moved_columns),
    _row("scatter_reduce", 20, lambda m, x, index, y: m.scatter_reduce(x, -1, index, y, "amax"),
         _scatter_max, inputs=moved_columns,
         jax=lambda jax, x, index, y: x.at[_each_row(jax, x), index].max(y), note=COMPOSED),
    _row("index_copy", 12, lambda m, x, index, y: m.index_copy(x, 0, index, y), _index_copy,
         jax=lambda jax, x, index, y: x.at[index].set(y), inputs=moved_rows),
    _row("index_fill", 8, lambda m, x, index: m.index_fill(x, 0, index, 1.0),
         lambda m, x, index: _index_copy(m, x, index, 1.0),
         jax=lambda jax, x, index: x.at[index].set(1.0), inputs=half_of_rows, note=COMPOSED),
    _row("masked_fill", 9, lambda m, x, mask: m.masked_fill(x, mask, 1.0), _masked_fill,
         jax=lambda jax, x, mask: jax.numpy.where(mask, 1.0, x), inputs=masked),
    _row("masked_select", 7, lambda m, x, mask: m.masked_select(x, mask),
         lambda m, x, mask: x[mask], jax=None, inputs=masked, note=BY_NUMPY),
    _row("nonzero", 9, lambda m, x, mask: m.nonzero(mask), lambda m, x, mask: m.argwhere(mask),
         jax=None, inputs=masked, note=COMPOSED),
    _row("argwhere", 9, lambda m, x, mask: m.argwhere(mask), jax=None, inputs=masked,
         note=COMPOSED),
    _row("where", 13, lambda m, mask, x, y: m.where(mask, x, y), inputs=chosen),
]  # fmt: skip
