"""Putting together, repeating, turning, cutting, making: what is moved, and not computed with."""

from __future__ import annotations

from functools import partial
from typing import Any

from .inputs import factors, labelled, square, two
from .row import BY_NUMPY, COMPOSED, UNTOUCHED, row

_row = partial(row, "shape")
_two = partial(_row, inputs=two)


def _contiguous(m: Any, x: Any) -> Any:
    return m.ascontiguousarray(x.T)


OPS = [
    _two("cat", 16, lambda m, x, y: m.cat((x, y), 0), lambda m, x, y: m.concatenate((x, y), 0),
         representative=True),
    _two("cat_last", 16, lambda m, x, y: m.cat((x, y), 1),
         lambda m, x, y: m.concatenate((x, y), 1)),
    _two("stack", 16, lambda m, x, y: m.stack((x, y), 0)),
    _two("hstack", 16, lambda m, x, y: m.hstack((x, y))),
    _two("vstack", 16, lambda m, x, y: m.vstack((x, y))),
    _two("dstack", 16, lambda m, x, y: m.dstack((x, y)), note=COMPOSED),
    _two("column_stack", 16, lambda m, x, y: m.column_stack((x, y)), note=COMPOSED),
    _row("contiguous", 8, lambda m, x: x.t().contiguous(), _contiguous,
         jax=lambda jax, x: x.T),
    _row("pad", 8, lambda m, x: m.nn.functional.pad(x, (1, 1, 1, 1)), lambda m, x: m.pad(x, 1)),
    _row("flip", 8, lambda m, x: m.flip(x, (0, 1)), lambda m, x: m.flip(x, (0, 1)).copy(),
         note=COMPOSED),
    _row("fliplr", 8, lambda m, x: m.fliplr(x), lambda m, x: m.fliplr(x).copy(), note=COMPOSED),
    _row("flipud", 8, lambda m, x: m.flipud(x), lambda m, x: m.flipud(x).copy(), note=COMPOSED),
    _row("rot90", 8, lambda m, x: m.rot90(x), lambda m, x: m.rot90(x).copy(), note=COMPOSED),
    _row("roll", 8, lambda m, x: m.roll(x, 3, 1), lambda m, x: m.roll(x, 3, 1), note=COMPOSED),
    _row("repeat", 12, lambda m, x: x.repeat(2, 1), lambda m, x: m.tile(x, (2, 1)), note=COMPOSED),
    _row("tile", 12, lambda m, x: m.tile(x, (1, 2)), lambda m, x: m.tile(x, (1, 2)), note=COMPOSED),
    _row("repeat_interleave", 12, lambda m, x: m.repeat_interleave(x, 2, 1),
         lambda m, x: m.repeat(x, 2, 1), note=BY_NUMPY),
    _row("tril", 8, lambda m, x: m.tril(x)),
    _row("triu", 8, lambda m, x: m.triu(x)),
    _row("trace", 0.004, lambda m, x: m.trace(x), note=COMPOSED),
    _row("diag", 4, lambda m, x: m.diag(x[0]), inputs=square, note=COMPOSED),
    _row("diag_embed", 4, lambda m, x: m.diag_embed(x[0]), lambda m, x: m.diag(x[0]),
         inputs=square, note=COMPOSED),
    _row("one_hot", 8, lambda m, x, y: m.nn.functional.one_hot(y, x.shape[1]),
         lambda m, x, y: m.eye(x.shape[1], dtype="int64")[y],
         jax=lambda jax, x, y: jax.nn.one_hot(y, x.shape[1], dtype="int32"), inputs=labelled),
    _row("meshgrid", 8, lambda m, x, y: [z.contiguous() for z in m.meshgrid(x, y, indexing="ij")],
         lambda m, x, y: m.meshgrid(x, y, indexing="ij"), inputs=factors),
    _row("kron", 4, lambda m, x, y: m.kron(x[:, None], y), lambda m, x, y: m.kron(x[:, None], y),
         inputs=factors, note=COMPOSED),
    _row("full", 4, lambda m, x: m.full(x.shape, 2.0),
         lambda m, x: m.full(x.shape, 2.0, "float32")),
    _row("zeros", 4, lambda m, x: m.zeros(x.shape), lambda m, x: m.zeros(x.shape, "float32"),
         note=UNTOUCHED),
    _row("ones", 4, lambda m, x: m.ones(x.shape), lambda m, x: m.ones(x.shape, "float32")),
    _row("eye", 4, lambda m, x: m.eye(len(x)), lambda m, x: m.eye(len(x), dtype="float32"),
         inputs=square),
    _row("arange", 8, lambda m, x: m.arange(x.shape[0] * x.shape[1]),
         lambda m, x: m.arange(x.size), note=BY_NUMPY),
    _row("linspace", 4, lambda m, x: m.linspace(0, 1, x.shape[0] * x.shape[1]),
         lambda m, x: m.linspace(0, 1, x.size, dtype="float32"), note=COMPOSED),
    _row("logspace", 4, lambda m, x: m.logspace(0, 1, x.shape[0] * x.shape[1]),
         lambda m, x: m.logspace(0, 1, x.size, dtype="float32"), note=BY_NUMPY),
    _row("tril_indices", 8, lambda m, x: m.tril_indices(len(x), len(x)),
         lambda m, x: m.stack(m.tril_indices(len(x))), inputs=square, note=COMPOSED),
    _row("triu_indices", 8, lambda m, x: m.triu_indices(len(x), len(x)),
         lambda m, x: m.stack(m.triu_indices(len(x))), inputs=square, note=COMPOSED),
]  # fmt: skip
