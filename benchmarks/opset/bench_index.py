"""Reading and writing elements at places that a tensor says: indices of 8 bytes, or a mask of 1."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import added_rows, index_of_columns
from .row import row

_row = partial(row, "index")


def _index_add(np: Any, x: Any, index: Any, y: Any) -> Any:
    result = x.copy()
    np.add.at(result, index, y)
    return result


OPS = [
    _row("gather", 16, lambda m, x, index: m.gather(x, -1, index),
         lambda m, x, index: m.take_along_axis(x, index, -1),
         inputs=index_of_columns, representative=True),
    _row("index_add", 12, lambda m, x, index, y: m.index_add(x, 0, index, y), _index_add,
         jax=lambda jax, x, index, y: x.at[index].add(y), inputs=added_rows, representative=True),
]  # fmt: skip
