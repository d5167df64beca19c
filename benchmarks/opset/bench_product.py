"""Products: of a matrix with ten columns, ten rows or a vector, which reading the matrix bounds; of
vectors; of many matrices of 10 × 10."""

from __future__ import annotations

from functools import partial

from .inputs import factors, flat, layer, many, thin, triples, vectors, with_column
from .row import COMPOSED, row

_row = partial(row, "product")
_thin = partial(_row, inputs=thin, flops=20)

OPS = [
    _thin("matmul_thin", 4, lambda m, x, y, _: m.matmul(x, y), representative=True),
    _row("matmul_flat", 4, lambda m, x, y: m.matmul(x, y), inputs=flat, flops=20,
         representative=True),
    _thin("mm", 4, lambda m, x, y, _: m.mm(x, y), lambda m, x, y, _: x @ y),
    _thin("addmm", 4, lambda m, x, y, z: m.addmm(z, x, y), lambda m, x, y, z: z + x @ y),
    _row("linear", 4, lambda m, x, y, z: m.nn.functional.linear(x, y, z),
         lambda m, x, y, z: x @ y.T + z, inputs=layer, flops=20),
    _thin("einsum", 4, lambda m, x, y, _: m.einsum("ij,jk->ik", x, y), note=COMPOSED),
    _thin("tensordot", 4, lambda m, x, y, _: m.tensordot(x, y, 1), note=COMPOSED),
    _row("mv", 4, lambda m, x, y, _: m.mv(x, y), lambda m, x, y, _: x @ y, inputs=with_column,
         flops=2),
    _row("addmv", 4, lambda m, x, y, z: m.addmv(z, x, y), lambda m, x, y, z: z + x @ y,
         inputs=with_column, flops=2, note=COMPOSED),
    _row("dot", 8, lambda m, x, y: m.dot(x, y), inputs=vectors, flops=2, note=COMPOSED),
    _row("inner", 4, lambda m, x, y, _: m.inner(x, y), inputs=layer, flops=20, note=COMPOSED),
    _row("cdist", 4, lambda m, x, y, _: m.cdist(x, y),
         lambda m, x, y, _: m.sqrt(((x[:, None] - y) ** 2).sum(-1)), inputs=layer, note=COMPOSED),
    _row("outer", 4, lambda m, x, y: m.outer(x, y), inputs=factors, flops=1, note=COMPOSED),
    _row("bmm", 12, lambda m, x, y, _: m.bmm(x, y), lambda m, x, y, _: x @ y, inputs=many,
         flops=20),
    _row("baddbmm", 16, lambda m, x, y, z: m.baddbmm(z, x, y), lambda m, x, y, z: z + x @ y,
         inputs=many, flops=20, note=COMPOSED),
    _row("cross", 12, lambda m, x, y: m.cross(x, y, dim=-1), lambda m, x, y: m.cross(x, y),
         inputs=triples, flops=3, note=COMPOSED),
]  # fmt: skip
